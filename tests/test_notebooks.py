"""The notebooks run on any machine, what they claim is true, and they leave nothing behind."""

import ast
import json
import os
import re
import signal
import subprocess
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser

import nbformat
import psutil
import pytest
import redis

from tests.conftest import run_coroutine
from tests.copied import Workshop
from tests.test_questions import answers, every_question, verdicts
from workshop import folders, manifest, notebook, ports, redis_server
from workshop.building import notebooks as building
from workshop.checking.reporting import html as report_html

SOURCES = {source.stem.partition("_")[0]: source for source in building.notebooks()}
ASKED = {  # what the tests ask each notebook for, when it has run
    "step1": """dict(
        together={
            how: (most_at_once(played.events, "opponent"), most_at_once(played.events, "Alice"))
            for how, played in (("sitting", sitting), ("walking", walking))
        },
        rounds=rounds,
        at_once={name: at_once(name) for name in lanes},
        own_thread={name: threads_of(name) == loops_own for name in lanes},
        beats={name: beats_during_waits(name) for name in lanes},
        jobs={name: overlap(name) for name in jobs},
        sleepers=(coroutines, threads),
    )""",
    "step2": """dict(
        requests=requests,
        delays=delays,
        sent={name: tap.sent for name, tap in taps.items()},
        received={name: tap.received for name, tap in taps.items()},
        status=status,
        frames=(out.hex(), back.hex()),
        calls=kinds,
        answers=answers,
        objects=len(objects),
        ports=[chat.port, int(server.partition(":")[2])],
    )""",
    "step3": """dict(
        letters=letters,
        most=max(members for _, members in sizes),
        told={name: [list(one) for one in told] for name, told in phases.items()},
        history=history,
        survived={name: (len(got), got[0], got[-1]) for name, got in survived.items()},
        listeners={name: sorted(who) for name, who in listeners.items()},
        ports=[server.port for server in (left, right, *pairs["in memory"])],
    )""",
    "step4": """dict(
        counts=list(counts.values()),
        results=results,
        rows=rows,
        missed={name: dict(count) for name, count in missed.items()},
        writers=writers,
        ports=[server.port for server in servers.values()],
    )""",
    "step5": """dict(
        users=users,
        frames=frames,
        counted=dict(counted),
        caught=caught,
        said={name: counts[-1] for name, counts in says.items()},
        attacks={attack: list(what.values()) for attack, what in seen_by.items()},
        tracebacks=tracebacks,
    )""",
    "step6": """dict(
        noticed=noticed,
        outcomes=outcomes,
        waits=waits,
        left=left,
        survivors=survivors,
    )""",
    "step7": """dict(
        parts=parts,
        events=list(events.values()),
        stalled=list(stalled.values()),
        moved=(moved, to_the_new_one),
        times=times,
        said=(cpu, measured),
        more=more,
    )""",
}

UNITS = re.compile(r"seconds|\bms\b|\bMB\b|bytes|times as short|members|commands|messages|heard")


@pytest.fixture(scope="module")
def workshop(tmp_path_factory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("notebooks") / "a workshop")


@pytest.fixture(scope="module")
def files_before(workshop):
    return folders.contents(workshop.root)


# Those of the core are run each time; the others take another minute.
CORE = [step.short for step in manifest.steps("core")]
EACH = [name if name in CORE else pytest.param(name, marks=pytest.mark.slow) for name in SOURCES]


@pytest.fixture(scope="module")
def own_redis():
    """A Redis that nobody else has keys in."""
    with redis_server.private() as private:
        yield private


@pytest.fixture(scope="module")
def executed(request, workshop, files_before, own_redis) -> dict[str, nbformat.NotebookNode]:
    """Every notebook that a test asks for, run from top to bottom, two at a time: what they claim
    holds on a busy machine too. What the tests ask for is in an additional cell at the end."""
    asking = [
        item
        for item in request.session.items
        if item.module is request.module and "executed" in item.fixturenames
    ]
    asked_for = {item.callspec.params.get("name") for item in asking if hasattr(item, "callspec")}
    asked_for |= {item.name.split("_")[1] for item in asking if item.name.endswith("_counts")}
    with ThreadPoolExecutor(2) as workers:
        runs = {
            name: workers.submit(
                run_and_ask,
                workshop.root / "notebooks" / source.name,
                ASKED[name],
                REDIS_URL=own_redis.url,
            )
            for name, source in SOURCES.items()
            if name in CORE or name in asked_for
        }
        return {name: run.result() for name, run in runs.items()}


