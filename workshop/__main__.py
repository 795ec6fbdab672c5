"""`python3 -m workshop`. Python 3.6 must be able to read this, so that it can say that it is too
old."""

import sys

from workshop import environment


def main() -> int:
    if sys.version_info < environment.OLDEST:
        if environment.is_usable():
            environment.run_again(environment.python())
        sys.stderr.write(
            "The workshop needs Python {}.{} or newer, but this is {}. Install one from "
            "https://www.python.org/downloads/ and type, for example: python3.12 -m "
            "workshop\n".format(*environment.OLDEST, sys.version.split()[0])
        )
        return 2
    from workshop import cli

    return cli.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
