"""What the READMEs say one will see after each task is seen: the tasks are done one after another,
in a browser."""

import os
import re
import subprocess
import sys
import time
import tomllib

import pytest

from tests import readmes
from tests.catalogue import written
from tests.conftest import ALL_THE_TIME, ROOT, check, copy_of, edit
from tests.todos import with_done
from workshop import looking, redis_server
from workshop.checking.processes.program import Program
from workshop.checking.processes.server import Server
from workshop.developing.catalogue import project as project_of
from workshop.manifest import Step, find

from .browsing import PATIENCE, expect
from .conftest import running
from .room import Tab, logged_in

STEPS = ("step1", "step2", "step3", "step4", "step5", "step6", "step7")
STEP1, STEP2, STEP3, STEP4, STEP5, STEP6, STEP7 = map(find, STEPS)
PRINTED = "        print(self.channel_name)\n"


@pytest.fixture
def begun(tmp_path):
    """Starts the server of a step in which some TODOs are done, or of an answer to its stretch
    task."""
    servers = []

    def begin(step: Step, done, change=None, **environment) -> Server:
        folder = tmp_path / f"{step.name}-{len(servers)}"
        if done == "stretch":
            file = step.stretch.with_name("variants.toml")
            row = tomllib.loads(file.read_text(encoding="utf-8"))["variant"][0]
            written(project_of(step, row), folder, {})
        else:
            with_done(step, done, folder)
        if change:
            edit(folder, *change)
        servers.append(Server(folder, **environment))
        return running(servers[-1])

    yield begin
    for server in servers:
        server.stop()


def is_seen(lines: list[str], shown) -> None:
    """Return as soon as all lines are in what `shown()` returns."""
    end = time.monotonic() + PATIENCE / 1000
    while readmes.missing(lines, text := shown()):
        assert time.monotonic() < end, f"{readmes.missing(lines, text)} not in:\n{text}"
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("step", "titles"),
    [
        (STEP1, ["(a) The exhibition", "1", "2", "(b) The server", "3", "Stretch task"]),
        (STEP2, ["1", "2", "3", "5", "6", "The other side", "Stretch task"]),
        (STEP3, ["1", "2", "3", "5", "Stretch task"]),
        (STEP4, ["1", "2", "3"]),
        (STEP5, ["1", "2", "3", "4", "5", "6", "7", "8", "Stretch task"]),
        (STEP6, ["1", "2", "3", "4", "5", "6", "7", "Stretch task"]),
        (STEP7, ["4", "5"]),
    ],
    ids=lambda value: getattr(value, "short", ""),
)
def test_all_that_is_quoted_is_tested_here(step, titles):
    assert list(readmes.seen(step)) == titles


# Step 1


@pytest.mark.parametrize(("title", "done"), [("(a) The exhibition", 0), ("1", 1), ("2", 2)])
def test_step1_the_exhibition(title, done, tmp_path):
    folder = with_done(STEP1, range(1, done + 1), tmp_path / "step1")
    ran = subprocess.run(
        [sys.executable, "exhibition.py"],
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=600,  # for a test that hangs; no measure of anything
    )
    assert readmes.missing(readmes.seen(STEP1)[title], ran.stdout) == [], ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("title", "done", "views", "seconds"),
    [
        ("(b) The server", [], ["blocking", "awaiting"], "0.3"),
        ("3", [3], ["awaiting"], "0.3"),
        ("Stretch task", "stretch", ["awaiting"], "5"),
    ],
)
def test_step1_the_server(title, done, views, seconds, begun, visit):
    server = begun(STEP1, done, THINKING_SECONDS=seconds)
    page = visit(server, "/")
    for view in views:
        article = page.locator(f'article[data-view="{view}"]')
        article.locator("button").click()
        is_seen(readmes.seen(STEP1)[title], article.inner_text)
    visit.watch.excuse(" 504 ")


# Steps 2 and 3