def run_and_ask(source, question: str, **variables) -> nbformat.NotebookNode:
    return run(source, after=[f"print(repr({question}))"], **variables)


def run(source, before=(), after=(), cells=None, **variables) -> nbformat.NotebookNode:
    """Run `source`, or its first `cells`, with cells of code put before and after."""
    book = nbformat.read(source, as_version=4)
    new = nbformat.v4.new_code_cell
    book.cells = [*map(new, before), *book.cells[:cells], *map(new, after)]
    file = source.with_name(f"{source.stem} for a test {os.getpid()}.ipynb")
    nbformat.write(book, file)
    try:
        return building.run(file, **variables)
    finally:
        file.unlink()


def printed(cell) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def found(executed, name: str) -> dict:
    return ast.literal_eval(printed(executed[name].cells[-1]))


# The files


def test_there_is_one_for_each_step():
    assert sorted(building.FOLDER.glob("*.ipynb")) == sorted(SOURCES.values())
    assert list(SOURCES) == [step.short for step in manifest.steps()] == list(ASKED)


@pytest.mark.parametrize("name", SOURCES)
def test_no_output_is_committed(name):
    """To remove outputs: jupyter nbconvert --clear-output --inplace notebooks/*.ipynb"""
    book = nbformat.read(SOURCES[name], as_version=4)
    nbformat.validate(book)
    assert set(book.metadata) == {"kernelspec", "language_info"}
    assert book.metadata.language_info == {"name": "python"}
    for cell in book.cells:
        assert set(cell.metadata) <= {"jupyter", "tags"}, cell.id
        assert re.fullmatch(r"[a-z0-9-]+", cell.id) and not re.fullmatch(r"[0-9a-f]{8}", cell.id)
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None, cell.id


@pytest.mark.parametrize("name", SOURCES)
def test_each_experiment_predicts_asserts_and_explains(name):
    book = nbformat.read(SOURCES[name], as_version=4)
    text = "\n".join(cell.source for cell in book.cells)
    assert text.count(f'await check("{name}")') == 1
    last = [cell for cell in book.cells if cell.cell_type == "markdown"][-1]
    assert "**One thing to try.**" in last.source
    experiments = re.split(r"^## \d · ", text.partition("## Now you")[0], flags=re.MULTILINE)[1:]
    assert len(experiments) >= 5
    for experiment in experiments:
        title = experiment.partition("\n")[0]
        assert re.search(r"^ *assert ", experiment, re.MULTILINE), title
        if title != "The chat":
            assert "> **Predict.**" in experiment and "**Why.**" in experiment, title
            assert re.search("^my_", experiment, re.MULTILINE), title
            assert "https://" in experiment, title


@pytest.mark.parametrize("name", SOURCES)
def test_no_running_loop_is_gone_around(name):
    text = SOURCES[name].read_text(encoding="utf-8")
    assert "async_to_sync" not in text and "nest_asyncio" not in text
    assert "asyncio.run(" not in text


# The questions of the day


def asked_in_notebooks() -> str:
    """All their words on one line, without the marks of a quotation."""
    cells = [
        "".join(cell.source)
        for source in SOURCES.values()
        for cell in nbformat.read(source, as_version=4).cells
        if cell.cell_type == "markdown"
    ]
    return " ".join(re.sub(r"^> ?", "", "\n".join(cells), flags=re.MULTILINE).split())


@every_question
def test_a_notebook_asks_each_question_of_the_day_in_the_same_words(slide):
    """And says that the same answer is right."""
    text = asked_in_notebooks()
    letters = dict(zip("ABCD", answers(slide), strict=False))
    choices = " ".join(f"- **{letter}** · {words}" for letter, words in letters.items())
    question = f"**Predict.** {slide.title} {choices} "
    assert question in text
    (right,) = [letter for letter, is_right in verdicts(slide) if is_right]
    assert re.search(r"\*\*([A-D]) is right\.", text.partition(question)[2])[1] == right


# What they claim


