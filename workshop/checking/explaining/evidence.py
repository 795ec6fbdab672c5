"""What a failed check leaves behind, ready for the diagnoses to query."""

import ast
import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from workshop.checking.events import (
    Busy,
    Caught,
    ConsumerMade,
    Event,
    ExceptionFacts,
    Frame,
    Handles,
    LayerCall,
    NeverAwaited,
    Raised,
    Sends,
    SettingsRead,
)
from workshop.checking.explaining.answering import Answer, answer_at, how_it_is_written
from workshop.checking.explaining.broken import Broken
from workshop.checking.explaining.callers import BY_CHANNELS
from workshop.checking.explaining.consumer import RECEIVERS, Consumer, handler_name
from workshop.checking.explaining.edits import without
from workshop.checking.explaining.errors import Error, error_of, explaining_first
from workshop.checking.explaining.nodes import is_call, last_name, on_self, value_of
from workshop.checking.explaining.origin import expressions_at, made_without_await, written_out
from workshop.checking.explaining.places import Place, place, written_call
from workshop.checking.explaining.project import Project
from workshop.checking.explaining.source import Where
from workshop.checking.explaining.suggestion import Change, Suggestion, suggest
from workshop.checking.explaining.tracebacks import errors_in
from workshop.checking.failures import Closed, Heard, HeardTwice, StillInGroup, StillRunning
from workshop.checking.observers.timeline import Line

E = TypeVar("E", bound=Event)
N = TypeVar("N", bound=ast.AST)
METHODS = ("accept", "close", "send", "send_json", "dispatch")  # of Channels' consumers
GROUP_CALLS = ("group_add", "group_send", "group_discard")


@dataclass
class ProgramEvidence:
    """What one of the attendee's programs left: a server, or step 1's exhibition."""

    log: str
    events: list[Event]
    exit_code: int | None
    may_end: bool = False  # with exit code 0; a server may not


def _waits_for_the_next_event(busy: Busy) -> bool:
    """Whether a consumer has nothing to do, and so the middleware around it waits, too
    (channels.utils.await_many_dispatch)."""
    own = [frame for frame in busy.frames if frame.file.parent.name != "asyncio"]
    return bool(own) and own[-1].function == "await_many_dispatch"


