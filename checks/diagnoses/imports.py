"""Imports that fail, and those that were forgotten."""

import ast
import difflib
import importlib.util
import re
import sys

from workshop.checking.explaining.rules import Explanation, rule

LIBRARIES = ("channels", "channels_redis", "asgiref", "daphne", "django")

# What left Channels, and what took its place.
OLD = {
    "channels.http": "channels.http left Channels with version 4: for pages, use Django's "
    "get_asgi_application() from django.core.asgi.",
    "'Group' from 'channels'": "Group is from Channels 1: today a consumer awaits "
    "self.channel_layer.group_add(...) and group_send(...).",
    "'route' from 'channels.routing'": "route() is from Channels 1: today a route is "
    're_path(r"...", consumers.ChatConsumer.as_asgi()), in a URLRouter.',
    "channels.asgi": "channels.asgi is from Channels 1 and 2: today asgi.py defines application "
    "as a "
    "ProtocolTypeRouter.",
    "'channel_session'": "channel_session is from Channels 1: today a consumer keeps what it "
    "needs on "
    "itself, as self.something.",
    "django.conf.urls": "url() left Django with version 4: today it is re_path(), from "
    "django.urls.",
}


@rule
def file_shadows_a_package(evidence):
    """A file of the attendee's that carries the name of a package, and is imported instead."""
    found = evidence.error(r"^(ModuleNotFoundError|ImportError|AttributeError)\b.*'([\w.]+)'")
    if found is None:
        return None
    for name in re.findall(r"'(\w+)(?:\.[\w.]*)?'", found.message):
        own = evidence.project.folder / f"{name}.py"
        installed = name in sys.stdlib_module_names or _is_installed(name)
        if own.is_file() and installed and evidence.is_theirs(own):
            source = evidence.project.source(name)
            return Explanation(
                f"Your file {name}.py has the name of the package {name}, and Python imports it in "
                "its place. Give your file another name.",
                source.where() if source else None,
            )


def _is_installed(name):
    return importlib.util.find_spec(name) is not None if name in LIBRARIES else False


@rule
def circular_import(evidence):
    found = evidence.error(
        r"^ImportError: cannot import name '\w+' from partially initialized module"
    )
    if found is None:
        return None
    name, module = re.findall(r"'([\w.]+)'", found.message)[:2]
    return Explanation(
        f"Two files import each other: {module} is still being read when {name} is asked of it. "
        "Let one of the two not import the other.",
        evidence.where(found),
    )


@rule
def installed_app_missing(evidence):
    """An entry of INSTALLED_APPS that is no module: no line of the attendee's imports it."""
    found = evidence.error(r"^ModuleNotFoundError: No module named '([\w.]+)'")
    apps = evidence.project.setting_value("INSTALLED_APPS")
    if found is None or not apps:
        return None
    name = found.message.split("'")[1]
    if not any(frame.function == "populate" for frame in found.frames):
        return None
    entry = next((app for app in apps if app == name or app.startswith(f"{name}.")), None)
    if entry:
        known = [
            "daphne",
            "channels",
            *{s.module.partition(".")[0] for s in evidence.project.sources},
        ]
        for node in ast.walk(evidence.project.setting("INSTALLED_APPS")):
            text = isinstance(node, ast.Constant) and node.value == entry
            if text and node.end_lineno > node.lineno:
                return Explanation(
                    "A comma is missing at the end of this line: without it Python takes two texts "
                    f"for one, here {entry!r}.",
                    evidence.project.where_set("INSTALLED_APPS", node),
                )
        near = difflib.get_close_matches(name, known, 1)
        advice = f"Did you mean {near[0]!r}?" if near else "Look at its spelling."
        return Explanation(
            f"INSTALLED_APPS names {entry!r}, and there is no such app. {advice}",
            evidence.project.where_set("INSTALLED_APPS"),
        )


