"""With this folder on PYTHONPATH, no program gets a connection to port 6379 of localhost, whatever
listens there: as on a machine where nothing does.

For the mistakes that give the channel layer no address, so that it uses its default, which is that
one. Python imports this as it starts (https://docs.python.org/3/library/site.html).
"""

import socket

DEFAULT = ("localhost", 6379)  # of channels_redis
NOBODY = 1  # tcpmux, a port that is reserved and unused

look_up = socket.getaddrinfo


def look_up_elsewhere(host, port, *args, **kwargs):
    return look_up(host, NOBODY if (host, port) == DEFAULT else port, *args, **kwargs)


socket.getaddrinfo = look_up_elsewhere
