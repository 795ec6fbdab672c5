"""`python3 -m benchmarks NAME`: measures, prints a table, writes JSON and a picture to build/."""

import importlib
import sys

from workshop import environment

BENCHMARKS = {  # name: (module, what it measures)
    "room": ("benchmarks.room", "a message to everyone in a room: time, losses and cost"),
    "wait": ("benchmarks.wait", "requests that wait: blocking and awaiting"),
    "classroom": ("benchmarks.classroom", "an afternoon of the classroom: losses and delays"),
    "hostile": ("benchmarks.classroom.hostile", "attendees who mean harm, and who notices"),
    "joined": ("benchmarks.joined", "what a check pays for telling a classroom how it ended"),
    "set-up": ("benchmarks.set_up", "from a clone to the first passing check"),
    "check-loop": ("benchmarks.check_loop", "from a save to the verdict of a check"),
    "suite": ("benchmarks.suite", "the workshop's own tests"),
}


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in BENCHMARKS:
        print("Usage: python3 -m benchmarks NAME [options]       options: NAME --help\n")
        for name, (_, measures) in BENCHMARKS.items():
            print(f"  {name:12}{measures}")
        return 2
    environment.enter()
    name, *options = arguments
    return importlib.import_module(BENCHMARKS[name][0]).main(options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
