"""No command: how far the attendee has got, and what to type next."""

from workshop.checking.reporting import progress

from .. import doctor, manifest, starters
from ..console import console, say


def run() -> int:
    starters.remember()
    findings = doctor.quick()
    doctor.show(findings)
    say()
    show_map()
    return doctor.exit_code(findings)


def show_map() -> None:
    """The steps with their minutes, which are done, which is next, and what to type for it."""
    done = [step for step in manifest.steps() if progress.of(step).get("passed")]
    following = next((step for step in manifest.steps() if step not in done), None)
    width = max(len(step.title) for step in manifest.steps())
    taught = [track for track in manifest.tracks() if manifest.steps(track.name)]
    for track in taught:
        if len(taught) > 1:
            say(f"{track.title}:")
        for step in manifest.steps(track.name):
            state = "done" if step in done else "next" if step == following else ""
            style = {"done": "green", "next": "bold", "": ""}[state]
            mark = {"done": "✓", "next": "▶", "": " "}[state]
            row = f"{mark} {step.short}  {step.title:<{width}}  {step.minutes:>3} min  {state}"
            console.print(row.rstrip(), style=style)
        say()
    if following is None:
        say("Every step is done. Congratulations! What you can do now, and what is worth reading:")
        say("  docs/what_next.md", style="cyan")
        return
    say(f"Next: read steps/{following.name}/README.md, edit the files, and check whether it works:")
    say(f"  {following.check_command}", style="cyan")
