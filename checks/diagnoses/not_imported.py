"""Names that are used without the self or the import that they need."""

import ast

from workshop.checking.explaining.rules import Explanation, rule


@rule(raised=r"NameError: name '(self|scope)' is not defined")
def self_outside_of_a_method(evidence, error, name):
    where = evidence.where(error)
    if evidence.project.consumer_at(where) and evidence.project.method_at(where) is None:
        return Explanation(
            f"This line is in the class, outside of its methods, and is run once, when the file is "
            f"read. There is no {name} yet: a consumer and its scope are made for each browser. "
            "Move the line into connect(self), and write self.name = … there.",
            where,
        )


@rule(raised=r"NameError: name '(send|accept|close|scope|channel_(?:layer|name)|send_json)' is not")
def self_forgotten(evidence, error, name):
    return Explanation(
        f"{name} belongs to the consumer: write self.{name}.",
        evidence.where(error),
    )


IMPORTS = {
    "json": "import json",
    "asyncio": "import asyncio",
    "os": "import os",
    "time": "import time",
    "Path": "from pathlib import Path",
    "include": "from django.urls import include",
    "path": "from django.urls import path",
    "re_path": "from django.urls import re_path",
    "render": "from django.shortcuts import render",
    "settings": "from django.conf import settings",
    "consumers": "from . import consumers",
    "async_to_sync": "from asgiref.sync import async_to_sync",
    "sync_to_async": "from asgiref.sync import sync_to_async",
    "get_channel_layer": "from channels.layers import get_channel_layer",
    "get_asgi_application": "from django.core.asgi import get_asgi_application",
    "database_sync_to_async": "from channels.db import database_sync_to_async",
    "AuthMiddlewareStack": "from channels.auth import AuthMiddlewareStack",
    "AllowedHostsOriginValidator": (
        "from channels.security.websocket import AllowedHostsOriginValidator"
    ),
    "ProtocolTypeRouter": "from channels.routing import ProtocolTypeRouter",
    "URLRouter": "from channels.routing import URLRouter",
    "StopConsumer": "from channels.exceptions import StopConsumer",
    "AsyncConsumer": "from channels.consumer import AsyncConsumer",
    "SyncConsumer": "from channels.consumer import SyncConsumer",
    "WebsocketConsumer": "from channels.generic.websocket import WebsocketConsumer",
    "AsyncWebsocketConsumer": "from channels.generic.websocket import AsyncWebsocketConsumer",
    "JsonWebsocketConsumer": "from channels.generic.websocket import JsonWebsocketConsumer",
    "AsyncJsonWebsocketConsumer": (
        "from channels.generic.websocket import AsyncJsonWebsocketConsumer"
    ),
}


@rule(raised=r"NameError: name '(\w+)' is not defined")
def import_forgotten(evidence, error, name):
    where = evidence.where(error)
    line = IMPORTS.get(name) or _import_of(name, where, evidence.project)
    if line:
        return Explanation(
            f"{name} is used here and was not imported. At the top of the file, write: {line}",
            where,
        )


def _import_of(name, where, project):
    """The import of a name that another file of the project defines at its top."""
    for source in project.sources:
        for node in source.tree.body if source.tree else ():
            targets = getattr(node, "targets", [])
            made = {getattr(target, "id", None) for target in targets}
            made.add(getattr(node, "name", None))
            if name in made and isinstance(node, ast.Assign | ast.ClassDef | ast.FunctionDef):
                if where and where.file != source.path:
                    return f"from {source.module} import {name}"
    return None
