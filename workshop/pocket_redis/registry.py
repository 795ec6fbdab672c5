"""The table of commands. The modules in commands/ fill it."""

from collections.abc import Callable
from dataclasses import dataclass

from .protocol import Error, text


@dataclass(frozen=True)
class Command:
    name: str  # "ZADD", or "CLIENT|SETNAME" for one that is two words
    run: Callable  # of the client and the words after the name; returns the reply
    least: int  # how many words may follow the name
    most: int | None  # None: any number
    silent: bool  # whether monitors are not told: it may hold a password, or is their own
    at_once: bool  # whether it is run even in a transaction that is being collected


COMMANDS: dict[str, Command] = {}


def command(name: str, least=0, most=None, *, silent: bool = False, at_once: bool = False):
    """A decorator: puts the function into the table. With `least` alone, exactly that many words
    follow the name; `most=...` is any number from `least` on."""

    def put(run: Callable) -> Callable:
        limit = {None: least, ...: None}.get(most, most)
        for one in name.split(" or "):
            COMMANDS[one] = Command(one, run, least, limit, silent, at_once)
        return run

    return put


def find(words: list[bytes]) -> tuple[Command, list[bytes]]:
    """The command that the words call, and its arguments. Raises Error."""
    first = text(words[0])
    name, arguments = first.upper(), words[1:]
    if name in CONTAINERS:
        if not arguments:
            raise wrong_number(name)
        second = text(arguments[0])
        container, name, arguments = name, f"{name}|{second.upper()}", arguments[1:]
        if name not in COMMANDS:
            raise Error(f"unknown subcommand '{second}'. Try {container} HELP.")
    found = COMMANDS.get(name)
    if not found:
        began = "".join(f"'{text(word)}' " for word in arguments)[:128]
        raise Error(f"unknown command '{first}', with args beginning with: {began}")
    # Too many for a command that takes a varying number are found when it is run, as in Redis: a
    # transaction is not refused for them.
    if len(arguments) < found.least or (found.least == found.most != len(arguments)):
        raise wrong_number(name)
    return found, arguments


CONTAINERS = ("CLIENT", "CONFIG", "PUBSUB")  # commands of two words


def wrong_number(name: str) -> Error:
    return Error(f"wrong number of arguments for '{name.lower()}' command")
