"""A Redis without Docker: found, started, told apart from other programs, and only ours is
stopped."""

import contextlib
import json
import os
import re
import signal
import socket
import socketserver
import subprocess
import sys
import threading

import psutil
import pytest

from workshop import environment, manifest, ports, redis_server
from workshop.redis_server import RedisError

from .conftest import check, copy_of, edit, first_of

posix = pytest.mark.skipif(os.name == "nt", reason="uses what Windows doesn't have")
valkey = pytest.mark.skipif(
    redis_server.program()[0] == sys._base_executable, reason="the pocket Redis has no such options"
)
BOTH = pytest.mark.parametrize("asked", ["", "pocket"], ids=["ours", "pocket"], indirect=True)


@pytest.fixture
def asked(request, monkeypatch):
    """The Redis that WORKSHOP_REDIS asks for."""
    monkeypatch.setenv("WORKSHOP_REDIS", request.param)
    return request.param


@pytest.fixture
def address(tmp_path, monkeypatch):
    """Where nothing listens, for a workshop whose state is the test's own."""
    address = f"redis://127.0.0.1:{ports.any_free()}"
    monkeypatch.setattr(manifest, "STATE", tmp_path / "état of the workshop")
    monkeypatch.setenv("REDIS_URL", address)
    yield address
    redis_server.stop()


@contextlib.contextmanager
def foreign_redis(address: str, *options: str):
    """A Redis that somebody else started."""
    with redis_server.private(*options, port=int(address.rpartition(":")[2])) as foreign:
        yield foreign
        assert psutil.pid_exists(foreign.pid), "somebody else's Redis was stopped"


