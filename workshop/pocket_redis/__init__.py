"""A pocket Redis, for machines that no package carries a Redis for: Windows, musl, some Arm.

A server that speaks Redis's protocol, in Python's standard library only: what channels_redis, the
checks, the notebooks and `look` send, and the everyday commands for strings, lists, hashes, sets
and sorted sets. It is for a workshop, not for production: one thread, memory only, and of Lua only
the scripts of channels_redis (commands/scripts.py). The tests compare its replies with Valkey's.

    python3 -m workshop.pocket_redis --port 6379

    protocol.py   bytes to commands, replies to bytes: RESP 2 and 3
    arguments.py  what a command's words say: integers, scores, patterns
    store.py      the databases: keys, values, expiry
    server.py     what all clients share: databases, subscriptions, monitors, who waits for what
    registry.py   the table of commands
    client.py     one client's connection: reads commands, runs them in turn, sends replies
    commands/     a file for each family of commands
"""
