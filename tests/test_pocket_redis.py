"""The pocket Redis: it answers as Valkey does, and the workshop runs on it."""

import ast
import asyncio
import contextlib
import inspect
import itertools
import json
import os
import re
import socket
import struct
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import channels_redis.core
import psutil
import pytest
import redis
from websockets.asyncio.client import connect

from tests.catalogue import entries, name_of, project_of
from tests.conftest import AT_ONCE, check, first_of, quick_check, run_coroutine, side_by_side
from tests.recorded import Event, Replay, recorder
from tests.redis_commands import Sequence
from tests.resp import Connection, Typed, encoded
from workshop import doctor, manifest, redis_server
from workshop.checking.command import content
from workshop.checking.processes import server as servers
from workshop.checking.processes.preloaded import QuickChecks
from workshop.checking.processes.server import Server
from workshop.looking import Layer, held_by
from workshop.pocket_redis import protocol, store
from workshop.pocket_redis.arguments import pattern
from workshop.pocket_redis.commands import scripts

ALL = os.environ.get("WORKSHOP_POCKET") == "all"  # takes half an hour
packaged = pytest.mark.skipif(not redis_server._packaged(), reason="no Valkey to compare with")


@pytest.fixture(scope="module")
def pocket():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKSHOP_REDIS", "pocket")
        with redis_server.private() as server:
            yield server


@pytest.fixture(scope="module")
def valkey():
    with redis_server.private() as server:
        yield server


@pytest.fixture
def client(pocket):
    with redis.from_url(pocket.url) as client:
        client.flushall()
        yield client


@pytest.fixture
def open_one(pocket):
    """A function that opens a plain connection to the pocket Redis."""
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(Connection(pocket.port))


# Beside Valkey

UNORDERED = {"KEYS", "SCAN", "SMEMBERS", "PUBSUB"}


def comparable(reply):
    """The reply, with its type, as tuples and lists."""
    if isinstance(reply, Typed):
        return reply.mark, comparable(reply.value)
    if isinstance(reply, list):
        return [comparable(item) for item in reply]
    return reply


def in_one_order(reply):
    if isinstance(reply, tuple):
        return reply[0], in_one_order(reply[1])
    return sorted(map(in_one_order, reply), key=repr) if isinstance(reply, list) else reply


def compare(commands: list, *ports: int) -> None:
    """Send the commands to the servers, and compare all that they answer."""
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(Connection(port)) for port in ports]
        for connection in connections:
            connection.socket.sendall(b"".join(map(encoded, commands)))
        answers = [list(map(comparable, one.read_all())) for one in connections]
    any_order = any(words[0].upper() in UNORDERED for words in commands)
    expected, got = (list(map(in_one_order, one)) if any_order else one for one in answers)
    assert got[1:] == expected[1:], commands  # the first is HELLO's: who is it?


@packaged
@pytest.mark.parametrize("first", range(0, 100, 25))
def test_random_commands_are_answered_as_by_valkey(first, valkey, pocket):
    for seed in range(first, first + 25):
        compare(Sequence(seed).commands, valkey.port, pocket.port)


@packaged
@pytest.mark.slow
@pytest.mark.skipif(not ALL, reason="ten thousand sequences: only with WORKSHOP_POCKET=all")
@pytest.mark.parametrize("first", range(100, 10_000, 100) if ALL else [100])
def test_ten_thousand_sequences_are_answered_as_by_valkey(first, valkey, pocket):
    for seed in range(first, first + 100):
        compare(Sequence(seed).commands, valkey.port, pocket.port)


@packaged
def test_scores_are_written_as_by_valkey(valkey, pocket):
    scores = "0 -0.0 3.0 0.1 1e15 1e16 1e17 1e20 1e21 123e25 1.5e300 5e-324 1e-7 0.0001 0.00001"
    scores += " 123456789012345680 9007199254740993 12345678901234567890 4611686018427387904 inf"
    scores += " 1732888319.1234567 1732888319.123456 0.30000000000000004 -17.25 -inf infinity +1 1."
    for version in "2", "3":
        for score in scores.split():
            words = [["HELLO", version], ["DEL", "z"], ["ZADD", "z", score, "m"]]
            compare([*words, ["ZSCORE", "z", "m"], ["QUIT"]], valkey.port, pocket.port)