@contextlib.contextmanager
def other_program(address: str, says: bytes):
    """A program that sends `says` to whoever connects, and waits."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.sendall(says)
            while self.request.recv(65536):
                pass

    port = int(address.rpartition(":")[2])

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True  # the port is reserved: ports.any_free()

    with Server(("127.0.0.1", port), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield
        server.shutdown()


def test_nobody_listens(address):
    assert redis_server.find(address) is None
    assert redis_server.stop() is None


@BOTH
def test_ours_is_started_found_and_stopped(address, asked):
    started = redis_server.start()
    assert started.ours and started.name == ("Pocket Redis" if asked else "Valkey")
    assert redis_server.find(address) == started
    assert redis_server.start() == started, "a second start finds the first"
    assert redis_server.stop() == started
    assert redis_server.find(address) is None
    assert redis_server.stop() is None


@BOTH
def test_it_keeps_nothing_and_writes_only_beside_its_log(address, asked):
    redis_server.start()
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as connection:
        connection.sendall(b"SET key value\r\nQUIT\r\n")
        assert connection.recv(100).startswith(b"+OK")
    redis_server.stop()
    assert {path.name for path in manifest.STATE.iterdir()} == {"redis.log"}


@posix
@BOTH
def test_ctrl_c_does_not_reach_it(address, asked):
    """It is in a session of its own, and not a child of the command that started it."""
    code = "from workshop import redis_server; print(redis_server.start().pid)"
    command = subprocess.Popen(
        [sys.executable, "-c", f"{code}; input()"],
        cwd=manifest.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with command:
        pid = int(command.stdout.readline())
        os.killpg(command.pid, signal.SIGINT)
    try:
        assert redis_server.find(address).pid == pid
    finally:
        psutil.Process(pid).terminate()


@BOTH
def test_two_commands_at_once_share_one(address, asked):
    threads_found = []
    threads = [
        threading.Thread(target=lambda: threads_found.append(redis_server.start()))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(threads_found) == 4
    assert len({found.pid for found in threads_found}) == 1
    assert redis_server.stop().pid == threads_found[0].pid
    assert redis_server.find(address) is None, "none of the others waited for the port"


@BOTH
def test_somebody_elses_is_used_and_never_stopped(address, asked):
    with foreign_redis(address) as foreign:
        found = redis_server.start()
        assert found.pid == foreign.pid and not found.ours
        assert redis_server.stop() is None
        assert redis_server.find(address) == found


@BOTH
def test_an_old_record_does_not_make_a_redis_ours(address, asked):
    started = redis_server.start()
    record = redis_server._record_file()
    kept = record.read_text(encoding="utf-8")
    redis_server.stop()
    record.write_text(kept, encoding="utf-8")  # as after a power cut
    with foreign_redis(address) as foreign:
        assert foreign.pid != started.pid
        assert redis_server.stop() is None
        assert redis_server.find(address).pid == foreign.pid
    assert not record.exists()


@pytest.mark.parametrize("record", ["", "[]", "{}", json.dumps({"pid": 1}), "\0"])
def test_a_damaged_record_is_no_record(address, record):
    manifest.STATE.mkdir()
    redis_server._record_file().write_text(record, encoding="utf-8")
    assert redis_server.stop() is None


@pytest.mark.parametrize("says", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff\xfe\x00", b""])
def test_another_program_on_the_port_is_named(address, says):
    with other_program(address, says), pytest.raises(RedisError) as caught:
        redis_server.start()
    message = str(caught.value)
    assert address.removeprefix("redis://") in message
    assert f"process {os.getpid()}" in message
    assert "REDIS_URL=redis://127.0.0.1:" in message, "a way out"


def test_a_program_that_only_listens_is_not_waited_for(address):
    with other_program(address, b"x" * 10_000_000), pytest.raises(RedisError):
        redis_server.find(address)


@BOTH
def test_a_password(address, asked):
    protected = address.replace("redis://", "redis://:s%C3%A9cret%2F@")
    with foreign_redis(address, "--requirepass", "sécret/"):
        with pytest.raises(RedisError, match="asks for a password.*REDIS_URL=redis://:PASSWORD@"):
            redis_server.start()
        with pytest.raises(RedisError, match="does not accept the password"):
            redis_server.find(address.replace("redis://", "redis://:wrong@"))
        found = redis_server.find(protected)
        assert found.version
        assert "cret" not in found.place, "a password is not shown"


@BOTH
def test_a_password_for_one_that_wants_none(address, monkeypatch, asked):
    monkeypatch.setenv("REDIS_URL", address.replace("redis://", "redis://:secret@"))
    with foreign_redis(address), pytest.raises(RedisError) as caught:
        redis_server.start()
    assert "asks for no password" in str(caught.value)
    assert f"Remove it: REDIS_URL={address}" in str(caught.value)


OF_NO_USE = {
    "is full: it has reached its maxmemory.*config set maxmemory 0": ["--maxmemory", "1"],
    "is a read-only replica.*replicaof no one": ["--replicaof", "127.0.0.1 1"],
    "takes only 3 more connections.*config set maxclients": ["--maxclients", "4"],
    "asks for a password.*REDIS_URL=redis://:PASSWORD@127": ["--requirepass", "secret"],
}


@valkey
@pytest.mark.parametrize("told", OF_NO_USE)
def test_one_that_answers_but_is_of_no_use(address, told):
    with foreign_redis(address, *OF_NO_USE[told]), pytest.raises(RedisError, match=told):
        redis_server.start()


@valkey
@pytest.mark.parametrize("told", first_of(OF_NO_USE))
def test_a_check_says_so_too(address, told):
    """And not that a WebSocket failed."""
    with foreign_redis(address, *OF_NO_USE[told]):
        done = check("step3", "--solution")
    assert done.code == 2 and not done.out
    assert re.search(f"^step3 was not checked.*{told}", done.err), done.err
    assert done.err.endswith(environment.typed("\nThen type: python3 -m workshop\n"))


@valkey
def test_one_that_takes_no_more_connections(address):
    with foreign_redis(address, "--maxclients", "1"), taken(address):
        with pytest.raises(RedisError, match="takes no more connections.*config set maxclients"):
            redis_server.start()


@contextlib.contextmanager
def taken(address: str):
    """Another program's connection, which the server has noticed."""
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as other:
        other.sendall(b"PING\r\n")
        assert other.recv(100)
        yield


@valkey
def test_a_user_who_may_not_write(address, monkeypatch):
    rule = "guest on >pass ~* &* +@read +ping +info"
    monkeypatch.setenv("REDIS_URL", address.replace("redis://", "redis://guest:pass@"))
    with foreign_redis(address, "--user", *rule.split()):
        with pytest.raises(RedisError, match="doesn't let this user.*zadd"):
            redis_server.start()


@BOTH
def test_trying_it_out_leaves_no_key(address, asked):
    with foreign_redis(address):
        redis_server.start()
        assert ":0\r\n" in redis_server._ask(address, ["DBSIZE"])


def test_an_empty_address(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "")
    told = "The variable REDIS_URL is set, but empty.*unset REDIS_URL"
    with pytest.raises(RedisError, match=told):
        redis_server.start()
    assert re.search(f"^step3 was not checked. {told}", check("step3", "--solution").err)


