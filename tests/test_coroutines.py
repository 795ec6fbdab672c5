"""How a coroutine is run at a place: the message, and the edit of the learner's lines."""

import textwrap

import pytest

from workshop.checking.explaining.places import place
from workshop.checking.explaining.project import Project
from workshop.checking.explaining.source import Where

CONSUMER = """\
from asgiref.sync import async_to_sync
from channels.generic.websocket import {base}


class Talk({base}):
{methods}
"""


def edited(tmp_path, base: str, methods: str, name: str) -> tuple[str, str | None]:
    """What is said about the call of `name` that a comment `# here` marks, and the methods after
    the edit; None where there is none."""
    text = CONSUMER.format(base=base, methods=textwrap.indent(textwrap.dedent(methods), "    "))
    file = tmp_path / "talk.py"
    file.write_text(text, encoding="utf-8")
    line = next(n for n, code in enumerate(text.split("\n"), 1) if "# here" in code)
    at = place(Project(tmp_path), Where(file, line), name)
    if at.suggestion is None:
        return at.to_run(), None
    new = at.suggestion.applied_to(text)
    return at.to_run(), textwrap.dedent(new[new.index("):\n") + 3 :]).rstrip("\n")


@pytest.mark.parametrize(
    "base, name, before, after",
    [
        (  # the call stays as it is written
            "AsyncWebsocketConsumer",
            "group_send",
            """\
            async def receive(self, text_data=None, bytes_data=None):
                self.channel_layer.group_send(  # here
                    "a", {'type': "talk"},
                )""",
            """\
            async def receive(self, text_data=None, bytes_data=None):
                await self.channel_layer.group_send(  # here
                    "a", {'type': "talk"},
                )""",
        ),
        (  # in parentheses where the result is used on the spot
            "AsyncWebsocketConsumer",
            "load",
            """\
            async def connect(self):
                self.names = self.load()["names"]  # here""",
            """\
            async def connect(self):
                self.names = (await self.load())["names"]  # here""",
        ),
        (
            "WebsocketConsumer",
            "group_add",
            """\
            def connect(self):
                self.channel_layer.group_add("a", self.channel_name)  # here""",
            """\
            def connect(self):
                async_to_sync(self.channel_layer.group_add)("a", self.channel_name)  # here""",
        ),
        (  # what calls it has to await it; other functions are called get, too
            "AsyncWebsocketConsumer",
            "send",
            """\
            async def receive(self, text_data=None, bytes_data=None):
                self.get(self.scope.get("user"))

            def get(self, text):
                self.send(text)  # here""",
            """\
            async def receive(self, text_data=None, bytes_data=None):
                await self.get(self.scope.get("user"))

            async def get(self, text):
                await self.send(text)  # here""",
        ),
        (  # what is passed to gather() is awaited there
            "AsyncWebsocketConsumer",
            "send",
            """\
            async def receive(self, text_data=None, bytes_data=None):
                await asyncio.gather(self.say("a"), self.say("b"))

            def say(self, text):
                self.send(text)  # here""",
            """\
            async def receive(self, text_data=None, bytes_data=None):
                await asyncio.gather(self.say("a"), self.say("b"))

            async def say(self, text):
                await self.send(text)  # here""",
        ),
    ],
)
def test_the_edit_runs_it(tmp_path, base, name, before, after):
    _, new = edited(tmp_path, base, before, name)
    assert new == textwrap.dedent(after)


@pytest.mark.parametrize(
    "methods",
    [
        # a plain function calls it, which would have to be edited with its own callers
        """\
        async def receive(self, text_data=None, bytes_data=None):
            self.tell()

        def tell(self):
            self.say("a")

        def say(self, text):
            self.send(text)  # here""",
        # a lambda cannot await
        """\
        async def receive(self, text_data=None, bytes_data=None):
            list(map(lambda text: self.send(text), "ab"))  # here""",
        # what yields would be consumed in another way
        """\
        async def receive(self, text_data=None, bytes_data=None):
            list(self.say("a"))

        def say(self, text):
            yield self.send(text)  # here""",
    ],
)
def test_no_edit_where_more_is_to_be_done(tmp_path, methods):
    said, new = edited(tmp_path, "AsyncWebsocketConsumer", methods, "send")
    assert new is None
    assert said


def test_the_words_tell_where_it_is_called(tmp_path):
    methods = """\
    async def receive(self, text_data=None, bytes_data=None):
        self.say("a")

    def say(self, text):
        self.send(text)  # here"""
    said, _ = edited(tmp_path, "AsyncWebsocketConsumer", methods, "send")
    assert said == (
        "say() is a plain `def`, but asynchronous code calls it. Write `async def say`, "
        '`await self.send(text)` in it, and `await self.say("a")` where it is called, on line 7.'
    )
