"""Checks that run again and again, from warm processes, so that each takes a third of the time.

Each is `checks/stepN` all the same, in a process of its own.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from workshop.checking.processes import launch
from workshop.checking.processes.variables import WARM, program_environment
from workshop.manifest import ROOT, Step, steps

SCRIPT = Path(__file__).with_name("fork_server.py")

# What the programs of the attendee's import. Not daphne.server, which makes an event loop as it is
# imported, and nothing that asks for Django's settings.
FOR_PROGRAMS = (
    "workshop.checking.instrumented.start",
    "django.core.management.commands.runserver",
    "django.core.management.commands.makemigrations",
    "django.core.management.commands.migrate",
    "django.core.asgi",
    "django.core.cache.backends.locmem",
    "django.core.cache.utils",
    "django.core.management.utils",
    "django.conf.urls.static",
    "django.contrib.auth.apps",
    "django.contrib.auth.context_processors",
    "django.contrib.auth.decorators",
    "django.contrib.auth.hashers",
    # of every project with accounts; the first one imports its models
    "django.contrib.auth.migrations.0002_alter_permission_name_max_length",
    "django.contrib.auth.migrations.0003_alter_user_email_max_length",
    "django.contrib.auth.migrations.0004_alter_user_username_opts",
    "django.contrib.auth.migrations.0005_alter_user_last_login_null",
    "django.contrib.auth.migrations.0006_require_contenttypes_0002",
    "django.contrib.auth.migrations.0007_alter_validators_add_error_messages",
    "django.contrib.auth.migrations.0008_alter_user_username_max_length",
    "django.contrib.auth.migrations.0009_alter_user_last_name_max_length",
    "django.contrib.auth.migrations.0010_alter_group_name_max_length",
    "django.contrib.auth.migrations.0011_update_proxy_permissions",
    "django.contrib.auth.migrations.0012_alter_user_first_name_max_length",
    "django.contrib.auth.password_validation",
    "django.contrib.auth.tokens",
    "django.contrib.auth.validators",
    "django.contrib.contenttypes.apps",
    "django.contrib.sessions.apps",
    "django.contrib.sessions.backends.db",
    "django.contrib.sessions.backends.signed_cookies",
    "django.contrib.sessions.middleware",
    "django.contrib.sessions.serializers",
    "django.contrib.sites.shortcuts",
    "django.contrib.staticfiles.apps",
    "django.contrib.staticfiles.checks",
    "django.contrib.staticfiles.finders",
    "django.contrib.staticfiles.handlers",
    "django.contrib.staticfiles.storage",
    "django.db.backends.dummy.base",
    "django.db.backends.sqlite3.base",
    "django.db.migrations.executor",
    "django.db.migrations.writer",
    "django.db.models.sql.compiler",
    "django.middleware.cache",
    "django.shortcuts",
    "django.template.context_processors",
    "django.template.defaulttags",
    "django.template.loader_tags",
    "django.template.loaders.app_directories",
    "django.template.loaders.cached",
    "django.template.loaders.filesystem",
    "django.templatetags.cache",
    "django.templatetags.l10n",
    "django.templatetags.tz",
    "django.utils.translation.reloader",
    "django.views.debug",
    "django.views.decorators.cache",
    "django.views.defaults",
    "django.views.csrf",
    "channels.auth",
    "channels.generic.websocket",
    "channels.routing",
    "channels.security.websocket",
    "channels_redis.core",
    "daphne.endpoints",
    "daphne.http_protocol",
    "daphne.management.commands",
    "daphne.ws_protocol",
    "twisted.internet.asyncioreactor",
    "twisted.internet.endpoints",
)
# What a check imports: its own modules, and what pytest imports only when it runs.
FOR_CHECKS = (
    "channels_redis.utils",
    "encodings.idna",
    "workshop.checking.command",
    "workshop.checking.observers.groups",
    "workshop.checking.project_files",
    "workshop.checking.reporting.hints",
    "workshop.environment",
    "workshop.joined.seat",
    "workshop.redis_server",
    "_pytest.helpconfig",
    "_pytest.skipping",
    "_pytest.tracemalloc",
    "_pytest.warnings",
)


def is_possible() -> bool:
    """Whether Python can fork here and pass on open files."""
    return hasattr(os, "fork") and hasattr(socket, "send_fds")


class WarmProcess:
    """A warm process that has imported `modules`; it ends when this object or its process does."""

    def __init__(self, modules: tuple[str, ...], environment: dict[str, str]):
        self.address: str | None = None
        if not is_possible():
            return
        self._folder = tempfile.mkdtemp(prefix="workshop-")  # only its owner may enter
        address = os.path.join(self._folder, "warm")
        with socket.socket(socket.AF_UNIX) as listener:
            try:
                listener.bind(address)
            except OSError:  # the path is too long: the limit is about a hundred bytes (unix(7))
                os.rmdir(self._folder)
                return
            listener.listen(64)
            self._process = subprocess.Popen(
                [sys.executable, str(SCRIPT), str(listener.fileno()), str(ROOT), *modules],
                env=environment,
                stdin=subprocess.PIPE,
                # Nothing is written here. A pipe, because Python keeps for its streams whether they
                # can be sought, and those of the programs cannot.
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[listener.fileno()],
                start_new_session=True,  # Ctrl-C is for the process that made this
            )
        self.address = address

    def close(self) -> None:
        if self.address:
            self._process.stdin.close()
            self._process.wait()
            self._process.stdout.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            self.address = None

    def __enter__(self) -> "WarmProcess":
        return self

    def __exit__(self, *_) -> None:
        self.close()


class QuickChecks:
    """Warm processes: one for the checks, and for the programs as many as a check has servers."""

    def __init__(self, content: Sequence[str] = ()):
        """`content`: the modules of checks/ that a check imports (command.content)."""
        self._warm = ExitStack()
        self._environment = dict(os.environ)  # once: checks may be started from several threads
        self._checks = self._start((*FOR_CHECKS, *content), dict(os.environ))
        servers = range(max(step.servers for step in steps()))
        programs = [self._start(FOR_PROGRAMS, program_environment()) for _ in servers]
        self._variable = {WARM: os.pathsep.join(process.address or "" for process in programs)}

    def _start(self, modules: tuple[str, ...], environment: dict[str, str]) -> WarmProcess:
        return self._warm.enter_context(WarmProcess(modules, environment))

    def __enter__(self) -> "QuickChecks":
        return self

    def __exit__(self, *_) -> None:
        self._warm.close()

    def start(
        self, step: Step, *arguments: str, **streams: launch.Stream
    ) -> "subprocess.Popen | launch.Forked":
        """Start `checks/stepN ARGUMENTS…`; `streams` are `stdout` and `stderr` as of Popen."""
        command = [str(ROOT / "checks" / step.short), *arguments]
        environment = {**self._environment, **self._variable}
        warm = self._checks.address
        return launch.start(command, Path.cwd(), environment, warm=warm, **streams)

    def stop_forking(self) -> None:
        """Start the checks plainly from now on."""
        self._checks.close()