def test_step1_counts(executed):
    it = found(executed, "step1")
    assert it["together"] == {"sitting": (1, 1), "walking": (2, 1)}
    for boards, seconds in it["rounds"].items():
        gain, formula = boards * 60 / seconds, min(boards, 12)
        assert gain < formula / 0.85  # a busy machine is slower than the formula, none is faster
    assert it["at_once"] == {
        "block": 1,
        "thread": 1,
        "await": 4,
        "any thread": it["at_once"]["any thread"],
    }
    assert it["own_thread"] == {"block": True, "thread": False, "await": True, "any thread": False}
    assert it["beats"]["block"] == 0 and min(it["beats"][name] for name in ("thread", "await")) > 0
    assert it["jobs"]["one after another"] == it["jobs"]["coroutines"] == 1
    coroutines, threads = it["sleepers"]
    assert (coroutines[0], threads[0]) == (0, 500) and coroutines[1] < threads[1]


def test_step2_counts(executed):
    it = found(executed, "step2")
    assert it["requests"]["SSE"] == it["requests"]["WebSocket"] == 1 < it["requests"]["polling"]
    assert all(len(delays) == 20 and min(delays) > -20 for delays in it["delays"].values())
    # Twenty frames of two bytes and a number each, the server's handshake, and the end.
    payload = sum(2 + len(str(number)) for number in range(20)) + len("\x88\x02\x03\xe8")
    assert payload < it["received"]["WebSocket"] < payload + 300
    assert it["received"]["WebSocket"] < it["received"]["SSE"]
    assert it["status"] == 101
    assert it["frames"] == ("818537fa213d7f9f4d5158", "810548656c6c6f")
    assert it["calls"] == ["http"] * 3 + ["websocket"]
    assert it["answers"]["Ben"][-1] == "8 so far" and it["objects"] == 2


def test_step3_counts(executed):
    it = found(executed, "step3")
    assert it["letters"] == {"Ana": [], "Ben": ["for Ben alone"]}
    assert it["most"] == 5 and it["history"] == []
    for word, phase in (("ZADD", "join"), ("ZREM", "leave")):
        assert it["told"][phase].count([word, "the group"]) == 5
    for whose in ("left's", "right's"):
        assert it["told"]["say"].count(["ZADD", f"{whose} mailboxes"]) == 1
    assert it["survived"] == {
        "in memory": (100, 0, 99),
        "Redis, core": (100, 0, 99),
        "core, with a neighbor": (100, 200, 299),
        "Redis, pubsub": (300, 0, 299),
    }
    assert it["listeners"] == {"in memory": ["Ana", "Ben"], "Redis": ["Ana", "Ben", "Cleo"]}


@pytest.mark.slow
def test_step4_counts(executed):
    it = found(executed, "step4")
    assert it["counts"] == [1, 1, 0, 1, 2, 1, 1, 1, 1]
    for name, result in it["results"].items():
        assert sum(result.values()) == 250
        assert (result["lost"] == 0) >= (name in ("sent again", "with client_id"))
        assert (result["more than once"] == 0) >= (name != "sent again")
    assert it["rows"] == {"without UNIQUE": (8, 0), "with UNIQUE": (1, 7)}
    assert it["missed"]["the event is a doorbell"] == {0: 24}
    assert it["missed"]["the event is the message"][0] == 1
    assert it["writers"] == {"BEGIN": (["database is locked"], 1), "BEGIN IMMEDIATE": ([], 2)}


@pytest.mark.slow
def test_step5_counts(executed):
    it = found(executed, "step5")
    assert list(it["users"].values()) == ["ana", "ana", "AnonymousUser"]
    assert it["frames"]["accept, close"] == 3
    assert it["counted"]["called"] == 1000 and it["counted"]["taken"] <= 40
    assert it["caught"] == ["not JSON"]
    assert it["said"] == {"really here": 1, "counter": 2, "leases": 1}
    in_step4, in_step5 = zip(*it["attacks"].values(), strict=True)
    assert [said for said, _ in in_step4] == [
        *["heard, as ben"] * 2,
        "HTTP 403",
        *["closed 1011"] * 3,
        "heard, as ben",
    ]
    assert [said for said, _ in in_step5] == [
        "HTTP 403",
        "heard, as ana",
        "HTTP 403",
        *["error"] * 3,
        "closed 4429",
    ]
    assert it["tracebacks"] == {"step4": 3, "step5": 0}