@packaged
@pytest.mark.parametrize(
    "sent",
    [
        b"PING\r\nECHO 'a b'\r\n\r\nPING\n",
        b"*-1\r\nPING\r\n*1\r\n$4\r\nPING\r\n",
        b"*1\r\n+PING\r\nPING\r\n",
        b"*x\r\nPING\r\n",
        b"*1\r\n$x\r\nPING\r\n",
        b"*1\r\n$-1\r\nPING\r\n",
        b"PING 'a\r\nPING\r\n",
        b"*1\r\n$600000000\r\n",
        b"PING\r\n\x16\x03\x01\x02\0 hello\n",  # of TLS: what waits for a NUL gets no answer
    ],
)
def test_what_is_not_resp_is_refused_as_by_valkey(sent, valkey, pocket):
    answers = []
    for server in (valkey, pocket):
        with Connection(server.port) as connection:
            connection.socket.sendall(sent + b"QUIT\r\n")
            connection.socket.shutdown(socket.SHUT_WR)
            answers.append(connection.read_all())
    assert answers[0] == answers[1]


# What the workshop sends

QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


def monitored(line: bytes) -> tuple[str, list[bytes]]:
    """Who sent it, and the words, of a line that MONITOR shows."""
    head, quoted = line.decode("latin-1").split("] ", 1)
    words = QUOTED.findall(quoted)
    return head.split()[-1], [ast.literal_eval(f'b"{word}"') for word in words]


@contextlib.contextmanager
def record(port: int):
    """A list that fills with all commands that a Redis gets, and from whom."""
    log = []
    with Connection(port) as monitor, Connection(port) as own:

        def read():
            with contextlib.suppress(EOFError):
                while (line := monitor.read().value) and b'"end of the record"' not in line:
                    log.append(monitored(line))

        monitor.call("MONITOR")
        thread = threading.Thread(target=read)
        thread.start()
        try:
            yield log
        finally:
            own.call("ECHO", "end of the record")
            thread.join()


def differences(events: list[Event], *ports: int) -> list[str]:
    """What the servers answer differently, of recorded traffic."""
    with contextlib.ExitStack() as stack:
        replays = [stack.enter_context(Replay(port)) for port in ports]
        for replay in replays:
            replay.event(-1, [b"FLUSHALL"])
        for number, words in events:
            for replay in replays:
                replay.event(number, words)
    expected, got = (comparable_answers(replay) for replay in replays)
    assert sum(map(len, got.values())) > 50
    return [
        f"connection {number}: {theirs} was answered by {ours}"
        for number in expected | got
        for theirs, ours in itertools.zip_longest(expected[number], got[number])
        if theirs != ours
    ]


SCORE = re.compile(rb"\d+\.\d+(?:e\+\d+)?")


def comparable_answers(replay: Replay) -> dict:
    """What the server answered on each connection, with the scores of messages (the time) as
    numbers: of 20,000 times, Valkey writes 15 with another last digit, or one more, than the
    shortest that reads back as the same number, which the pocket Redis writes."""
    found = defaultdict(list)
    for number, answers in replay.answers.items():
        for any_order, reply in answers:
            one = with_numbers(comparable(reply))
            found[number].append(in_one_order(one) if any_order else one)
    return found


def with_numbers(reply):
    if isinstance(reply, list | tuple):
        return type(reply)(map(with_numbers, reply))
    is_score = isinstance(reply, bytes) and SCORE.fullmatch(reply)
    return float(reply) if is_score else reply


def sent_in(events: list[Event]) -> set[bytes]:
    return {words[0].upper() for _, words in events if words}


@packaged
def test_the_traffic_of_the_solution_is_answered_as_by_valkey(valkey, pocket):
    with recorder(valkey.port) as (port, events):
        done = check("step3", "--solution", REDIS_URL=f"redis://127.0.0.1:{port}")
    assert done.code == 0, done.out + done.err
    assert {b"EVAL", b"BZPOPMIN", b"ZADD", b"EXPIRE"} <= sent_in(events)
    found = differences(events, valkey.port, pocket.port)
    assert not found, "\n".join(found)


