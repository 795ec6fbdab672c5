"""What must be true of step 6: FILL IN"""


async def test_the_server_starts(server):
    """The server starts and speaks ASGI."""
    await server.starts()
    await server.speaks_asgi()
