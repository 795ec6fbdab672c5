"""What is prepared before a step's servers start: a database, further Redis instances; and the
programs that are started beside the servers."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import ROOT, copy_of, edit, run_coroutine
from workshop import manifest, redis_server
from workshop.checking import patience, prepare

STEP2 = manifest.find("step2")

MODELS = """
from django.db import models


class Message(models.Model):
    text = models.TextField()
"""
MIGRATION = """
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = []
    operations = [
        migrations.CreateModel(
            "Message",
            [
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("text", models.TextField()),
            ],
        ),
    ]
"""
THIRD = """
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("chat", "0002_second")]
"""
DATABASES = """
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DATABASE_URL", "").removeprefix("sqlite:///")
        or BASE_DIR / "db.sqlite3",
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
print("The database is", DATABASES["default"]["NAME"])
"""
OWN = b"the messages of weeks"

# A check of a step as its entry in workshop.toml would have it: name, project, entry.
CHECK = """
import json, sys, time
from dataclasses import replace
from pathlib import Path
from workshop import manifest
from workshop.checking import command
name, folder, entry = sys.argv[1:]
step = replace(manifest.find(name), **json.loads(entry))
report = command.check(step, Path(folder), time.monotonic(), keep_going=True)
print(json.dumps({**report.as_dict(), "log": report.log}))
"""


def checked(folder: Path, **entry) -> dict:
    """The report on the project, with the log, of step 2 with this in its entry."""
    done = subprocess.run(
        [sys.executable, "-c", CHECK, STEP2.name, folder, json.dumps(entry)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def failed(report: dict) -> dict:
    """The one check that was made, which failed."""
    (check,) = report["checks"]
    assert not check["passed"]
    return check


@pytest.fixture
def project(tmp_path):
    """Step 2's solution with a model: each message is kept before it is sent back. With a database
    of its own, which must not be touched."""
    folder = copy_of(STEP2.solution, tmp_path / "project")
    edit(folder, "chat/models.py", "", MODELS)
    edit(folder, "chat/migrations/__init__.py", "", "")
    edit(folder, "chat/migrations/0001_initial.py", "", MIGRATION)
    edit(folder, "mysite/settings.py", "import sys\n", "import os\nimport sys\n")
    with (folder / "mysite" / "settings.py").open("a", encoding="utf-8") as settings:
        settings.write(DATABASES)
    receive = '        message = json.loads(text_data)["message"]\n'
    keep = (
        "        from chat.models import Message\n\n"
        "        await Message.objects.acreate(text=message)\n"
    )
    edit(folder, "chat/consumers.py", receive, receive + keep)
    (folder / "db.sqlite3").write_bytes(OWN)
    yield folder
    assert (folder / "db.sqlite3").read_bytes() == OWN
    assert not list(folder.glob("db.sqlite3-*"))


def migration(project: Path, operation: str, before: str = "") -> None:
    """A second migration, which does this."""
    edit(
        project,
        "chat/migrations/0002_second.py",
        "",
        f"from django.db import migrations\n\n{before}\n\n"
        "class Migration(migrations.Migration):\n"
        '    dependencies = [("chat", "0001_initial")]\n'
        f"    operations = [{operation}]\n",
    )


def test_the_servers_find_a_database_that_is_migrated_and_gone_in_the_end(project):
    report = checked(project, database=True)
    assert report["passed"], report
    places = {
        line.partition("The database is ")[2]
        for line in report["log"].splitlines()
        if line.startswith("The database is ")
    }
    (place,) = places  # the same for the migrations and the server
    assert Path(place).is_absolute() and Path(place).name == "db.sqlite3"
    assert not Path(place).parent.exists()


@pytest.fixture
def nothing_kept():
    """No database that earlier migrations have made; nor is one left."""
    kept = manifest.STATE / "migrated" / STEP2.name
    kept.unlink(missing_ok=True)
    yield
    kept.unlink(missing_ok=True)


@pytest.mark.slow
def test_migrations_run_again_only_when_something_they_use_has_changed(project, nothing_kept):
    migration(project, "migrations.RunPython(tell)", 'def tell(*_):\n    print("Now migrating.")')

    def migrates() -> bool:
        report = checked(project, database=True)
        assert report["passed"], report
        return "Now migrating." in report["log"]

    assert migrates()
    assert not migrates()
    edit(project, "chat/consumers.py", "import json\n", "import json  # as ever\n")
    assert not migrates()
    edit(project, "chat/models.py", "", MODELS + "# the same\n")
    assert migrates()
    edit(project, "chat/migrations/0003_third.py", "", THIRD)
    assert migrates()
    (project / "chat/migrations/0003_third.py").unlink()
    assert migrates()
    edit(project, "chat/migrations/0002_second.py", "", "nobody\n")
    for _ in range(2):  # what fails is not kept
        assert failed(checked(project, database=True))["diagnosis"] == "name_unknown"


def test_without_the_entry_nothing_is_prepared(project):
    """And the attendee's own variable, if there is one, is left as it is."""
    with prepare.prepared(STEP2, project, lambda: pytest.fail("there is no time")) as made:
        assert (made.environment, made.before, made.failure) == ({}, [], None)