@pytest.mark.parametrize("number", range(1, 7))
def test_step2_after_each_task(number, begun, visit):
    server = begun(STEP2, range(1, number + 1))
    page = visit(server, "/chat/lobby/")
    if number >= 5:
        Tab(page).is_open().say("hello")
    texts = [""]

    def shown():
        if not page.is_closed():
            texts[0] = page.locator("body").inner_text()
        return texts[0] + server.log.text

    if number < 6:
        is_seen(readmes.seen(STEP2).get(str(number), []), shown)
    else:
        expect(Tab(page).messages).to_have_text(["hello"])
        page.close()
        is_seen(readmes.seen(STEP2)["6"], shown)
    if number < 3:
        expect(Tab(page).state).to_have_text("Closed 1006")
    visit.watch.excuse("WebSocket")


def test_step2_without_accept(begun, visit):
    server = begun(STEP2, range(1, 7), ("chat/consumers.py", "await self.accept()", "pass"))
    state = Tab(visit(server, "/chat/lobby/")).state
    expect(state).to_have_text("Connecting")
    expect(state).to_have_text("Closed 1006")


def test_step2_the_page_of_twenty_lines(begun, visit):
    (html,) = readmes.code(STEP2, "html")
    assert len(html.strip().splitlines()) <= 22
    server = begun(STEP2, range(1, 7), ("chat/templates/chat/room.html", "", html))
    page = visit(server, "/chat/lobby/")
    page.wait_for_function("socket.readyState === WebSocket.OPEN")
    for message in ("hello", "<b>tags</b>"):
        page.locator("input").fill(message)
        page.locator("button").click()
    expect(page.locator("li")).to_have_text(["hello", "<b>tags</b>"])
    visit.watch.excuse("favicon.ico")


def test_step2_the_console(begun, visit):
    server = begun(STEP2, range(1, 7))
    (snippet,) = readmes.code(STEP2, "js")
    page = visit(server, "/chat/")
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.add_script_tag(content=snippet)

    def shown():
        page.wait_for_timeout(50)  # lets what has happened arrive
        return "\n".join(said)

    is_seen(readmes.seen(STEP2)["The other side"], shown)
    page.evaluate('socket.send("no JSON")')
    is_seen(["closed 1011"], shown)


def test_step2_the_stretch_task(begun, visit):
    tab = Tab(visit(begun(STEP2, "stretch"), "/chat/lobby/")).is_open()
    for message in ("hello", "again"):
        tab.say(message)
    shown = tab.page.locator("#messages")
    expect(shown.locator(".notice span")).to_have_text(readmes.seen(STEP2)["Stretch task"])
    tab.hears("hello", "again")
    expect(shown.locator(".message .labels")).to_contain_text(["1", "2"])


@pytest.mark.parametrize("number", range(1, 6))
def test_step3_after_each_task(number, begun, visit):
    change = (
        "chat/consumers.py",
        "        await self.accept()\n",
        PRINTED + " " * 8 + "await self.accept()\n",
    )
    servers = [begun(STEP3, range(1, number + 1), change) for _ in range(1 + (number == 5))]
    ana = Tab(visit(servers[0], "/chat/lobby/")).is_open()
    ben = Tab(visit(servers[-1], "/chat/lobby/", of="Ben")).is_open()
    ana.say("hello")

    def shown():
        pages = [tab.page.locator("#messages").inner_text() for tab in (ana, ben)]
        return "\n".join([*pages, *(server.log.text for server in servers)])

    lines = readmes.seen(STEP3).get(str(number), [])
    is_seen(lines[:1] if number == 5 else lines, shown)  # the rest of 5 is what `look` shows
    if number == 1:
        ana.hears("hello")
    if number == 2:
        for tab in (ana, ben):
            expect(tab.page.locator(".remark.closed")).to_contain_text("Closed 1011")
    if number >= 3:
        for tab in (ana, ben):
            tab.hears("hello")
    names = [
        line for server in servers for line in server.log.text.splitlines() if "specific." in line
    ]
    assert len(set(names)) == len(names) >= 2
    assert len({name.partition("!")[0] for name in names}) == len(servers)