@dataclass
class Evidence:
    """Everything known about one failed check; or, with no failure, about a run that passed."""

    check: str  # "test_a_message_comes_back"
    failure: BaseException | None
    project: Project
    capabilities: frozenset[str] = frozenset()  # that the step teaches, see workshop.toml
    timeline: list[Line] = field(default_factory=list)
    programs: list[ProgramEvidence] = field(default_factory=list)
    # What the programs were doing when asked, and again a moment later.
    busy: list[Busy] = field(default_factory=list)
    still_busy: list[Busy] = field(default_factory=list)
    paths: set[str] | None = None  # of the WebSockets that the check opened; None: of any

    def suggest(self, where: Where | None, *changes: Change) -> Suggestion | None:
        """The edit of the file of this place that makes all the changes; None where the file would
        no longer be Python."""
        source = self.project.source_at(where)
        return suggest(source, *changes) if source and source.tree else None

    def without_call(self, where: Where | None) -> Suggestion | None:
        """The edit that removes the statement at the place, where that is only a call."""
        calls = [node for node in self.nodes_at(where, ast.Expr) if is_call(node)]
        return self.suggest(where, without(calls[-1])) if calls else None

    # What was seen

    def saw(self, *kinds: type) -> bool:
        return isinstance(self.failure, kinds)

    @property
    def status(self) -> int | None:
        """The HTTP status: of the rejected handshake, or of the page."""
        return getattr(self.failure, "status", None)

    @property
    def log(self) -> str:
        return "\n".join(program.log for program in self.programs)

    @property
    def exited(self) -> bool:
        """Whether a program ended that should not have."""
        return any(
            program.exit_code is not None and not (program.may_end and program.exit_code == 0)
            for program in self.programs
        )

    def teaches(self, capability: str) -> bool:
        """Whether the step's project can do this: "chat", "groups" …"""
        return capability in self.capabilities

    # What the programs reported

    def events(self, kind: type[E], **facts) -> list[E]:
        """The events of that class and with these facts, in order, of each program in turn. Of
        those that belong to a WebSocket, only this check's."""
        return [
            event for program in self.programs for event in self.events_of(program, kind, **facts)
        ]

    def events_of(self, program: ProgramEvidence, kind: type[E], **facts) -> list[E]:
        """Those of one program."""
        return [
            event
            for event in program.events
            if isinstance(event, kind)
            and all(getattr(event, name) == value for name, value in facts.items())
            and self._is_ours(event)
        ]

    def _is_ours(self, event: Event) -> bool:
        """Whether it belongs to a WebSocket of this check, or to none."""
        return self.paths is None or getattr(event, "path", None) in {*self.paths, None}

    @cached_property
    def consumers(self) -> list[Consumer]:
        """The consumers that this check's WebSockets reached; where none did, the project's."""
        ran = {event.classes[0] for event in self.events(ConsumerMade)}
        known = self.project.consumers
        return [c for c in known if (c.source.module, c.name) in ran] or known

    def begun(self, kind: str) -> int:
        """How many events of the type, "websocket.receive" say, consumers began to handle."""
        return len(self.events(Handles, type=kind))

    def layer_calls(self, call: str) -> list[LayerCall]:
        """The calls of a method of the channel layer."""
        return self.events(LayerCall, call=call)

    @property
    def settings_read(self) -> SettingsRead | None:
        """The settings that the programs ran with, wherever their values came from."""
        return next(reversed(self.events(SettingsRead)), None)

    @property
    def layer_hosts(self):
        """The value that arrived in "hosts" of the default channel layer; None without one."""
        layers = getattr(self.settings_read, "channel_layers", None)
        for key in ("default", "CONFIG", "hosts"):
            layers = layers.get(key) if isinstance(layers, dict) else None
        return layers

    def waits_in(self, *names: str) -> bool:
        """Whether a task was, when asked, in a function or file of one of these names."""
        return any(
            name in (frame.function, frame.file.name)
            for event in self.busy
            for frame in event.frames
            for name in names
            if event.what == "task"
        )

    def sent(self, kind: str) -> list[Sends]:
        """What consumers sent to their browsers of the type, "websocket.send" say."""
        return self.events(Sends, type=kind)

    def sent_after(self, event: Sends) -> list[Sends]:
        """What the same consumer sent to its browser later."""
        told = next(program.events for program in self.programs if event in program.events)
        later = [e for e in told[told.index(event) + 1 :] if isinstance(e, Sends | ConsumerMade)]
        itself = [e for e in later if e.object == event.object]  # the next one may get its number
        return list(itertools.takewhile(lambda e: isinstance(e, Sends), itself))

    def place(self, event: Event) -> Where | None:
        """The attendee's line that did it."""
        return self._theirs_last(event.frames)

    def places(self, event: Event) -> list[Where]:
        """All of the attendee's lines that led to it, the last one first."""
        theirs = (frame for frame in reversed(event.frames) if self.is_theirs(frame.file))
        return [Where(frame.file, frame.line) for frame in theirs]

    # Exceptions

    @cached_property
    def errors(self) -> list[Error]:
        """The exceptions that ended something of this check's, in order; of those that were raised
        from one another, the one that explains the others first. Then what only a log shows."""
        return [error for error in self._all_errors if error.name != "SystemExit"]

    @property
    def exits(self) -> list[Error]:
        """Where programs were ended by exit() and the like."""
        return [error for error in self._all_errors if error.name == "SystemExit"]

    @cached_property
    def _all_errors(self) -> list[Error]:
        found, chain = [], 0
        for program in self.programs:
            told = set()  # the consumer and then its application report the same exception
            for event in program.events:
                if not isinstance(event, Raised) or event.chain[0].id in told:
                    continue
                told.add(event.chain[0].id)
                if self._is_ours(event):
                    chain += 1
                    order = explaining_first(event.chain, self.is_theirs)
                    found += [error_of(facts, chain) for facts in order]
        return found + self._only_logged(chain)

    @cached_property
    def _told(self) -> list[tuple[int, ExceptionFacts]]:
        """All exceptions that any program reported, from other checks' WebSockets too: each with
        the program's number."""
        return [
            (number, facts)
            for number, program in enumerate(self.programs)
            for event in program.events
            if isinstance(event, Raised)
            for facts in event.chain
        ]

    def _only_logged(self, chain: int) -> list[Error]:
        known = {error_of(facts, 0).brief for _, facts in self._told}
        logged = errors_in(self.log, self.project.folder, chain)
        return [error for error in logged if error.brief not in known]

    @cached_property
    def swallowed(self) -> list["Swallowed"]:
        """What the learner's own code swallowed: the exceptions that nothing saw afterwards except
        the event loop, which only complains."""
        met = {
            (number, event.chain[0].id)
            for number, program in enumerate(self.programs)
            for event in program.events
            if isinstance(event, Raised) and event.by != "loop"
        }
        return [
            Swallowed(error_of(event.chain[0], 0), self.place(event), event)
            for number, program in enumerate(self.programs)
            for event in program.events
            if isinstance(event, Caught) and self._is_ours(event)
            if (number, event.chain[0].id) not in met
            if event.chain[0].type not in ("StopConsumer", "CancelledError")
        ]

    def as_if_raised(self, swallowed: "Swallowed") -> "Evidence":
        """The evidence there would be if nothing had caught it: the exception ends the consumer."""
        order = explaining_first(swallowed.event.chain, self.is_theirs)
        found = replace(self, failure=Closed("browser", 1011))
        found.__dict__["errors"] = [error_of(facts, 0) for facts in order]
        return found

    def error(self, pattern: str | re.Pattern) -> Error | None:
        """The first error whose "Type: message" matches the regular expression."""
        return next((error for error in self.errors if re.search(pattern, error.text)), None)

    def logged(self, pattern: str) -> re.Match | None:
        return re.search(pattern, self.log, re.MULTILINE)

    # Where it happened

    def is_theirs(self, file: Path | str) -> bool:
        """Whether the file is the attendee's: in the step's folder and not an installed package."""
        return self.project.has(str(file))

    def where(self, error: Error) -> Where | None:
        """The attendee's own last line in the traceback, or in those chained to it."""
        others = [e for e in self.errors if e.chain == error.chain and e is not error]
        for one in (error, *others):
            if where := self._theirs_last(one.frames):
                return where
        return None

    def raised_by_them(self, error: Error) -> bool:
        """Whether the attendee's own line raised it, not one that it called."""
        return bool(error.frames) and self.is_theirs(error.frames[-1].file)

    @cached_property
    def broken(self) -> Broken | None:
        """The learner's file that Python could not read, and the line where it stopped."""
        for error in self.errors:
            if error.name in ("SyntaxError", "IndentationError", "TabError") and error.frames:
                source = self.project.source_at(Where(error.frames[-1].file))
                if source and source.error and "utf-8" not in error.message:
                    return Broken(source, source.error)
        return None

    def on_their_line(self, error: Error) -> bool:
        """Whether the learner's own line raised it, and it was the first thing to go wrong."""
        return error is self.errors[0] and self.raised_by_them(error)

    def nodes_at(self, where: Where | None, *types: type) -> list[ast.AST]:
        """The nodes of the attendee's syntax tree at a place."""
        source = self.project.source_at(where)
        return source.at(where.line, *types) if source else []

    def only_at(self, where: Where | None, kind: type[N], is_meant=bool) -> N | None:
        """The one node of that type at a place that is meant; None where there are several."""
        found = [node for node in self.nodes_at(where, kind) if is_meant(node)]
        return found[0] if len(found) == 1 else None

    def statement_at(self, where: Where | None) -> ast.stmt | None:
        """The innermost statement at a place."""
        return next(reversed(self.nodes_at(where, ast.stmt)), None)

    def code_at(self, where: Where | None, node: ast.AST) -> str:
        """A node of the file of this place, as it is written."""
        return self.project.source_at(where).code(node)

    def at(self, where: Where | None, name: str | None = None) -> Place:
        """What kind of function a place is in, and how the coroutine of the call there, of
        something whose last name is `name`, is run."""
        return place(self.project, where, name)

    def call_for(self, where: Where | None, function: str, arguments: str) -> str:
        """The code that calls a method of the consumer or of the channel layer in the function at
        the place; in the consumer's methods where that is not known."""
        if self.project.function_at(where):
            return written_call(self.project.is_async_at(where), function, arguments)
        return written_call(self.consumer is None or self.consumer.is_async, function, arguments)

    def in_group_handler(self, where: Where | None) -> bool:
        """Whether the place is in a method that takes what was sent to groups."""
        method = self.project.method_at(where)
        return bool(method) and method.name in self.group_handlers

    @property
    def group(self) -> str:
        """The room's group as the consumer writes it where it calls the layer."""
        for consumer in self.consumers:
            for call in consumer.nodes(ast.Call):
                if last_name(call.func) in GROUP_CALLS or any(
                    last_name(node) in GROUP_CALLS for node in getattr(call.func, "args", ())
                ):
                    if call.args and on_self(call.args[0]) and "channel" not in call.args[0].attr:
                        return f"self.{call.args[0].attr}"
        return "self.room_group_name"

    def answer(self, where: Where | None, message: str = "") -> Answer:
        """What answers the browser from the place: in the handler of a group's messages the message
        is in its event. `message` is how it is written there, where that is known."""
        is_async = self.consumer is None or self.consumer.is_async
        if self.project.function_at(where):
            is_async = self.project.is_async_at(where)
        return answer_at(self.at(where), self.in_group_handler(where), is_async, message)

    def group_answer(self, where: Where | None) -> Answer:
        """What sends the message to the room's group, and so to the consumer's own handler."""
        types = [name.replace("_", ".") for name in self.own_handlers]
        kind = types[0] if len(types) == 1 else "chat.message"
        answer = self.answer(where)
        message = how_it_is_written(answer.at.function, False)
        event = f'{self.group}, {{"type": "{kind}", "message": {message}}}'
        return replace(answer, code=self.call_for(where, "self.channel_layer.group_send", event))

    @property
    def own_handlers(self) -> list[str]:
        """The methods of the consumer that take one argument, as a group's messages are given, and
        that neither Channels nor the consumer itself calls."""
        methods = self.consumer.methods.values() if self.consumer else ()
        return [
            method.name
            for method in methods
            if len(method.args.args) == 2 and method.name not in (*BY_CHANNELS, *METHODS)
            if not self.consumer.mentions(method.name)
        ]

    def _theirs_last(self, frames: Sequence[Frame]) -> Where | None:
        found = self._theirs_innermost(frames)
        return found and Where(found.file, found.line)

    def _theirs_innermost(self, frames: Sequence[Frame]) -> Frame | None:
        """The learner's own last frame; one in a file that came with the step only where there is
        no other."""
        theirs = [frame for frame in reversed(frames) if self.is_theirs(frame.file)]
        edited = (frame for frame in theirs if not self.project.is_given(frame.file))
        return next(edited, next(iter(theirs), None))

    def never_awaited(self, pattern: str = "") -> tuple[str, Where | None] | None:
        """The first coroutine, of a name that matches, that was created but never awaited: its
        name, and the learner's line that created it."""
        for event in self.events(NeverAwaited):
            if re.search(pattern, event.coroutine):
                return event.coroutine, self.place(event)
        return None

    def coroutine_used(self, error: Error) -> Place:
        """Where the coroutine that an exception complains about was created: on the exception's own
        line, where what is read there got its value, or the one place whose coroutine was not
        awaited."""
        where = self.where(error)
        made = {
            (place, event.coroutine.rpartition(".")[2])
            for event in self.events(NeverAwaited)
            if (place := self.place(event))
        }
        for one in made:
            if one[0] == where:
                return self.at(*one)
        assigned = made_without_await(self.project, where)
        return self.at(*(assigned or (made.pop() if len(made) == 1 else (where, ""))))

    @cached_property
    def stuck(self) -> tuple[str, Where] | None:
        """The learner's line that was running or waiting when the server was asked, with "thread"
        for one that holds its thread and "task" for one that awaits. Its function was busy a moment
        later too: on a slow machine the first look may catch one that has all but ended.
        """
        later = {(what, frame.file, frame.function) for what, frame in self._busy(self.still_busy)}
        found = [
            (what, Where(frame.file, frame.line))
            for what, frame in self._busy(self.busy)
            if (what, frame.file, frame.function) in later
        ]
        return max(found, key=lambda one: one[0] == "thread", default=None)

    def _busy(self, events: list[Busy]) -> Iterator[tuple[str, Frame]]:
        """Of each "thread" and "task" in the learner's code: which it is, and their last frame.
        The thread of an event loop comes first: others may be what it waits for."""
        for event in sorted(events, key=lambda event: not event.holds_a_loop):
            beside = event.what == "task" and self._is_started_by_them(event)
            skipped = event.is_apart or beside or _waits_for_the_next_event(event)
            frame = None if skipped else self._theirs_innermost(event.frames_in_the_loop)
            if frame:
                yield event.what, frame

    def _is_started_by_them(self, task: Busy) -> bool:
        """Whether their own code made this task, with create_task() or the like. It runs beside the
        consumer; whoever awaits it is another task, and is busy at the line that does."""
        return bool(task.frames) and self.is_theirs(task.frames[0].file)

    def line_at(self, where: Where | None) -> str:
        """The text of the learner's line at a place; empty where there is none."""
        source = self.project.source_at(where)
        return source.line(where.line) if source else ""

    def asked(self, error: Error) -> tuple[str, str]:
        """What a KeyError's line asked for the key that is not there: as it is written, and with
        the names in it replaced by what they refer to. Empty where the line doesn't show it."""
        where, node = self.where(error), self.lookup(error)
        if node is None:
            return "", ""
        written = ast.unparse(node.value).replace("'", '"')
        return written, written_out(self.project.source_at(where), node.value, where.line)

    def lookup(self, error: Error) -> ast.Subscript | None:
        """Where a KeyError's line asks for the key that is not there."""
        subscripts = self.nodes_at(self.where(error), ast.Subscript)
        named = [n for n in subscripts if repr(getattr(n.slice, "value", None)) == error.message]
        others = [n for n in subscripts if not isinstance(n.slice, ast.Constant)]
        return next(iter(named or others), None)

    def origin(self, where: Where | None) -> str:
        """The expressions of the learner's line at a place, with the names in them replaced by what
        they refer to."""
        source = self.project.source_at(where)
        found = expressions_at(source, where.line) if source and where.line else []
        return "\n".join(written_out(source, node, where.line) for node in found)

    @property
    def consumer(self) -> Consumer | None:
        """The first of the consumers that this check's WebSockets reached."""
        return next(iter(self.consumers), None)

    def consumer_with(self, method: str | None) -> Consumer | None:
        """The first of them that has a method of that name."""
        return next((c for c in self.consumers if method in c.methods), None)

    def in_question(self, method: str | None) -> bool:
        """Whether the failure can come from the method: what was seen after somebody left comes
        from disconnect(), and everything else from the rest."""
        leaving = method in ("disconnect", "websocket_disconnect")
        return leaving == self.saw(StillInGroup, StillRunning)

    @property
    def denied_for_origin(self) -> bool:
        """Whether Channels' own WebsocketDenier answered, to which an OriginValidator passes every
        browser that it rejects."""
        return any(event.name == "WebsocketDenier" for event in self.events(ConsumerMade))

    # For rules about the layer and the frames

    def saw_only(self, *kinds: type) -> bool:
        """Whether it was one of these failures, and no exception says why."""
        return self.saw(*kinds) and not self.errors

    @property
    def heard_again(self) -> bool:
        """Whether what a browser heard in place of another message came to it more than once. What
        arrived after that does not count: how much of it there is depends only on the machine's
        speed."""
        if not self.saw(Heard):
            return False
        who, heard = self.failure.who, self.failure.heard
        came = [line.text for line in self.timeline if (line.who, line.direction) == (who, "in")]
        return self.saw(HeardTwice) or [message_in(text) for text in came].count(heard) > 1

    @property
    def group_handlers(self) -> set[str]:
        """The names of the methods that take what was sent to groups."""
        return {handler_name(call.type) for call in self.layer_calls("group_send")}

    @property
    def receivers(self) -> Iterator[tuple[Consumer, ast.FunctionDef | ast.AsyncFunctionDef]]:
        """The methods that Channels calls with what browsers say, each with its consumer."""
        for consumer in self.consumers:
            for name in RECEIVERS:
                if name in consumer.methods and (consumer.is_json or name != "receive_json"):
                    yield consumer, consumer.methods[name]

    def mention(self, name: str) -> Where | None:
        """The first place in a consumer that names something whose last name is `name`."""
        for consumer in self.consumers:
            for node in consumer.mentions(name):
                return consumer.where(node)
        return None

    def where_called(self, call: LayerCall) -> Where | None:
        """The learner's line that called the layer; a mention of the method where the line is
        unknown."""
        return self.place(call) or self.mention(call.call)

    def where_group_sent(self) -> Where | None:
        """The learner's line that sent to a group first."""
        places = (self.place(call) for call in self.layer_calls("group_send"))
        return next(filter(None, places), None) or self.mention("group_send")

    def where_sent(self) -> Where | None:
        """The learner's line that sent to a browser last; the first line that would where it is
        not known."""
        for event in reversed(self.sent("websocket.send")):
            if where := self.place(event):
                return where
        for consumer in self.consumers:
            for call in consumer.calls("send") + consumer.calls("send_json"):
                if on_self(call.func):
                    return consumer.where(call)
        return None

    def where_type(self, kind: str) -> Where | None:
        """The learner's line that writes the message type `kind`; the one that sends to a group
        where no dictionary has it."""
        for consumer in self.consumers:
            for node in consumer.nodes(ast.Dict):
                value = value_of(node, "type")
                if isinstance(value, ast.Constant) and value.value == kind:
                    return consumer.where(value)
        return self.where_group_sent()


def message_in(text: str):
    """What is under "message" in a frame; None where it has no such thing."""
    try:
        return json.loads(text)["message"]
    except (ValueError, LookupError, TypeError):
        return None


@dataclass(frozen=True)
class Swallowed:
    """An exception that the learner's code caught, and where."""

    error: Error
    where: Where | None
    event: Caught

    @property
    def function(self) -> str:
        """The name of the function that caught it."""
        return self.event.frames[-1].function if self.event.frames else ""


@dataclass(frozen=True)
class Diagnosis:
    """Why a check failed: a name that tests use, one or two sentences, a place."""

    id: str
    message: str
    where: Where | None = None
    suggestion: Suggestion | None = None