@packaged
@pytest.mark.slow
@pytest.mark.skipif(not ALL, reason="the whole catalogue: only with WORKSHOP_POCKET=all")
def test_the_traffic_of_the_catalogue_is_answered_as_by_valkey(valkey, pocket, tmp_path):
    def run(entry):
        project = project_of(entry, tmp_path / name_of(entry))
        return quick_check(checks, entry[0], "--project", project, "--json").code

    with recorder(valkey.port) as (port, events), pytest.MonkeyPatch.context() as patch:
        patch.setenv("REDIS_URL", f"redis://127.0.0.1:{port}")
        with QuickChecks(content()) as checks, ThreadPoolExecutor(AT_ONCE) as pool:
            codes = list(pool.map(run, CATALOGUE))
    assert set(codes) == {0, 1}
    print(len(events), "events, of", *sorted(sent_in(events)))
    found = differences(events, valkey.port, pocket.port)
    assert not found, "\n".join(found)


def lua_of_channels_redis() -> list[str]:
    tree = ast.parse(inspect.getsource(channels_redis.core))
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return [value for value in constants if "redis.call" in str(value)]


def test_the_scripts_are_those_of_channels_redis():
    assert {scripts.digest(one.encode()) for one in lua_of_channels_redis()} == set(scripts.SCRIPTS)


RESTORE, FLUSH, SEND = (
    next(lua for lua in lua_of_channels_redis() if part in lua)
    for part in ("WITHSCORES", "'keys'", "over_capacity")
)
WITH_SCRIPTS = [
    ["FLUSHALL"],
    ["ZADD", "q$inflight", "1.5", "b", "1732888319.123456", "a"],
    ["ZADD", "q", "1", "c"],
    ["EVAL", RESTORE, "0", "q", "q$inflight"],
    ["ZRANGE", "q", "0", "-1", "WITHSCORES"],
    ["EVAL", SEND, "2", "q", "p", "for q", "for p", "3", "100", "5.5", "60"],
    ["EVAL", SEND, "1", "p", "again", "1", "6", "60"],
    ["ZRANGE", "p", "0", "-1", "WITHSCORES"],
    ["PERSIST", "p"],
    ["SET", "other", 'a\\"\n\r\t\x07\x08\x00é'],
    ["MULTI"],
    ["EVAL", FLUSH, "0", "q*"],
    ["EXEC"],
    ["EXISTS", "q", "p"],
    ["EVAL", FLUSH, "0", "none*"],
    ["QUIT"],
]


@packaged
def test_scripts_and_monitor_do_as_in_valkey(valkey, pocket):
    """A monitor sees the commands in a script too."""
    with record(valkey.port) as expected, record(pocket.port) as got:
        compare([["HELLO", "2"], *WITH_SCRIPTS], valkey.port, pocket.port)
    logs = [
        [(who == "lua", words) for who, words in log if words[0] != b"HELLO"]
        for log in (expected, got)
    ]
    assert logs[0] == logs[1] and len(logs[1]) > len(WITH_SCRIPTS)


def test_other_lua_is_refused(client):
    with pytest.raises(redis.ResponseError, match="no Lua except the scripts of channels_redis"):
        client.eval("return 1", 0)
    assert client.ping()


# Waiting


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize(
    "wait, give, left",
    [
        (["BZPOPMIN", "key", "0"], ["ZADD", "key", "1", "message"], ["ZCARD", "key"]),
        (["BLPOP", "key", "0"], ["RPUSH", "key", "message"], ["LLEN", "key"]),
    ],
)
def test_a_client_that_left_takes_nothing(client, open_one, how, wait, give, left):
    leaves, stays = open_one(), open_one()
    leaves.send(*wait)
    until(lambda: client.info("clients")["blocked_clients"] == 1)
    if how == "reset":
        at_once = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
        leaves.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    leaves.__exit__()
    until(lambda: client.info("clients")["blocked_clients"] == 0)
    assert stays.call(*give) == 1
    assert stays.call(*left) == 1
    assert b"message" in stays.call(*wait)