@pytest.fixture
def looks(monkeypatch):
    """What `look` shows of a Redis that no other test uses."""
    with redis_server.private() as redis:
        monkeypatch.setenv("REDIS_URL", redis.url)
        layer = looking.layer_of(STEP3, solution=True)
        yield lambda: str(looking.held_by(layer))


@pytest.mark.parametrize("discards", [True, False])
def test_step3_look_shows_who_is_in_the_room(discards, looks, begun, visit):
    _, *lines = readmes.seen(STEP3)["5"]
    assert lines[0] == "group chat_lobby: 2 channels"
    server = begun(STEP3, [1, 2, 3, 5, *([4] if discards else [])])
    tabs = [Tab(visit(server, "/chat/lobby/")).is_open() for _ in range(2)]
    is_seen(lines, looks)
    tabs[0].page.close()
    is_seen(["A browser left"], lambda: server.log.text)  # printed after the group was left
    assert f"chat_lobby: {1 if discards else 2} channel" in looks()


def test_step3_the_stretch_task(begun, visit):
    """As the README tells: from the console, in two tabs."""
    server = begun(STEP3, "stretch")
    (snippet,) = readmes.code(STEP2, "js")
    page, other = visit(server, "/chat/"), visit(server, "/chat/lobby/", of="Ben")
    Tab(other).is_open()
    page.add_script_tag(content=snippet)
    page.wait_for_function("socket.readyState === WebSocket.OPEN")
    page.evaluate('socket.send(JSON.stringify({ name: "Ana" }))')
    page.evaluate('socket.send(JSON.stringify({ message: "hello" }))')
    shown = other.locator("#messages")
    expect(shown.locator(".notice span")).to_have_text(readmes.seen(STEP3)["Stretch task"])
    labels = shown.locator(".message .labels").last
    expect(labels).to_contain_text("Ana")
    expect(labels).to_contain_text("specific.")


# Step 4


def test_step4_after_task_1(begun, visit, database):
    server = begun(STEP4, [1], **database)
    tabs = [Tab(visit(server, "/chat/lobby/", of=name)).is_open() for name in ("Ana", "Ben")]
    tabs[0].say("hello")
    answer, error = readmes.seen(STEP4)["1"]
    is_seen([answer], tabs[0].page.locator("#frames").inner_text)
    is_seen([error], lambda: server.log.text)
    for tab in tabs:
        expect(tab.page.locator(".remark.closed").first).to_contain_text("Closed 1011")
        tab.is_open()
    assert not tabs[0].messages.all()


def test_step4_after_task_2(begun, visit, database):
    server = begun(STEP4, [1, 2], **database)
    ana = Tab(visit(server, "/chat/lobby/")).is_open()
    ana.say("hello")
    ana.hears(*readmes.seen(STEP4)["2"])
    ben = Tab(visit(server, "/chat/lobby/", of="Ben")).is_open()
    assert not ben.messages.all()
    ana.say("who is there?")
    for tab in (ana, ben):
        tab.hears("hello", "who is there?")


def test_step4_after_task_3(begun, visit, database):
    server = begun(STEP4, [1, 2, 3], **database)
    ana = Tab(visit(server, "/chat/lobby/")).is_open()
    ana.say("hello")
    ana.hears("hello")
    ben = Tab(visit(server, "/chat/lobby/", of="Ben"))
    ben.hears("hello")
    ana.page.reload()
    ana.hears("hello")
    Program.stop(server)  # its port stays taken
    expect(ana.state).to_have_text("Closed 1006")
    ana.say("is anybody there?")
    is_seen(readmes.seen(STEP4)["3"], ana.page.locator("#waiting").inner_text)
    ana.hears("hello")
    begun(STEP4, [1, 2, 3], port=server.port, **database)
    for tab in (ana, ben):
        tab.hears("hello", "is anybody there?")
    expect(ana.page.locator("#waiting")).to_be_empty()


