"""Names that are used without the self or the import that they need."""

import ast

from workshop.checking.explaining.edits import above, below, imported, instead, without
from workshop.checking.explaining.nodes import calls_in, last_name
from workshop.checking.explaining.rules import Explanation, rule


@rule(raised=r"NameError: name '(self|scope)' is not defined")
def self_outside_of_a_method(evidence, error, name):
    where = evidence.where(error)
    consumer = evidence.project.consumer_at(where)
    if consumer is None or evidence.project.method_at(where) is not None:
        return None
    moved = _into_connect(evidence, consumer, where)
    code = f", as:\n    {moved[0]}" if moved else ", and write self.… = … there."
    return Explanation(
        "This line is in the class, outside its methods, and runs once, when the file is read. "
        f"There is no {name} yet: a consumer and its scope are created for each browser. "
        f"Move the line into connect(){code}",
        where,
        moved and moved[1],
    )


def _into_connect(evidence, consumer, where):
    """The assignment at the place as it is written in connect(), and the edit that moves it."""
    connect, source = consumer.methods.get("connect"), evidence.project.source_at(where)
    for statement in evidence.nodes_at(where, ast.Assign):
        name = getattr(statement.targets[0], "id", None)
        if name and connect in consumer.node.body:
            code = f"self.{name} = {source.code(statement.value)}"
            first = connect.body[0]
            return code, evidence.suggest(where, without(statement), above(first, code))
    return None


@rule(raised=r"NameError: name '(send|accept|close|scope|channel_(?:layer|name)|send_json)' is not")
def self_forgotten(evidence, error, name):
    where = evidence.where(error)
    method = evidence.project.method_at(where)
    names = [node for node in evidence.nodes_at(where, ast.Name) if node.id == name]
    edits = [instead(node, f"self.{name}") for node in names]
    has_self = method and [argument.arg for argument in method.args.args][:1] == ["self"]
    return Explanation(
        f"{name} belongs to the consumer: write self.{name}.",
        where,
        evidence.suggest(where, *edits) if has_self else None,
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
    if line is None:
        return None
    source = evidence.project.source_at(where)
    setup = None if name in IMPORTS else _django_setup(source)
    place = f"Below line {setup.end_lineno}" if setup else "At the top of the file"
    edits = [below(setup, line)] if setup else imported(source, line)
    return Explanation(
        f"{name} is used here but was not imported. {place}, write:\n    {line}",
        where,
        evidence.suggest(where, *edits),
    )


def _django_setup(source):
    """The statement of asgi.py below which the project's own modules may be imported (Channels'
    documentation, "Installation")."""
    for statement in source.tree.body if source.tree else ():
        if isinstance(statement, ast.Assign | ast.Expr):
            if any(last_name(call.func) == "get_asgi_application" for call in calls_in(statement)):
                return statement
    return None


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
