import asyncio

from django.conf import settings
from django.http import JsonResponse, StreamingHttpResponse
from django.shortcuts import render

from . import opponent


def page(request):
    return render(request, "hall/page.html", {"seconds": settings.THINKING_SECONDS})


async def blocking(request):
    """Waits with a blocking call, on the event loop: meanwhile nobody else is served."""
    return answered(opponent.thinks())


async def awaiting(request):
    """Waits too, but gives the event loop back meanwhile."""
    # TODO 3: it does not yet. Await the opponent, with thinks_async() in place of thinks().
    return answered(opponent.thinks())


def threaded(request):
    """An ordinary view may block: under ASGI Django calls it in a thread, beside the event loop."""
    return answered(opponent.thinks())


async def heartbeat(request):
    """Server-sent events: a number every tenth of a second, for as long as the browser stays."""
    return StreamingHttpResponse(beats(), content_type="text/event-stream")


async def beats():
    number = 0
    while True:
        number += 1
        yield f"data: {number}\n\n"
        await asyncio.sleep(0.1)


def answered(answer):
    # The page asks under two names of this machine, and one name may not read what the other
    # answers unless the answer allows it. These answers are no secret.
    return JsonResponse(answer, headers={"Access-Control-Allow-Origin": "*"})
