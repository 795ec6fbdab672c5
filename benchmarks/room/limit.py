"""The lowest cost of a broadcast in Python: `websockets` in one process, no Django, no layer.

Run as `python -m benchmarks.room.limit PORT`.
"""

import asyncio
import json
import sys

from websockets.asyncio.server import broadcast, serve

browsers = set()


async def chat(browser):
    browsers.add(browser)
    try:
        async for text in browser:
            broadcast(browsers, json.dumps({"message": json.loads(text)["message"]}))
    finally:
        browsers.remove(browser)


async def main():
    async with serve(chat, "127.0.0.1", int(sys.argv[1]), compression=None) as server:
        await server.serve_forever()


asyncio.run(main())
