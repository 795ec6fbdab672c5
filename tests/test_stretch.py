"""The stretch tasks: a right answer passes, what lacks it is told what to do, and no check of the
step itself rejects a project that has done it."""

import tomllib

import pytest

from tests import catalogue
from tests.conftest import ROOT, check, copy_of, edit, quick_check, side_by_side
from workshop import manifest
from workshop.checking import command
from workshop.checking.watching.watch import Watch
from workshop.developing.catalogue import project as project_of

STEPS = [step for step in manifest.steps() if step.stretch.is_file()]
STEP2 = manifest.find("step2")


def answers(step: manifest.Step) -> list[dict]:
    file = step.stretch.with_name("variants.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))["variant"]


ANSWERS = [(step, row) for step in STEPS for row in answers(step)]


@pytest.fixture(scope="module")
def reports(request, tmp_path_factory):
    """Of each answer: what its stretch task's checks found, and what the step's own did."""

    def run(checks, answer):
        step, row = answer
        folder = tmp_path_factory.mktemp(f"{step.short}-{row['name']}") / step.name
        catalogue.written(project_of(step, row), folder, {})
        arguments = [step.short, "--project", folder, "--json"]
        return quick_check(checks, *arguments, "--stretch"), quick_check(checks, *arguments)

    tmp_path_factory.getbasetemp()  # not to be made by several threads at once
    with side_by_side(request, "answer", run) as found:
        yield found


def name_of(answer) -> str:
    return f"{answer[0].short}-{answer[1]['name']}"


@pytest.mark.parametrize("answer", ANSWERS, ids=name_of)
def test_a_right_answer_passes(answer, reports):
    stretch, _ = reports(answer)
    assert stretch.code == 0, stretch.out
    assert stretch.report["stretch"] and stretch.report["total"] == len(stretch.report["checks"])


@pytest.mark.parametrize("answer", ANSWERS, ids=name_of)
def test_the_checks_of_the_step_pass_a_project_that_has_done_it(answer, reports):
    _, core = reports(answer)
    assert core.code == 0, core.out
    assert not core.report["stretch"]


# What a solution lacks, one after another: edits that do a part of the stretch task, and words of
# what is told next.
LACKING = {
    "step1": [([], "asyncio.timeout(2)")],
    "step2": [([], '"notice"')],
    "step3": [([], '"name"')],
}
GREETS = (
    "chat/consumers.py",
    "        await self.accept()\n",
    '        await self.accept()\n        await self.send(text_data=\'{"notice": "hi"}\')\n',
)
ECHO = 'json.dumps({"message": message})'
NAMED = (
    "chat/consumers.py",
    '        message = json.loads(text_data)["message"]\n',
    """        content = json.loads(text_data)
        if "name" in content:
            self.name = content["name"]
            event = {"type": "chat.notice", "notice": f"{self.name} joined"}
            await self.channel_layer.group_send(self.room_group_name, event)
            return
        message = content["message"]
""",
)
HANDLER = (
    "chat/consumers.py",
    "    async def chat_message(",
    """    async def chat_notice(self, event):
        await self.send(text_data=json.dumps({"notice": event["notice"]}))

    async def chat_message(""",
)
EVENT = '{"type": "chat.message", "message": message}'
SENT = '{"message": event["message"]}'
WITH_NAME = [
    NAMED,
    HANDLER,
    ("chat/consumers.py", EVENT, EVENT[:-1] + ', "name": self.name, "channel": self.channel_name}'),
    ("chat/consumers.py", SENT, SENT[:-1] + ', "name": event["name"]}'),
]
WITH_CHANNEL = [
    *WITH_NAME,
    ("chat/consumers.py", 'event["name"]}', 'event["name"], "channel": event["channel"]}'),
]
VIEW = "    return answered(await opponent.thinks_async())\n"
LACKING["step1"] += [
    (
        [
            (
                "hall/views.py",
                VIEW,
                """    try:
        async with asyncio.timeout(2):
            return answered(await opponent.thinks_async())
    except TimeoutError:
        return answered({"move": None})
""",
            )
        ],
        "status_code 504",
    ),
    (
        [
            (
                "hall/views.py",
                VIEW,
                """    async with asyncio.timeout(2):
        return answered(await opponent.thinks_async())
""",
            )
        ],
        "Catch the TimeoutError",
    ),
]
LACKING["step2"] += [
    ([(*GREETS[:2], GREETS[2].replace("notice", "message"))], '{"notice": "Welcome"}'),
    ([GREETS], "without its number"),
    (
        [
            GREETS,
            ("chat/consumers.py", ECHO, 'json.dumps({"message": message, "number": self.count()})'),
            (
                "chat/consumers.py",
                "    async def disconnect",
                """    numbers = []

    def count(self):
        self.numbers.append(self)
        return len(self.numbers)

    async def disconnect""",
            ),
        ],
        "an attribute of self",
    ),
]
LACKING["step3"] += [
    ([NAMED, HANDLER], "without her name"),
    (WITH_NAME, '"channel"'),
    (WITH_CHANNEL, "channel_layer.send(channel, event)"),
]
EARLIER = (
    "chat/consumers.py",
    "        content = json.loads(text_data)\n",
    """        content = json.loads(text_data)
        if "before" in content:
            older = Message.objects.filter(room=self.room_name, id__lt=content["before"])
            frames = [message.as_frame() async for message in older.order_by("-id")[:50]]
            await self.send(text_data=json.dumps({"earlier": frames}))
            return
""",
)
IN_ORDER = EARLIER[2].replace("[:50]]", "[:50]][::-1]")
LACKING["step4"] = [
    ([], '"earlier"'),
    ([EARLIER], "[::-1]"),
    ([(*EARLIER[:2], EARLIER[2].replace("[:50]]", "]"))], "These are 70"),
    ([(*EARLIER[:2], IN_ORDER.replace("id__lt", "id__lte"))], "id__lt"),
    ([(*EARLIER[:2], IN_ORDER.replace("room=self.room_name, ", ""))], "another room"),
]
WHISPER = """        if "to" in content:
            here = Presence.objects.filter(room=self.room_name, user__username=content["to"])
            author = self.scope["user"].username
            frame = {"whisper": content["message"], "author": author}
            async for channel in here.values_list("channel", flat=True):
                event = {"type": "whispered", "frame": frame}
                await self.channel_layer.send(channel, event)
            return
        client_id = content.get("client_id")
"""
WHISPERED = (
    "chat/consumers.py",
    "    async def chat_message(",
    """    async def whispered(self, event):
        await self.send(text_data=json.dumps(event["frame"]))

    async def chat_message(""",
)


def whispering(replace: str = "", by: str = "") -> list[tuple[str, str, str]]:
    return [
        ("chat/consumers.py", WHISPER.splitlines(True)[-1], WHISPER.replace(replace, by)),
        WHISPERED,
    ]


LACKING["step5"] = [
    ([], '"whisper"'),
    (whispering("            return\n", ""), "it was saved"),
    (whispering('self.scope["user"].username', 'content["author"]'), "who is logged in"),
    (whispering("send(channel, event)", "group_send(self.room_group_name, event)"), "alone"),
    (whispering("room=self.room_name, ", ""), "alone"),
    (whispering(), '"error"'),
]


def planted(replace: str, by: str) -> tuple[str, str, str]:
    lines = ('file = "chat/consumers.py"', f"replace = '''{replace}'''", f"by = '''{by}'''")
    return ("fault.toml", "", "\n".join(lines))


LACKING["step6"] = [
    ([], "no fault.toml"),
    ([("fault.toml", "", 'file = "chat/consumers.py"')], "three things"),
    ([("fault.toml", "", "file = chat/consumers.py")], "TOML"),
    ([planted("self.limit.exceeds()", "False")], "exactly once"),
    ([planted("id__gt=self.last_id", "id__gte=self.last_id")], "notices this fault already"),
    ([planted("import asyncio\n", "import asyncio x\n")], "can't be loaded"),
    ([planted("if self.limit.exceeded():", "if False:")], "Write a test that looks at that"),
]

LARGEST = """    here = [consumer for relay in Relay.rooms.values() for consumer in relay.browsers]
    waiting = max((consumer.waiting.qsize() for consumer in here), default=0)
    return JsonResponse({"browsers": len(here), "waiting": waiting})
"""


def measuring(replace: str = "", by: str = "") -> list[tuple[str, str, str]]:
    counts = "sum(len(relay.browsers) for relay in Relay.rooms.values())"
    said = f'    return JsonResponse({{"browsers": {counts}}})\n'
    return [("chat/views.py", said, LARGEST.replace(replace, by) if replace else LARGEST)]


LACKING["step7"] = [
    ([], 'no number under "waiting"'),
    (measuring("max((consumer.waiting.qsize() for consumer in here), default=0)", "0"), "stays 0"),
    (measuring("default=0", "default=1"), "should be 0"),
]
# What goes wrong in the code for it is explained as anywhere.
LACKING["step2"].append(
    ([(*GREETS[:2], GREETS[2].replace("self.send(", "self.sends("))], "no method sends")
)
LACKING["step2"].append(
    ([(*GREETS[:2], GREETS[2].replace("await self.send", "self.send"))], "await")
)
CASES = [(short, edits, words) for short, rows in LACKING.items() for edits, words in rows]
LONG = "asyncio.timeout(2)"  # what it lacks is a limit
EACH = [pytest.param(one, marks=pytest.mark.slow if one[2] == LONG else ()) for one in CASES]


@pytest.fixture(scope="module")
def lacking(request, tmp_path_factory):
    def run(checks, case):
        short, edits, _ = case
        step = manifest.find(short)
        folder = copy_of(step.solution, tmp_path_factory.mktemp(short) / step.name)
        for file, replace, by in edits:
            edit(folder, file, replace, by)
        return quick_check(checks, short, "--project", folder, "--stretch", "--json")

    tmp_path_factory.getbasetemp()
    with side_by_side(request, "case", run) as found:
        yield found


@pytest.mark.parametrize("case", EACH, ids=lambda case: f"{case[0]} {case[2]}")
def test_what_it_lacks_is_told(case, lacking):
    done = lacking(case)
    assert done.code == 1, done.out
    assert case[2] in done.failed["message"], done.failed


# The command


def test_the_answers_of_step2_in_words(tmp_path):
    """As an attendee reads them: no task of the step is counted."""
    project = tmp_path / "copy"
    catalogue.written(project_of(STEP2, answers(STEP2)[0]), project, {})
    done = check("step2", "--stretch", "--project", project)
    assert done.code == 0, done.out
    assert done.out.startswith("step 2 · the stretch task ") and "2 of 2 ✓" in done.out
    assert "TODO" not in done.out


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--hint"], "cannot be combined with --hint"),
        (["--solution"], "checks/step2_echo/stretch/variants.toml"),
    ],
)
def test_what_it_cannot_be_combined_with_is_said(options, why):
    done = check("step2", "--stretch", *options)
    assert done.code == 2 and why in done.err
    assert (ROOT / "checks/step2_echo/stretch/variants.toml").is_file()


def test_a_step_without_one_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(manifest.Step, "stretch", tmp_path / "none.py")
    assert command.main("step2", ["--stretch"]) == 2
    assert "step2 has no stretch task" in capsys.readouterr().err


def test_it_does_not_count_for_done(monkeypatch):
    from workshop.checking.reporting import progress

    recorded = []
    monkeypatch.setattr(progress, "record", recorded.append)
    for stretch in (True, False):
        report = StubReport()
        report.stretch = stretch
        command.show(report, command.parse(STEP2, ["--json"]))
    assert [report.stretch for report in recorded] == [False]


class StubReport:
    step, folder, passed, failed = STEP2, STEP2.starter, True, None

    def as_dict(self):
        return {}


def test_a_watch_of_it_has_no_hints_and_leads_nowhere(capsys):
    watching = Watch(["--stretch"], [])
    watching.step, watching.folder = STEP2, STEP2.starter
    watching.keys.are_heard = True
    watching.say_what_is_next(0)
    assert watching.following() is None
    out = capsys.readouterr().out
    assert "check now" in out and "hint" not in out and "next" not in out