def test_step6_counts(executed):
    it = found(executed, "step6")
    assert list(it["noticed"].values()) == [False, False, True]
    assert it["outcomes"] == {"without await": "passes", "with await": "fails"}
    assert it["waits"][1] and not it["waits"][0.05]
    assert it["left"] == {"one layer for both": 2, "a layer for each": 1}
    assert it["survivors"] == ["Twice", "NoDiscard"]


@pytest.mark.slow
def test_step7_counts(executed):
    it = found(executed, "step7")
    assert max(it["parts"], key=it["parts"].get) == "thread"
    assert it["events"] == [50, 1]
    assert it["stalled"] == [(5, 0), (100, 94), (100, 0)]
    assert [round(share, 1) for share in it["moved"]] == [0.5, 0.3]
    assert 1 < it["times"] < 1.2 and round(it["more"]) == 100
    simulated, measured = it["said"]
    assert simulated / 3 < measured < simulated * 3


@pytest.mark.parametrize("name", EACH)
def test_nothing_is_complained_of(executed, name):
    for cell in executed[name].cells:
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr", f"{cell.id}: {output.text}"


@pytest.mark.parametrize("name", EACH)
def test_each_has_pictures_with_units(executed, name):
    pictures = [
        (cell.id, output.data["image/svg+xml"])
        for cell in executed[name].cells
        for output in cell.get("outputs", [])
        if "image/svg+xml" in output.get("data", {})
    ]
    assert len(pictures) >= 4
    for cell, picture in pictures:
        words = " ".join(re.findall("<!-- (.+?) -->", picture))  # matplotlib notes what it draws
        assert UNITS.search(words), cell


@pytest.mark.parametrize("name", EACH)
def test_each_ends_with_the_report_of_its_check(executed, name):
    (cell,) = [cell for cell in executed[name].cells if cell.id == "check"]
    (output,) = cell.outputs
    assert f"step {name.removeprefix('step')} · " in output.data["text/html"]
    assert "✗" in output.data["text/html"]  # the starter is unfinished, and nothing was raised
    assert "✗" in output.data["text/plain"]


# Nothing is left


def test_no_process_port_or_file_is_left(executed, workshop, files_before):
    for process in psutil.process_iter(["cmdline"]):
        assert str(workshop.root) not in " ".join(process.info["cmdline"] or []), process
    for name in executed.keys() & {"step2", "step3", "step4"}:
        assert all(ports.is_free(port) for port in found(executed, name)["ports"])
    now = folders.contents(workshop.root)
    assert [path for path in now if not path.startswith(".workshop/")] == list(files_before)


def test_no_key_is_left_in_a_redis_that_was_there(executed, own_redis):
    """But mail, which may arrive when its reader has left: the layer lets it expire in a minute
    (expiry, https://github.com/django/channels_redis#expiry)."""
    with redis.from_url(own_redis.url, decode_responses=True) as store:
        left = {key: store.ttl(key) for key in store.scan_iter()}
    mail = re.compile(r"asgispecific\.[0-9a-f]{32}!")
    assert [key for key, ttl in left.items() if not (mail.fullmatch(key) and 0 <= ttl <= 60)] == []


# Redis


def redis_cell(name: str) -> int:
    cells = nbformat.read(SOURCES["step3"], as_version=4).cells
    return [cell.id for cell in cells].index(name) + 1


@pytest.mark.slow
def test_where_no_redis_runs_one_runs_as_long_as_the_notebook(workshop):
    nobody = f"redis://127.0.0.1:{ports.any_free()}"
    book = run(
        workshop.root / "notebooks" / SOURCES["step3"].name,
        after=["print(the_redis.url, await redis.from_url(the_redis.url).ping())"],
        cells=redis_cell("redis"),
        REDIS_URL=nobody,
    )
    assert "started, and stopped when this notebook ends" in printed(book.cells[-2])
    address, answer = printed(book.cells[-1]).split()
    assert answer == "True" and address != nobody
    assert redis_server.find(address) is None


