"""Packages that are not installed: their names are not always those of what is imported."""

import ast
import difflib
import importlib.util
import sys

from checks.diagnoses.imports import UNUSED, without_the_import
from workshop.checking.explaining.edits import instead
from workshop.checking.explaining.rules import Explanation, rule
from workshop.environment import install_command

# What an import's name is short for, where the package on pypi.org is called otherwise. A package
# that has the import's own name is another one there: `environ` and `dotenv` are for Python 2, and
# `jwt` and `PIL` are not what tutorials import.
PACKAGES = dict(
    pair.split("=")
    for pair in """
    allauth=django-allauth attr=attrs axes=django-axes bs4=beautifulsoup4 ckeditor=django-ckeditor
    compressor=django-compressor corsheaders=django-cors-headers countries=django-countries
    crispy_forms=django-crispy-forms cv2=opencv-python dateutil=python-dateutil
    debug_toolbar=django-debug-toolbar decouple=python-decouple dj_database_url=dj-database-url
    dj_rest_auth=dj-rest-auth django_bootstrap5=django-bootstrap5
    django_celery_beat=django-celery-beat django_cleanup=django-cleanup
    django_countries=django-countries django_eventstream=django-eventstream
    django_extensions=django-extensions django_filters=django-filter django_heroku=django-heroku
    django_htmx=django-htmx django_q=django-q2 django_redis=django-redis django_rq=django-rq
    dotenv=python-dotenv drf_spectacular=drf-spectacular drf_yasg=drf-yasg environ=django-environ
    git=gitpython graphene_django=graphene-django guardian=django-guardian
    import_export=django-import-export jazzmin=django-jazzmin jose=python-jose jwt=pyjwt
    magic=python-magic model_utils=django-model-utils mptt=django-mptt MySQLdb=mysqlclient
    oauth2_provider=django-oauth-toolkit OpenSSL=pyopenssl
    phonenumber_field=django-phonenumber-field PIL=pillow polymorphic=django-polymorphic
    psycopg2=psycopg2-binary rest_framework=djangorestframework
    rest_framework_simplejwt=djangorestframework-simplejwt rosetta=django-rosetta
    serial=pyserial silk=django-silk simple_history=django-simple-history sklearn=scikit-learn
    slugify=python-slugify social_django=social-auth-app-django socketio=python-socketio
    storages=django-storages strawberry=strawberry-graphql taggit=django-taggit
    tailwind=django-tailwind tinymce=django-tinymce unfold=django-unfold
    websocket=websocket-client widget_tweaks=django-widget-tweaks yaml=pyyaml zmq=pyzmq
    Crypto=pycryptodome Levenshtein=python-levenshtein channels_postgres=channels-postgres
    channels_rabbitmq=channels-rabbitmq
    """.split()
)
SAME_NAME = set("celery whitenoise faker huey markdown psycopg pymysql requests uvicorn".split())

# What is dead, and what took its place: the README of aioredis, and of Channels 1's layers.
DEAD = {
    "aioredis": (
        "aioredis is no longer maintained: it is part of redis-py now, which is installed."
    ),
    "asgi_redis": (
        "asgi_redis was a layer of Channels 1. "
        "Its successor is installed: channels_redis.core.RedisChannelLayer."
    ),
    "asgi_ipc": (
        "asgi_ipc was a layer of Channels 1. "
        "Its successor is installed: channels_redis.core.RedisChannelLayer."
    ),
    "channels_api": (
        "channels_api only works with Channels 1. "
        "A JsonWebsocketConsumer of channels.generic.websocket does what the step needs."
    ),
    "channels_presence": (
        "channels_presence only works with Channels 1. Remove it: the step needs nothing like it."
    ),
}
MISSING = r"^ModuleNotFoundError: No module named '([\w.]+)'"


def is_installed(name: str) -> bool:
    """Whether a package or module of this name is there for all projects."""
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    origin = (found and found.origin) or ""
    return name in sys.stdlib_module_names or "site-packages" in origin


def _missing(evidence, name):
    """The missing module's package, where it is neither installed nor the learner's, and no
    channel layer was asked for."""
    top = name.partition(".")[0]
    theirs = {source.module.partition(".")[0] for source in evidence.project.sources}
    if top in theirs or is_installed(top) or evidence.error("Cannot import BACKEND"):
        return None
    return top


