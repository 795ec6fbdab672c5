"""With this folder on PYTHONPATH no program gets a connection to port 6379 of localhost, whoever
listens there: as on a machine where nobody does.

For the mistakes that give the channel layer no address, so that it takes its own, which is that.
Python imports this as it starts (https://docs.python.org/3/library/site.html).
"""

import socket

DEFAULT = ("localhost", 6379)  # of channels_redis
NOBODY = 1  # tcpmux, a port that is reserved and in no use

look_up = socket.getaddrinfo


def look_up_elsewhere(host, port, *args, **kwargs):
    return look_up(host, NOBODY if (host, port) == DEFAULT else port, *args, **kwargs)


socket.getaddrinfo = look_up_elsewhere