@pytest.mark.slow
def test_the_pocket_redis_does_for_a_notebook_what_redis_does(workshop):
    """All cells run, and what they assert holds."""
    book = run(
        workshop.root / "notebooks" / SOURCES["step3"].name,
        WORKSHOP_REDIS="pocket",
        REDIS_URL=f"redis://127.0.0.1:{ports.any_free()}",
    )
    said = {cell.id: printed(cell) for cell in book.cells if cell.cell_type == "code"}
    assert said["redis"].startswith("Pocket Redis")
    assert not any("Skipped" in text for text in said.values())
    (report,) = next(cell.outputs for cell in book.cells if cell.id == "check")
    assert "Next: TODO 1" in report.data["text/html"]  # the starter, which nobody has edited


@pytest.mark.slow
def test_without_a_redis_the_cells_that_need_one_are_passed_over(workshop):
    nobody = f"redis://127.0.0.1:{ports.any_free()}"
    none_to_start = """
import sys
sys.path.insert(0, "..")
from workshop import redis_server
def program():
    raise redis_server.RedisError("No Redis answers, and there is none to start.")
redis_server.program = program
"""
    source = workshop.root / "notebooks" / SOURCES["step3"].name
    book = run(source, before=[none_to_start], REDIS_URL=nobody)
    said = {cell.id: printed(cell) for cell in book.cells if cell.cell_type == "code"}
    assert "No Redis answers, and there is none to start." in said["redis"]
    need = [cell.id for cell in book.cells if cell.source.startswith("# needs Redis")]
    assert len(need) > 10
    assert {said[name] for name in need} == {"Skipped: this cell needs a Redis.\n"}
    (report,) = next(cell.outputs for cell in book.cells if cell.id == "check")
    assert "step 3 was not checked" in report.data["text/html"]


# The pages


class Requests(HTMLParser):
    """What a browser would fetch for a page: everything but the links that a reader may follow."""

    def __init__(self, page: str):
        super().__init__()
        self.found = re.findall(r"url\(\s*['\"]?([^)'\"]+)|@import\s+([^;]+)", page)
        self.tags = set()
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag != "a":
            for name, value in attributes:
                if name in ("src", "href", "srcset", "data", "poster", "action", "xlink:href"):
                    self.found.append(value)


@pytest.fixture(scope="module")
def pages(executed, tmp_path_factory) -> dict[str, str]:
    target = tmp_path_factory.mktemp("build")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "notebooks", lambda: [SOURCES[name] for name in executed])
        patch.setattr(building, "run", lambda source: executed[source.stem.partition("_")[0]])
        files = building.build(target)
    assert [file.parent for file in files] == [target / "notebooks"] * len(executed)
    return {file.stem.partition("_")[0]: file.read_text(encoding="utf-8") for file in files}


@pytest.mark.parametrize("name", EACH)
def test_a_page_requests_nothing(pages, name):
    requests = Requests(pages[name])
    assert requests.found and all(address.startswith("data:") for address in requests.found)
    assert not requests.tags & {"script", "iframe", "object", "embed", "video", "audio"}


@pytest.mark.parametrize("name", EACH)
def test_a_page_holds_the_whole_notebook(pages, executed, name):
    page = pages[name]
    for cell in executed[name].cells:
        assert f'id="{cell.id}"' in page
    svgs = sum(
        "image/svg+xml" in output.get("data", {})
        for cell in executed[name].cells
        for output in cell.get("outputs", [])
    )
    assert page.count('src="data:image/svg+xml') == svgs
    assert 'class="workshop-report"' in page
    assert 'href="../../steps/' in page and 'href="../steps' not in page
    assert len(page) < 3e6


# The report


def a_report(**check) -> dict:
    one = {
        "name": "test_it",
        "title": "It <works>",
        "passed": False,
        "seen": "Ben heard nothing.",
        "message": "Because & why:\n    some <code>\nAnd so on.",
        "file": "steps/step3_broadcast/chat/consumers.py",
        "line": 7,
        "timeline": [
            {"at": 0.0, "who": "Ana", "direction": "note", "text": "open"},
            {"at": 0.01, "who": "Ana", "direction": "out", "text": '{"message": "<b>&"}'},
            *[{"at": 0.02, "who": "Ana", "direction": "in", "text": "again"}] * 3,
            {"at": 3.0, "who": "Ben", "direction": "silence", "text": "nothing for 3 s"},
        ],
    }
    return {
        "step": "step3",
        "passed": False,
        "total": 6,
        "checks": [{**one, **check}],
        "advice": [],
    }


