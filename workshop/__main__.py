"""`python3 -m workshop`. Python 2.7 must be able to read this: see oldest.py."""

import sys

from workshop import oldest

if __name__ == "__main__":
    oldest.refuse()

    from workshop import cli

    sys.exit(cli.main(sys.argv[1:]))