def test_step4_the_stretch_task(begun, visit, database):
    """As the README tells: from the console."""
    server = begun(STEP4, "stretch", **database)
    tab = Tab(visit(server, "/chat/lobby/")).is_open()
    for number in range(3):
        tab.say(f"message {number}")
    tab.hears(*(f"message {number}" for number in range(3)))
    (snippet,) = readmes.code(STEP2, "js")
    page = visit(server, "/chat/", of="Ben")
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.add_script_tag(content=snippet)
    page.wait_for_function("socket.readyState === WebSocket.OPEN")
    page.evaluate("socket.send(JSON.stringify({ before: 3 }))")

    def shown():
        page.wait_for_timeout(50)  # lets what has happened arrive
        return "\n".join(said)

    is_seen(["2 earlier messages"], shown)


# Step 5


@pytest.fixture
def in_the_room(begun, visit, accounts):
    """in_the_room([1, 2], "ana", "ben"): the server of step 5 with these TODOs done, and a tab of
    each in the lobby."""

    def enter(done, *names, change=None):
        server = begun(STEP5, done, change, **accounts)
        tabs = [
            logged_in(visit(server, "/chat/lobby/", of=name, locale="en"), name).is_open()
            for name in names
        ]
        return server, *tabs

    return enter


def console(page, server) -> list[str]:
    """What the console of a page says after the README's `socket` was made there."""
    said = []
    page.on("console", lambda message: said.append(message.text))
    (snippet,) = readmes.code(STEP5, "js")
    page.add_script_tag(content=snippet.replace("127.0.0.1:8000", server.address))
    return said


def typed(title: str) -> str:
    """The line of that section that is typed into the console."""
    lines = re.findall(r"^    ((?:for|socket)\b.*)$", readmes.sections(STEP5)[title], re.MULTILINE)
    assert len(lines) == 1, lines
    return lines[0]


def is_said(lines: list[str], said: list[str], page) -> None:
    def shown():
        page.wait_for_timeout(50)  # lets what has happened arrive
        return "\n".join(said)

    is_seen(lines, shown)


def test_step5_after_task_1(in_the_room):
    change = ("chat/consumers.py", "        self.limit =", '        print(self.scope["user"])\n')
    change = (*change[:2], f"{change[2]}{change[1]}")
    server, _ = in_the_room([1], "ana", change=change)
    is_seen(readmes.seen(STEP5)["1"], lambda: server.log.text)


def test_step5_after_task_2(begun, visit, accounts):
    server = begun(STEP5, [1, 2], **accounts)
    page = visit(server, "/accounts/login/")
    visit.watch.excuse(" 403")
    said = console(page, server)
    is_said(["closed 1006"], said, page)
    is_seen(readmes.seen(STEP5)["2"], lambda: server.log.text)


def test_step5_after_task_3(in_the_room):
    server, ana = in_the_room([1, 2, 3], "ana")
    said = console(ana.page, server)
    ana.page.wait_for_function("socket.readyState === WebSocket.OPEN")
    ana.page.evaluate(typed("3"))
    is_said(readmes.seen(STEP5)["3"], said, ana.page)
    ana.hears(*(f"flood {number}" for number in range(20)))


def test_step5_after_task_4(in_the_room):
    _, ana = in_the_room([1, 2, 3, 4], "ana")
    ana.say("hello")
    ana.hears("hello")
    is_seen(readmes.seen(STEP5)["4"], ana.page.locator("#frames").inner_text)


def test_step5_after_task_5(in_the_room):
    _, ana = in_the_room([1, 2, 3, 4, 5], "ana")
    is_seen(readmes.seen(STEP5)["5"], ana.page.locator("#frames").inner_text)