@pytest.mark.slow
def test_a_migration_that_raises_fails_the_first_check_with_its_line(project):
    migration(project, "migrations.RunPython(fill)", "def fill(apps, schema_editor):\n    nobody")
    check = failed(checked(project, database=True))
    assert check["name"] == "test_the_server_starts"
    assert check["diagnosis"] == "name_unknown", json.dumps(check, indent=1)
    assert Path(check["file"]).name == "0002_second.py" and "nobody" in check["message"]
    assert check["seen"].startswith("manage.py migrate ended with exit code 1. Its last output:")


@pytest.mark.slow
def test_a_migration_that_says_no_in_words_is_quoted(project):
    """Two leaves: Django's CommandError, without a traceback."""
    migration(project, "")
    second = (project / "chat/migrations/0002_second.py").read_text(encoding="utf-8")
    edit(project, "chat/migrations/0002_another.py", "", second)
    check = failed(checked(project, database=True))
    assert "Conflicting migrations detected" in check["message"]
    assert "The server ended" not in check["message"]


@pytest.mark.slow
def test_a_migration_without_end_is_ended_and_named(project, monkeypatch):
    migration(project, "migrations.RunPython(fill)", "def fill(*_):\n    time.sleep(9999)")
    edit(project, "chat/migrations/0002_second.py", "from django", "import time\n\nfrom django")
    monkeypatch.setenv(patience.VARIABLE, "1")  # less, and a busy machine has not come to the line
    check = failed(checked(project, database=True))
    assert "manage.py migrate did not end within 10 s" in check["seen"]
    assert Path(check["file"]).name == "0002_second.py"
    line = Path(check["file"]).read_text(encoding="utf-8").splitlines()[check["line"] - 1]
    assert "time.sleep(9999)" in line


def test_settings_that_lead_to_the_projects_own_database(project):
    """It stays as it is: the fixture checks."""
    own = 'os.environ.get("DATABASE_URL", "").removeprefix("sqlite:///")\n        or BASE_DIR'
    edit(project, "mysite/settings.py", own, "BASE_DIR")
    check = failed(checked(project, database=True))
    assert "only opens the database at DATABASE_URL" in check["message"], check
    assert str(project / "db.sqlite3") in check["message"]


def test_further_redis_instances_are_private_and_end():
    step = replace(manifest.find("step3"), redis=3)
    with prepare.prepared(step, step.solution, lambda: None) as made:
        first, *others = (made.environment[f"REDIS_URL{n}"] for n in ("", "_2", "_3"))
        assert first == redis_server.url()
        pids = {redis_server.find(url).pid for url in (first, *others)}
        assert len(pids) == 3
    assert redis_server.find(first)
    assert [redis_server.find(url) for url in others] == [None, None]


BESIDE = """
import os, socket, sys
print("beside", *sys.argv[1:], os.environ["ASKED"], os.getcwd(), flush=True)
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        listener.accept()[0].close()
"""


def test_a_program_beside_the_servers_is_told_where_they_are(project):
    (project / "beside.py").write_text(BESIDE, encoding="utf-8")
    words = ("beside.py", "{port}", "{address}", "{server1}", "{folder}")
    step = replace(STEP2, environment={"ASKED": "for"}, programs=(words,))
    with prepare.prepared(step, project, lambda: None) as made:
        (server,), (beside,) = made.servers, made.beside
        assert run_coroutine(beside.listens(patience.seconds(60)))
        assert made.folder.is_dir()
        told = f"beside {beside.port} {beside.address} {server.address} {made.folder} for {project}"
        # It listens after it has said so; its output may be read a moment later.
        seen = beside.event(lambda _: told in beside.log.text, patience.seconds(60))
        assert run_coroutine(seen), beside.log.text
    assert beside.exit_code is not None
    assert not made.folder.exists()


@pytest.mark.slow
def test_it_runs_with_the_checks_and_its_log_is_evidence(project):
    (project / "beside.py").write_text(BESIDE, encoding="utf-8")
    report = checked(
        project, database=True, environment={"ASKED": "x"}, programs=[["beside.py", "{port}"]]
    )
    assert report["passed"], report
    assert "beside " in report["log"]


def test_a_script_of_the_checks_own_is_found_first(tmp_path):
    """checks/step2_echo/hints.toml serves as one: what counts is where it is looked for."""
    step = replace(STEP2, servers=0, programs=(("hints.toml",),))
    with prepare.prepared(step, tmp_path, lambda: None) as made:
        (beside,) = made.beside
        assert run_coroutine(beside.ended(patience.seconds(60)))
    assert str(ROOT / "checks" / STEP2.name / "hints.toml") in beside.log.text  # no Python
