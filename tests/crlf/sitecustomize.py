"""Imported by Python at its start: from now on it prints as on Windows."""

import sys

for stream in (sys.stdout, sys.stderr):
    stream.reconfigure(newline="\r\n")
