"""`python lifeline.py COMMAND…` runs COMMAND until it ends or its own standard input does.

So a server ends with the benchmark that started it, however that one ends.
"""

import subprocess
import sys
import threading


def end_with_input():
    sys.stdin.buffer.read()
    program.kill()


program = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
threading.Thread(target=end_with_input, daemon=True).start()
while True:
    try:
        sys.exit(program.wait())
    except KeyboardInterrupt:  # the benchmark got it too, and closes our input
        pass
