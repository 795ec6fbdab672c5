"""`kit`: all that a set-up downloads, in a folder, for a room whose Wi-Fi couldn't carry it."""

import errno
from pathlib import Path

import segno

from .. import environment, ports
from ..console import console, say
from ..kit import KitError, addresses, making, pages, serving
from ..kit.choosing import Choice
from ..kit.pairs import pairs

PORT = 8080  # 8000 is that of the chat, which an instructor shows at the same time
ATTENDEES, MBIT = 20, 50  # of the room that the summary speaks of


def run(
    folder: str,
    platforms: list[str] | None,
    pythons: list[str] | None,
    lean: bool,
    serve: bool,
    lan: bool,
    port: int | None,
) -> int:
    kit = Path(folder).expanduser().absolute()
    try:
        if not serve and (lan or port):
            raise KitError("--lan and --port say where the kit is served: add --serve.")
        wanted = pairs(platforms, pythons)
        code = 0
        if not serve or not making.whole(kit):
            choice = making.make(kit, wanted, making.pins(lean))
            code = _tell(kit, choice)
        return _serve(kit, lan, port) if serve else code
    except KitError as error:
        say(str(error))
        return 2
    except OSError as error:
        if not (told := _explain(error, kit)):
            raise
        say(told)
        return 2
    except KeyboardInterrupt:
        say("Stopped. Nothing is lost: type the same again, and it goes on from there.")
        return 130


def _tell(kit: Path, choice: Choice) -> int:
    """The summary. Returns the exit code: 1 if the kit lacks something."""
    for name in choice.refused:
        say(f"Refused, because the pins don't have its digest: {name}", style="yellow")
    for sentence in choice.lacking:
        say(f"Left out, because there is no wheel: {sentence}", style="yellow")
    whole = sum(file.stat().st_size for file in kit.rglob("*") if file.is_file())
    say(f"\nThe kit is in {kit}: {pages.size_of(whole)}, every digest is right.", style="bold")
    say(f"An attendee downloads, and {ATTENDEES} of them at {MBIT} Mbit/s take:")
    for platform, there in pages.by_platform(choice.pairs).items():
        most = max(pages.takes(kit, chosen) for chosen in there)
        minutes = ATTENDEES * most * 8 / (MBIT * 1e6) / 60
        pythons = ", ".join(chosen.pair.python for chosen in there)
        say(f"  {platform:15} {pages.size_of(most):>7}  {minutes:4.1f} min   Python {pythons}")
    say(f"\nHand it out: {environment.COMMAND} kit {kit} --serve --lan")
    return 1 if choice.lacking else 0


def _serve(kit: Path, lan: bool, port: int | None) -> int:
    host = "0.0.0.0" if lan else "127.0.0.1"
    if port and not ports.is_free(port, host):
        free = ports.next_free(port, host)
        raise KitError(
            f"Port {port} is taken by {ports.listener(port)}. Stop it, or type: --port {free}"
        )
    with serving.KitServer(kit, host, port or ports.next_free(PORT, host)) as server:
        found = addresses.in_the_room() if lan else ["127.0.0.1"]
        if not found:
            raise KitError(
                "This machine is in no network. Join the room's Wi-Fi, and type it again."
            )
        urls = [f"http://{address}:{server.server_port}" for address in found]
        segno.make_qr(urls[0]).terminal(out=console.file, compact=True)
        say(f"The kit: {urls[0]}    (Ctrl-C ends it)", style="bold")
        for url in urls[1:]:
            say(f"or, in another network of this machine: {url}")
        if not lan:
            say("Only this machine can reach it. For the room's network, add --lan.")
        say(f"Attendees open it, or type: {environment.COMMAND} --from {urls[0]}")
        console.file.flush()
        server.until_ctrl_c()
        say(f"\nEnded. Downloads that were finished: {server.downloads}")
    return 0


def _explain(error: OSError, kit: Path) -> str | None:
    """What to do about a folder that cannot be written to, or a disk that is full."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk of {kit} is full. Free some space, or name a folder on another disk."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{error.filename or kit} cannot be written to by you. Name a folder of your own."
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return f"{error.filename or kit} is a file, not a folder. Name a new folder."
    return None