@rule
def wrong_import(evidence):
    """An import that fails, which runserver hides behind "Cannot import ASGI_APPLICATION"."""
    found = next(
        (
            error
            for error in evidence.errors
            if error.name in ("ModuleNotFoundError", "ImportError")
            and "Cannot import" not in error.message
            and "DJANGO_SETTINGS_MODULE" not in error.message
            and "partially initialized" not in error.message
            and evidence.where(error)
        ),
        None,
    )
    if found is None:
        return None
    where = evidence.where(found)
    said = found.message.split(" (")[0]
    for name, advice in OLD.items():
        if name in found.message:
            return Explanation(f"{found.name}: {said}. {advice}", where)
    advice = suggestion(found.message, evidence.project)
    return Explanation(f"An import fails: {said}. {advice}", where)


def suggestion(message, project):
    """What the import may have meant."""
    missing = re.search(r"No module named '([\w.]+)'", message)
    wanted = re.search(r"cannot import name '(\w+)' from '([\w.]+)'", message)
    general = "Look at the spelling, and that the file it names is there."
    if not missing and not wanted:
        return general
    name, parent = wanted.groups() if wanted else missing[1].rpartition(".")[::-2]
    if parent.partition(".")[0] in LIBRARIES:
        known = _names_of(parent, wanted)
    elif wanted and (source := project.source(parent)):
        known = [n.name for n in source.nodes(ast.ClassDef, ast.FunctionDef)]
        known += [n.id for n in source.nodes(ast.Name) if isinstance(n.ctx, ast.Store)]
    else:
        modules = [source.module for source in project.sources]
        known = [m.rpartition(".")[2] for m in modules if m.rpartition(".")[0] == parent]
        known += LIBRARIES if not parent else ()
    near = difflib.get_close_matches(name, known, 1)
    if not near:
        if missing and not parent and not project.source(name):
            return f"{general} If it is a package, install it: pip install {name}"
        return general
    if wanted:
        return f"Did you mean {near[0]} (from {parent})?"
    return f"Did you mean {f'{parent}.{near[0]}'.strip('.')}?"


def _names_of(package, names):
    """The names in an installed module, or the modules in an installed package."""
    import importlib
    import pkgutil

    try:
        module = importlib.import_module(package)
    except Exception:
        return []
    if names:
        return dir(module)
    return [found.name for found in pkgutil.iter_modules(getattr(module, "__path__", []))]


# Names


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
    "AllowedHostsOriginValidator": "from channels.security.websocket import "
    "AllowedHostsOriginValidator",
    "ProtocolTypeRouter": "from channels.routing import ProtocolTypeRouter",
    "URLRouter": "from channels.routing import URLRouter",
    "StopConsumer": "from channels.exceptions import StopConsumer",
    "AsyncConsumer": "from channels.consumer import AsyncConsumer",
    "SyncConsumer": "from channels.consumer import SyncConsumer",
    "WebsocketConsumer": "from channels.generic.websocket import WebsocketConsumer",
    "AsyncWebsocketConsumer": "from channels.generic.websocket import AsyncWebsocketConsumer",
    "JsonWebsocketConsumer": "from channels.generic.websocket import JsonWebsocketConsumer",
    "AsyncJsonWebsocketConsumer": "from channels.generic.websocket import "
    "AsyncJsonWebsocketConsumer",
}


@rule
def import_forgotten(evidence):
    found = evidence.error(r"NameError: name '(\w+)' is not defined")
    if found is None:
        return None
    name = found.message.split("'")[1]
    line = IMPORTS.get(name) or _import_of(name, evidence)
    if line:
        return Explanation(
            f"{name} is used here and was not imported. At the top of the file, write: {line}",
            evidence.where(found),
        )


def _import_of(name, evidence):
    """The import of a name that another file of the project makes at its top."""
    for source in evidence.project.sources:
        for node in source.tree.body if source.tree else ():
            targets = getattr(node, "targets", [])
            made = {getattr(target, "id", None) for target in targets} | {
                getattr(node, "name", None)
            }
            if name in made and isinstance(node, ast.Assign | ast.ClassDef | ast.FunctionDef):
                where = evidence.where(evidence.error(rf"NameError: name '{name}'"))
                if where and where.file != source.path:
                    return f"from {source.module} import {name}"
    return None