def _place(evidence, error, top):
    """The learner's line that imports it; or else names it in a string, as settings do."""
    where = evidence.where(error)
    if top in evidence.line_at(where):
        return where
    for source in evidence.project.settings_files:
        for node in source.nodes(ast.Constant):
            if isinstance(node.value, str) and node.value.partition(".")[0] == top:
                return source.where(node)
    return where


@rule(raised=MISSING)
def package_is_dead(evidence, error, name):
    top = _missing(evidence, name)
    if top not in DEAD:
        return None
    where = _place(evidence, error, top)
    removal = without_the_import(evidence, where)
    advice, edit = f" {UNUSED}" if removal else "", removal
    if top == "aioredis" and not removal:
        edit = _replaced(evidence, where, "import aioredis", AIOREDIS)
        advice = f" Write:\n    {AIOREDIS}"
    return Explanation(DEAD[top] + advice, where, edit)


AIOREDIS = "from redis import asyncio as aioredis"


def _replaced(evidence, where, old, new):
    """The edit that writes one import in place of another; None where it is not the line's."""
    found = evidence.nodes_at(where, ast.Import, ast.ImportFrom)
    same = [statement for statement in found if ast.unparse(statement) == old]
    return evidence.suggest(where, instead(same[0], new)) if same else None


@rule(raised=MISSING)
def package_not_installed(evidence, error, name):
    """One that is known, under whatever name."""
    top = _missing(evidence, name)
    package = PACKAGES.get(top, top if top in SAME_NAME else None)
    if package and top not in DEAD:
        where = _place(evidence, error, top)
        removal = without_the_import(evidence, where)
        called = f" Its package is called {package}." if package != top else ""
        install = f"{install_command(package)}"
        advice = f"Type:\n    {install}\nOr delete what uses it: the step does not need {top}."
        if removal:
            advice = f"{UNUSED} If you need it later, type:\n    {install}"
        return Explanation(f"{top} is not installed here.{called} {advice}", where, removal)


@rule(raised=MISSING)
def package_imported_by_its_own_name(evidence, error, name):
    """`import Pillow`: the name under which it was installed, and not the one of its module."""
    top = _missing(evidence, name)
    module = _module_of(top) if top and top not in PACKAGES and top not in DEAD else None
    if module:
        where = _place(evidence, error, top)
        return Explanation(
            f"The package {top} is installed, but its module is called {module}. Write:\n"
            f"    import {module}",
            where,
            _imported_as(evidence, where, top, module),
        )


def _imported_as(evidence, where, name, module):
    """The edit that imports the module, and uses it where that name was used."""
    source = evidence.project.source_at(where)
    for statement in evidence.nodes_at(where, ast.Import):
        if [(alias.name, alias.asname) for alias in statement.names] == [(name, None)]:
            used = [node for node in source.nodes(ast.Name) if node.id == name]
            changes = [instead(node, module) for node in [statement.names[0], *used]]
            return evidence.suggest(where, *changes)
    return None


def _module_of(package):
    """The module that an installed package brings; None for what is not installed."""
    from importlib.metadata import packages_distributions  # takes a second on some laptops

    wanted = _plain(package)
    for module, packages in packages_distributions().items():
        private = module.startswith("_")  # PyYAML's _yaml, beside its yaml
        if wanted in map(_plain, packages) and _plain(module) != wanted and not private:
            return module
    return None


def _plain(name):
    return name.lower().replace("_", "-").replace(".", "-")


@rule(raised=MISSING)
def package_unknown(evidence, error, name):
    """What is missing has a name that resembles nothing here, so it is not a misspelling."""
    top = _missing(evidence, name)
    if top is None or top in PACKAGES or top in SAME_NAME or top in DEAD:
        return None
    where = _place(evidence, error, top)
    known = {source.module.rpartition(".")[2] for source in evidence.project.sources}
    known |= {"channels", "channels_redis", "django", "daphne", "asgiref", "redis"}
    known |= {name for name in sys.stdlib_module_names if not name.startswith("_")}
    if where is None or difflib.get_close_matches(top, known, 1, 0.75) or top in known:
        return None
    removal = without_the_import(evidence, where)
    unused = f"{UNUSED}\n" if removal else ""
    return Explanation(
        f"There is no module {top}: no file of this project "
        "has that name, and no installed package. "
        f"{unused}If it is a package, look for it on pypi.org, where "
        "its name may differ from the import's, and type:\n"
        f"    {install_command('NAME')}\n"
        "If it is not, check the spelling.",
        where,
        removal,
    )