def test_step5_after_task_6(in_the_room):
    server, ana, ben = in_the_room([1, 2, 3, 4, 5, 6], "ana", "ben")
    second = Tab(ana.page.context.new_page())
    second.page.goto(ana.page.url)
    second.is_open()
    for tab in (ana, ben, second):
        is_seen(readmes.seen(STEP5)["6"], tab.page.locator("#frames").inner_text)


def test_step5_after_task_7(in_the_room):
    _, ana = in_the_room([1, 2, 3, 4, 5, 6, 7], "ana")
    second = Tab(ana.page.context.new_page())
    second.page.goto(ana.page.url)
    second.is_open().page.get_by_role("button", name="Log out").click()
    is_seen(readmes.seen(STEP5)["7"], ana.page.locator("#messages").inner_text)


def test_step5_after_task_8(in_the_room):
    server, ana = in_the_room([1, 2, 3, 4, 5, 6, 7, 8], "ana")
    said = console(ana.page, server)
    ana.page.wait_for_function("socket.readyState === WebSocket.OPEN")
    ana.page.evaluate(typed("8"))
    is_said(readmes.seen(STEP5)["8"], said, ana.page)


def test_step5_the_stretch_task(in_the_room):
    server, ana, ben = in_the_room("stretch", "ana", "ben")
    expect(ana.page.locator("#people li")).to_have_count(2)
    console(ana.page, server)
    ana.page.wait_for_function("socket.readyState === WebSocket.OPEN")
    ana.page.evaluate(typed("Stretch task"))
    is_seen(readmes.seen(STEP5)["Stretch task"], ben.page.locator("#messages").inner_text)
    assert "psst" not in ana.page.locator("#messages").inner_text()


# Step 6


@pytest.mark.parametrize("task", range(1, 8))
def test_step6_after_each_task(task, tmp_path):
    folder = with_done(STEP6, range(1, task + 1), tmp_path / "step6")
    (words,) = re.findall(r"-k (\w+)`", readmes.sections(STEP6)[str(task)])
    ran = subprocess.run(
        [sys.executable, "manage.py", "test", "-k", words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},  # for the page
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )
    assert readmes.missing(readmes.seen(STEP6)[str(task)], ran.stderr) == [], ran.stderr
    assert "Ran 1 test " in ran.stderr


def test_step6_the_stretch_task(tmp_path):
    folder = copy_of(STEP6.solution, tmp_path / "step6")
    (fault,) = readmes.code(STEP6, "toml")
    (folder / "fault.toml").write_text(fault, encoding="utf-8")
    failed = check("step6", "--stretch", "--project", folder, "--json", **ALL_THE_TIME).failed
    assert readmes.missing(readmes.seen(STEP6)["Stretch task"], failed["message"]) == []


# Step 7


@pytest.fixture
def at_step7(begun, visit, accounts):
    """at_step7([1, 2], "ana"): the server of step 7 with these TODOs done, and a tab of each."""

    def enter(done, *names):
        server = begun(STEP7, done, **accounts)
        return server, *(
            logged_in(visit(server, "/chat/lobby/", of=name, locale="en"), name).is_open()
            for name in names
        )

    return enter


def test_step7_after_task_1(at_step7):
    _, ana, ben = at_step7([1], "ana", "ben")
    ana.say("hello")
    for tab in (ana, ben):
        tab.hears("hello")


def test_step7_after_task_4(at_step7):
    server, ana, _ = at_step7([1, 2, 3, 4], "ana", "ben")
    page = ana.page.context.new_page()

    def shown():
        page.goto(f"http://{server.address}/health/")
        return page.locator("body").inner_text()

    is_seen(readmes.seen(STEP7)["4"], shown)


def test_step7_after_task_5(at_step7):
    server, ana = at_step7([1, 2, 3, 4, 5], "ana")
    server.ask_to_end()
    (line,) = readmes.seen(STEP7)["5"]
    expect(ana.page.locator(".remark.closed").first).to_contain_text(line)