def test_what_waits_longest_is_served_first_and_once(client, open_one):
    waiting = [open_one() for _ in range(3)]
    for number, one in enumerate(waiting, 1):
        one.send("BZPOPMIN", "empty", "key", "0")
        until(lambda n=number: client.info("clients")["blocked_clients"] == n)
    client.zadd("key", {"second": 2, "first": 1})
    assert waiting[0].read() == [b"key", b"first", b"1"]
    assert waiting[1].read() == [b"key", b"second", b"2"]
    assert not waiting[2].has_reply() and client.zcard("key") == 0
    client.zadd("empty", {"third": 3})
    assert waiting[2].read() == [b"empty", b"third", b"3"]


def test_what_a_transaction_stores_is_given_when_it_has_ended(client, open_one):
    waiting = open_one()
    waiting.send("BZPOPMIN", "key", "0")
    until(lambda: client.info("clients")["blocked_clients"] == 1)
    stored = client.pipeline().zadd("key", {"a": 1}).zcard("key").bzpopmin("none").execute()
    assert stored == [1, 1, None], "it saw its own, and doesn't wait itself"
    assert waiting.read() == [b"key", b"a", b"1"]


def test_commands_behind_one_that_waits_wait_too(client, open_one):
    one = open_one()
    one.send("BZPOPMIN", "key", "0")
    one.send("PING")
    until(lambda: client.info("clients")["blocked_clients"] == 1)
    assert not one.has_reply()
    client.zadd("key", {"a": 1})
    assert one.read() == [b"key", b"a", b"1"]
    assert one.read() == Typed("+", b"PONG")


def test_waiting_ends_when_its_time_is_over(client):
    assert client.bzpopmin("none", timeout=0.01) is None
    assert client.info("clients")["blocked_clients"] == 0


def until(is_so) -> None:
    while not is_so():
        pass


# Expiry


