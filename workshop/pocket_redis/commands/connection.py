"""A client about itself: its password, its name, its database, its version of the protocol."""

import hmac

from ..arguments import integer
from ..client import Client
from ..protocol import OK, Error, Status, Verbatim, text
from ..registry import command

# What clients ask for when they choose what to send: the commands are those of Redis 7.2.
VERSION = "7.2.0"


@command("PING", 0, 1)
def ping(client: Client, message: bytes | None = None):
    if client.subscriptions and client.version == 2:
        return [b"pong", message or b""]
    return Status("PONG") if message is None else message


@command("ECHO", 1)
def echo(client: Client, message: bytes):
    return message


@command("QUIT", 0, ..., at_once=True)
def quit(client: Client, *ignored: bytes):
    client.transport.write(b"+OK\r\n")
    client.transport.close()  # when that has been sent
    return None


@command("SELECT", 1)
def select(client: Client, number: bytes):
    if not 0 <= (chosen := integer(number)) < len(client.server.databases):
        raise Error("DB index is out of range")
    client.number = chosen
    return OK


@command("AUTH", 1, 2, silent=True)
def auth(client: Client, *words: bytes):
    password = client.server.password
    if len(words) == 1 and not password:
        raise Error(
            "AUTH <password> called without any password configured for the default user. "
            "Are you sure your configuration is correct?"
        )
    user, given = words if len(words) == 2 else (b"default", words[0])
    right = not password or hmac.compare_digest(given, password.encode())
    if user != b"default" or not right:
        complaint = "invalid username-password pair or user is disabled."
        raise Error(complaint, code="WRONGPASS")
    client.allowed = True
    return OK


@command("HELLO", 0, ..., silent=True)
def hello(client: Client, *words: bytes):
    version = client.version
    if words:
        version = integer(words[0], "Protocol version is not an integer or out of range")
        if version not in (2, 3):
            raise Error("unsupported protocol version", code="NOPROTO")
    options = list(words[1:])
    while options:
        match options.pop(0).upper(), len(options):
            case b"AUTH", left if left >= 2:
                auth(client, options.pop(0), options.pop(0))
            case b"SETNAME", left if left >= 1:
                set_name(client, options.pop(0))
            case word, _:
                raise Error(f"Syntax error in HELLO option '{text(word).lower()}'")
    if not client.allowed:
        raise Error("HELLO must be called with the client authenticated", code="NOAUTH")
    client.version = version
    return {
        "server": "redis",
        "version": VERSION,
        "proto": version,
        "id": client.id,
        "mode": "standalone",
        "role": "master",
        "modules": [],
    }


@command("CLIENT|ID")
def client_id(client: Client):
    return client.id


@command("CLIENT|GETNAME")
def get_name(client: Client):
    return client.name or None


@command("CLIENT|SETNAME", 1)
def set_name(client: Client, name: bytes):
    _printable("Client names", name)
    client.name = text(name)
    return OK


def _printable(what: str, value: bytes) -> None:
    if any(not 33 <= char <= 126 for char in value):
        raise Error(f"{what} cannot contain spaces, newlines or special characters.")


@command("CLIENT|SETINFO", 2)
def set_info(client: Client, option: bytes, value: bytes):
    """Which library the client is. Nothing here depends on it."""
    if option.lower() not in (b"lib-name", b"lib-ver"):
        raise Error(f"Unrecognized option '{text(option)}'")
    _printable(text(option).lower(), value)
    return OK


@command("CLIENT|INFO")
def client_info(client: Client):
    return Verbatim(_line(client) + "\n")


@command("CLIENT|LIST", silent=True)
def client_list(client: Client):
    return Verbatim("".join(_line(one) + "\n" for one in client.server.clients.values()))


def _line(client: Client) -> str:
    return (
        f"id={client.id} addr={client.address} name={client.name} db={client.number} "
        f"sub={len(client.channels)} psub={len(client.patterns)} resp={client.version}"
    )