def test_a_report_shows_the_timeline_the_diagnosis_and_the_place():
    html = report_html.as_html(a_report())
    assert "0 of 6 ✓" in html
    assert "✗ It &lt;works&gt;" in html
    assert "Ben heard nothing." in html
    assert "<p>Because &amp; why:</p><pre>some &lt;code&gt;</pre><p>And so on.</p>" in html
    assert "steps/step3_broadcast/chat/consumers.py:7" in html
    assert html.index(">Ana<") < html.index(">Ben<") < html.index(">server<")
    assert "{&quot;message&quot;: &quot;&lt;b&gt;&amp;&quot;}" in html
    assert "again  × 3" in html and "nothing for 3 s" in html
    assert "<b>" not in html and "<works>" not in html


def test_a_report_that_passes_shows_its_advice():
    advice = {"id": "x", "message": "Never <so>.", "file": "chat/consumers.py", "line": 3}
    found = a_report(passed=True, seen=None, message=None, file=None, timeline=[])
    html = report_html.as_html({**found, "passed": True, "advice": [advice]})
    assert "✓ It &lt;works&gt;" in html and "1 of 6 ✓" in html and "<svg" not in html
    assert "It passes. Worth knowing: Never &lt;so&gt;." in html and "consumers.py:3" in html


def test_a_check_that_could_not_be_made_says_why():
    html = report_html.as_html(
        {"step": "step3", "passed": False, "checks": [], "error": "No <Redis> answers."}
    )
    assert "step 3 was not checked" in html and "No &lt;Redis&gt; answers." in html


def test_the_solution_can_be_checked(monkeypatch):
    shown = []
    monkeypatch.setattr(notebook, "display", shown.append)
    run_coroutine(notebook.check("step2", solution=True))
    (report,) = shown
    assert report.found["passed"] and "7 of 7 ✓" in report._repr_html_()
    assert repr(report).count("✓") == 7


def test_a_check_that_breaks_shows_its_words(monkeypatch):
    shown = []
    monkeypatch.setattr(notebook, "display", shown.append)
    monkeypatch.setattr(
        notebook.subprocess,
        "run",
        lambda *args, **more: subprocess.CompletedProcess(args, 1, "", "ImportError: <module>"),
    )
    run_coroutine(notebook.check("step2"))
    assert "ImportError: &lt;module&gt;" in shown[0]._repr_html_()


def test_code_is_read_from_the_solution():
    code = notebook.code("step2/chat/consumers.py:ChatConsumer")
    assert code.data in (manifest.find("step2").solution / "chat/consumers.py").read_text(
        encoding="utf-8"
    )
    with pytest.raises(LookupError):
        notebook.code("step2/chat/consumers.py:Gone")


# The command


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent as on a terminal of Linux or macOS")
def test_the_command_opens_jupyterlab_and_prints_its_address(workshop, tmp_path):
    port = ports.any_free()
    process = subprocess.Popen(
        workshop.command("notebooks", "--no-browser", "--port", str(port)),
        cwd=workshop.root,
        env={**os.environ, "HOME": str(tmp_path)},  # JupyterLab's own settings and notes
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        address = re.search(r"http://\S+", process.stdout.readline())[0]
        assert address.startswith(f"http://127.0.0.1:{port}/lab/tree/notebooks?token=")
        page = answer(address, process)
        assert json.loads(re.search(r'id="jupyter-config-data"[^>]*>(.+?)</script', page, re.S)[1])
        listing = address.replace("/lab/tree/notebooks", "/api/contents/notebooks")
        names = {entry["name"] for entry in json.loads(answer(listing, process))["content"]}
        assert {source.name for source in SOURCES.values()} <= names
        with pytest.raises(urllib.error.HTTPError):  # not without the token
            urllib.request.urlopen(listing.partition("?")[0])
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(600) == 0  # for a test that hangs
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
    assert ports.is_free(port)


def answer(address: str, process) -> str:
    """The page at the address, as soon as somebody answers there."""
    while True:
        assert process.poll() is None, process.stdout.read()
        try:
            return urllib.request.urlopen(address).read().decode()
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