def test_a_layer_whose_redis_takes_no_more_clients_is_told_so(address, tmp_path):
    """By a server that reads before it refuses: what a real one says gets lost now and then, when
    it closes the connection before it has read."""
    copy = copy_of(manifest.find("step3").solution, tmp_path / "project")
    taken = 'os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")'
    edit(copy, "mysite/settings.py", taken, repr(address))
    says = b"-ERR max number of clients reached\r\n"
    with redis_server.private() as own, other_program(address, says):
        done = check("step3", "--project", copy, "--json", REDIS_URL=own.url)
    assert done.failed["diagnosis"] == "redis_takes_no_more_clients", done.out
    assert "redis-cli config set maxclients 10000" in done.failed["message"]


@valkey
def test_a_layer_whose_redis_just_hangs_up_is_told_why(address, tmp_path):
    """Which of the two is told is the network's choice; both name the limit."""
    copy = copy_of(manifest.find("step3").solution, tmp_path / "project")
    taken = 'os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")'
    edit(copy, "mysite/settings.py", taken, repr(address))
    with redis_server.private() as own, foreign_redis(address, "--maxclients", "1"):
        done = check("step3", "--project", copy, "--json", REDIS_URL=own.url)
    assert done.failed["diagnosis"] in ("redis_takes_no_more_clients", "redis_does_not_answer")
    assert "maxclients" in done.failed["message"]


@BOTH
def test_tls_where_there_is_none(address, asked):
    with foreign_redis(address), pytest.raises(RedisError, match="TLS"):
        redis_server.find(address.replace("redis://", "rediss://"))


def test_a_redis_that_is_too_old(address):
    info = b"# Server\r\nredis_version:3.0.504\r\nprocess_id:1\r\n"
    with other_program(address, b"+PONG\r\n$%d\r\n%s\r\n" % (len(info), info)):
        with pytest.raises(RedisError, match=r"Redis 3\.0\.504 .* 5\.0 or later"):
            redis_server.start()


@pytest.mark.parametrize("bad", ["127.0.0.1:6379", "http://x", "redis://", "redis://x:y", "r[edis"])
def test_an_address_that_is_none(address, monkeypatch, bad):
    monkeypatch.setenv("REDIS_URL", bad)
    with pytest.raises(RedisError, match="looks like redis://127.0.0.1:6379"):
        redis_server.start()


def test_a_password_in_an_address_that_is_none_is_not_shown(address, monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://:secret#1@127.0.0.1:6379")
    with pytest.raises(RedisError) as caught:
        redis_server.start()
    assert "looks like redis://" in str(caught.value) and "secret" not in str(caught.value)


def test_none_is_started_in_place_of_a_remote_one(address, monkeypatch):
    monkeypatch.setenv("REDIS_URL", address.replace("127.0.0.1", "127.0.0.2"))
    with pytest.raises(RedisError, match="No Redis answers at 127.0.0.2"):
        redis_server.start()


def test_where_no_package_carries_one_the_pocket_one_starts(address, monkeypatch):
    monkeypatch.setattr(redis_server, "find_spec", lambda name: None)
    assert redis_server.start().name == "Pocket Redis"


def test_only_the_pocket_one_can_be_asked_for(address, monkeypatch):
    monkeypatch.setenv("WORKSHOP_REDIS", "valkey")
    with pytest.raises(RedisError, match="'valkey'.*WORKSHOP_REDIS=pocket"):
        redis_server.start()


@posix
def test_a_redis_that_cannot_start_says_why(address, monkeypatch):
    monkeypatch.setattr(redis_server, "program", lambda: [os.devnull])  # no program at all
    with pytest.raises(RedisError, match="did not start(?s:.*)[Pp]ermission denied"):
        redis_server.start()


@BOTH
def test_a_private_one_keeps_nothing_and_ends_with_its_block(address, asked):
    with redis_server.private() as private:
        found = redis_server.find(private.url)
        assert (found.pid, found.ours) == (private.pid, False)
        assert redis_server.find(address) is None
    assert redis_server.find(private.url) is None and not psutil.pid_exists(private.pid)


@BOTH
def test_a_private_one_ends_with_a_process_that_is_killed(asked):
    code = "from workshop import redis_server\nwith redis_server.private() as own:\n"
    command = subprocess.Popen(
        [sys.executable, "-c", f"{code}    print(own.pid, flush=True); input()"],
        cwd=manifest.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with command:
        redis = psutil.Process(int(command.stdout.readline()))
        command.kill()
    redis.wait()


@BOTH
def test_a_private_one_that_cannot_start_says_why(asked):
    with redis_server.private() as first, pytest.raises(RedisError, match="already in use"):
        with redis_server.private("--port", str(first.port)):
            pass
    with pytest.raises(RedisError, match="nonsense"), redis_server.private("--nonsense", "yes"):
        pass