def test_what_has_expired_is_gone_for_every_command(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(store.time, "time", lambda: now)
    database = store.Database()
    for key in (b"a", b"b", b"c", b"d"):
        database.set(key, b"value")
        database.expire_at(key, 1010)
    database.expire_at(b"d", None)
    database.set(b"c", b"new", keep_expiry=True)
    now = 1009.9
    assert len(database) == 4 and database.expires() == 3
    now = 1010
    assert b"a" not in database and database.get(b"b", bytes) is None
    assert list(database) == [b"d"] and database.expires() == 0


def test_a_key_expires(client):
    client.set("key", "value", px=20)
    client.zadd("group", {"channel": 1})
    client.expire("group", 1000)
    client.zadd("other", {"channel": 1})
    assert 900 < client.ttl("group") <= 1000
    assert (client.ttl("other"), client.ttl("none")) == (-1, -2)
    assert client.delete("other")
    until(lambda: not client.exists("key"))
    assert client.get("key") is None and client.keys() == [b"group"]


def test_what_is_not_asked_for_expires_too(client, pocket):
    """Or it would stay in memory."""
    client.set("key", "value", px=20)
    until(lambda: client.info("keyspace") == {})


# Publish and subscribe


@pytest.mark.parametrize("version", [2, 3])
def test_publish_and_subscribe(pocket, version):
    with redis.from_url(pocket.url, protocol=version) as client, client.pubsub() as pubsub:
        assert client.publish("room", "nobody hears it") == 0
        pubsub.subscribe("room")
        pubsub.psubscribe("r?om", "[^r]*")
        kinds = [pubsub.get_message(timeout=60)["type"] for _ in range(3)]
        assert kinds == ["subscribe", "psubscribe", "psubscribe"]
        assert client.pubsub_numsub("room", "other") == [(b"room", 1), (b"other", 0)]
        assert client.publish("room", b"\x00hello\r\n") == 2
        heard = [pubsub.get_message(timeout=60) for _ in range(2)]
        assert [one["type"] for one in heard] == ["message", "pmessage"]
        assert {one["data"] for one in heard} == {b"\x00hello\r\n"}
        pubsub.unsubscribe()
        pubsub.punsubscribe()
        until(lambda: client.pubsub_numpat() == 0 and client.pubsub_channels() == [])


def test_a_subscriber_that_left_is_forgotten(client, open_one):
    one = open_one()
    one.call("SUBSCRIBE", "room")
    one.__exit__()
    until(lambda: client.pubsub_channels() == [])
    assert client.publish("room", "x") == 0


def test_a_subscriber_that_reads_nothing_is_cut_off(client, open_one):
    """Or what it doesn't read would fill the memory."""
    one = open_one()
    one.call("SUBSCRIBE", "room")
    sent = 0
    while client.publish("room", "x" * 2**20):
        sent += 1
        assert sent < 200
    assert client.ping()


def test_a_client_that_does_not_read_its_replies_is_not_read_either(client, open_one):
    client.set("large", "x" * 2**20)
    one = open_one()
    one.socket.settimeout(0.1)
    with contextlib.suppress(TimeoutError):
        while True:  # until nothing more is taken
            one.socket.sendall(encoded(["GET", "large"]) * 1000)
    assert psutil.Process(client.info()["process_id"]).memory_info().rss < 500 * 2**20
    assert client.ping()


# The protocol


def test_a_command_may_arrive_in_any_pieces():
    sent = encoded(["ZADD", "key", "1", "a\r\nb", ""]) + b"PING x\r\n" + encoded(["PING"])
    expected = [[b"ZADD", b"key", b"1", b"a\r\nb", b""], [b"PING", b"x"], [b"PING"]]
    for size in range(1, len(sent) + 1):
        parser, found = protocol.Parser(), []
        for at in range(0, len(sent), size):
            parser.feed(sent[at : at + size])
            while (words := parser.next()) is not None:
                found.append(words)
        assert found == expected, size


def test_an_error_of_ours_is_a_reply_and_closes_nothing(monkeypatch, capsys):
    """As is any other exception in a command."""
    from workshop.pocket_redis.client import Client
    from workshop.pocket_redis.registry import Command
    from workshop.pocket_redis.server import Server as PocketServer

    def fails(client):
        raise ZeroDivisionError

    client = Client(PocketServer(0))
    command = Command("FAILS", fails, 0, 0, silent=False, at_once=False)
    reply = client._run(command, [], [b"FAILS"], "somebody")
    assert protocol.encode(reply, 2).startswith(b"-ERR the pocket Redis failed: ZeroDivisionError")
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize(
    "glob, matches, others",
    [
        (b"asgi:*", [b"asgi:", b"asgi:group:a\nb"], [b"asg", b"xasgi:"]),
        (b"a?c", [b"abc", b"a\nc"], [b"ac", b"abbc"]),
        (b"[a-c]x", [b"bx"], [b"dx", b"x"]),
        (b"[^a]x", [b"bx"], [b"ax"]),
        (b"\\*\\[", [b"*["], [b"a["]),
        (b"[\\]]", [b"]"], [b"\\"]),
        (b".+$", [b".+$"], [b"aa$"]),
    ],
)
def test_patterns(glob, matches, others):
    assert all(map(pattern(glob), matches)) and not any(map(pattern(glob), others))


def test_a_password_protects_everything(monkeypatch):
    monkeypatch.setenv("WORKSHOP_REDIS", "pocket")
    with redis_server.private("--requirepass", "secret") as server:
        with Connection(server.port) as one:
            for words in (["GET", "x"], ["SHUTDOWN"], ["MONITOR"], ["HELLO", "3"], ["EVAL", "", 0]):
                assert one.call(*words).value.startswith(b"NOAUTH"), words
            assert one.call("AUTH", "wrong").value.startswith(b"WRONGPASS")
            assert one.call("HELLO", "3", "AUTH", "default", "secret").mark == "%"
            assert one.call("GET", "x") == Typed("_", b"")


# The workshop on it


def test_it_says_what_it_is(client, pocket, monkeypatch):
    assert client.info("server")["pocket_redis"] == "for a workshop and not for production"
    monkeypatch.setenv("REDIS_URL", pocket.url)
    found = doctor.redis()
    assert not found.advice
    assert "Pocket Redis" in found.seen and "not for production" in found.seen


@pytest.mark.parametrize("time", first_of(range(100 if ALL else 3)))
def test_the_solution_passes(time, pocket):
    done = check("step3", "--solution", REDIS_URL=pocket.url)
    assert done.code == 0, done.out + done.err


@pytest.mark.slow
def test_a_quiet_websocket_stays_open(pocket, monkeypatch):
    """For eight seconds; with WORKSHOP_POCKET=all, for a minute."""
    monkeypatch.setattr(doctor, "QUIET", 60 if ALL else 8)
    monkeypatch.setattr(servers, "STARTS_WITHIN", 300)  # on a busy machine
    monkeypatch.setenv("REDIS_URL", pocket.url)
    findings = run_coroutine(doctor.chat())
    assert len(findings) == 2 and not any(finding.advice for finding in findings), findings


LAYERS = {
    "core": "channels_redis.core.RedisChannelLayer",
    "pubsub": "channels_redis.pubsub.RedisPubSubChannelLayer",
}


@pytest.mark.slow
@pytest.mark.parametrize("layer", LAYERS)
def test_fifty_browsers_on_two_servers_hear_the_same(layer, pocket, client, tmp_path):
    """Each hears all messages, once, and those of one server in their order."""
    solution = manifest.find("step3").solution
    other_layer = f"CHANNEL_LAYERS['default']['BACKEND'] = '{LAYERS[layer]}'"
    settings = f"from mysite.settings import *\n{other_layer}\n"
    (tmp_path / "other_layer.py").write_text(settings, encoding="utf-8")
    variables = {
        "REDIS_URL": pocket.url,
        "DJANGO_SETTINGS_MODULE": "other_layer",
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{manifest.ROOT}",
    }
    servers = [Server(solution, **variables) for _ in range(2)]

    async def chat():
        for server in servers:
            assert await server.listens(600), server.log.text
        async with contextlib.AsyncExitStack() as stack:
            tabs = []
            for number in range(50):
                address = servers[number % 2].address
                page = connect(
                    f"ws://{address}/ws/chat/fifty/",
                    origin=f"http://{address}",
                    proxy=None,
                    ping_interval=None,
                    open_timeout=600,
                )
                tabs.append(await stack.enter_async_context(page))
            seen = held_by(Layer(LAYERS[layer], "asgi", [{"address": pocket.url}]))
            for number, tab in enumerate(tabs):
                await tab.send(json.dumps({"message": str(number)}))
            heard = [[json.loads(await tab.recv())["message"] for _ in range(50)] for tab in tabs]
        return seen, heard

    try:
        seen, heard = run_coroutine(asyncio.wait_for(chat(), 600))
    finally:
        for server in servers:
            server.stop()
    members = seen.groups or seen.processes
    assert {name: len(who) if seen.groups else who for name, who in members.items()} == {
        "chat_fifty": 50 if layer == "core" else 2
    }
    assert [sorted(map(int, one)) for one in heard] == [list(range(50))] * 50


CATALOGUE = [
    entry
    for kind in ("mistakes", "variants")
    for entry in entries(kind)
    if entry[0] == "step3" and not {"unreachable", "redis"} & entry[1].keys()
]
SAMPLE = CATALOGUE if ALL else CATALOGUE[:: len(CATALOGUE) // 25]


@pytest.fixture(scope="module")
def checked(request, pocket, tmp_path_factory):
    """A function from an entry of the catalogue to how its check ended."""
    folder = tmp_path_factory.mktemp("copies")

    def run(checks, entry):
        project = project_of(entry, folder / name_of(entry))
        return quick_check(checks, entry[0], "--project", project, "--json")

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REDIS_URL", pocket.url)
        with side_by_side(request, "entry", run) as result_of:
            yield result_of


@pytest.mark.slow
@pytest.mark.parametrize("entry", SAMPLE, ids=name_of)
def test_the_catalogue_is_told_the_same(entry, checked):
    done = checked(entry)
    expected = entry[1].get("diagnosis")
    assert done.code == (1 if expected else 0), done.out + done.err
    assert not expected or done.failed["diagnosis"] == expected, done.failed["message"]
