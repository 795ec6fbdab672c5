"""The pages, and what laptops send over HTTP."""

import io
import logging
from contextlib import suppress

import segno
from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.utils.decorators import async_only_middleware, sync_only_middleware
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST

from . import actions, catalog, decks, keys, limits, messages, signals
from .models import Seat
from .threads import Together, in_database

log = logging.getLogger(__name__)
TOO_MANY = "Too many tries from this address. Wait a minute, and try again."
NOT_THERE = "This seat does not exist. Perhaps it was given up."
NO_SEAT = "Your seat is not there any more: leave, and join again."
WRONG = "That is not the room's code. It is on the screen at the front."

store = Together(actions.store)


@async_only_middleware
def only_from_here(get_response):
    """Pages load nothing from another host, and no other page may show them in a frame."""

    async def middleware(request):
        request.get_host()  # raises, which answers 400, where it is not one of ALLOWED_HOSTS
        response = await get_response(request)
        socket = "".join(f" ws{origin.removeprefix('http')}" for origin in settings.ORIGINS)
        response.headers.setdefault(
            "Content-Security-Policy",
            f"default-src 'self'; connect-src 'self'{socket}; img-src 'self' data:; "
            "frame-ancestors 'none'; form-action 'self'; base-uri 'none'",
        )
        response["Cache-Control"] = response.get("Cache-Control", "no-store")
        return response

    return middleware


@sync_only_middleware
def all_in_one_thread(get_response):
    """Does nothing, and is the innermost: because it is synchronous, Django goes to a thread once
    for all of its own middleware around it, and not once for each of their methods.
    https://docs.djangoproject.com/en/5.2/topics/http/middleware/#asynchronous-support"""
    return get_response


@async_only_middleware
def laptops_first(get_response):
    """What a laptop sends has no cookie, and so nothing to do with sessions and forged forms. That
    middleware would cost each of its requests a thread: it goes straight to its view."""

    async def middleware(request):
        view = None
        with suppress(Resolver404):
            view = resolve(request.path_info).func
        return await (view if view in FOR_LAPTOPS else get_response)(request)

    return middleware


def csrf_failed(request, reason=""):
    return _say(request, "This page is too old. Open the room's address again.", 403)


def _say(request, words: str, status: int) -> HttpResponse:
    return render(request, "classroom/words.html", {"words": words}, status=status)


async def _admit(request, code: str, pair: str, name: str) -> tuple[Seat | None, str, int]:
    """A seat, new or that of another device; or None, why, and a status. Tries that were wrong are
    counted by address, for the code and for the pair alike: neither can be found by trying."""
    address = request.META["REMOTE_ADDR"]
    if not await limits.wrong_codes.allows(address, costs=0):
        return None, TOO_MANY, 429
    if not keys.is_same(code.strip().upper(), settings.KEYS.code):
        await _count_wrong("code", address)
        return None, WRONG, 403
    if pair:
        try:
            return await in_database(actions.paired)(pair), "", 200
        except Seat.DoesNotExist:
            await _count_wrong("pair", address)
            return None, NOT_THERE, 403
    if not await limits.new_seats.allows(address):
        return None, TOO_MANY, 429
    try:
        seat = await in_database(actions.join)(name)
    except actions.No as error:
        return None, str(error), 409
    signals.changed(signals.BOARD, signals.SCREEN)
    return seat, "", 200


async def _count_wrong(what: str, address: str) -> None:
    await limits.wrong_codes.count(address)
    log.warning("wrong %s from %s", what, address)


# For browsers


@require_http_methods(["GET", "POST"])
async def room(request):
    """The room for those who have a seat, otherwise the form that gives one."""
    if request.method == "POST":
        return await _enter(request)
    seat = await in_database(actions.seat)(request.session.get("seat"))
    if not seat:
        return _form(request)
    fields = messages.field_names(messages.FROM_SEAT + messages.TO_PAGES)
    known = {"code": settings.KEYS.code, "seat": seat, "fields": fields, "here": _here(request)}
    return render(request, "classroom/seat.html", known)


async def _enter(request):
    code, pair, name = (request.POST.get(key, "")[:40] for key in ("code", "pair", "name"))
    try:
        asked = messages.decode(
            messages.encode(messages.Join(code, pair, name.strip()[:24])), [messages.Join]
        )
    except messages.Unfit:
        return _form(
            request, code, pair, "That is not a code, or the name has odd characters.", 400
        )
    seat, why, status = await _admit(request, asked.code, asked.pair, asked.name)
    if not seat:
        return _form(request, code, pair, why, status)
    request.session["seat"] = seat.id
    return redirect("room")


async def door(request, code: str, pair: str = ""):
    """What the QR code leads to: the form with the code in it. Only a click takes a seat, so that a
    messenger that looks at the link doesn't."""
    return _form(request, code.upper(), pair.upper())


def _form(request, code="", pair="", problem="", status=200):
    known = {"code": code, "pair": pair, "problem": problem}
    return render(request, "classroom/join.html", known, status=status)


@require_POST
async def leave(request):
    if seat := await in_database(actions.seat)(request.session.get("seat")):
        await _remove(seat)
    request.session.flush()
    return _say(request, "You left. Everything that your seat had sent was removed.", 200)


async def _remove(seat: Seat) -> None:
    number = seat.id
    await in_database(actions.leave)(seat)
    await signals.gone(number)
    signals.changed(signals.BOARD, signals.SCREEN)


async def board(request):
    if "token" in request.GET:
        address = request.META["REMOTE_ADDR"]
        if not await limits.wrong_codes.allows(address, costs=0):
            return _say(request, TOO_MANY, 429)
        if not keys.is_same(request.GET["token"], settings.KEYS.token):
            await _count_wrong("token", address)
            return _not_the_instructor(request)
        request.session["board"] = True
        return redirect("board")  # so that the token is not in the address that a room may see
    if request.session.get("board") is not True:
        return _not_the_instructor(request)
    known = {
        "fields": messages.field_names(messages.FROM_BOARD + messages.TO_PAGES),
        "steps": catalog.steps().items(),
    }
    return render(request, "classroom/board.html", known)


async def screen(request):
    if request.session.get("board") is not True:
        return _not_the_instructor(request)
    address = f"{settings.ORIGINS[0]}/{settings.KEYS.code}"
    picture = io.BytesIO()
    segno.make_qr(address).save(picture, kind="svg", xmldecl=False, omitsize=True, border=2)
    known = {
        "fields": messages.field_names(messages.TO_PAGES),
        "address": settings.ORIGINS[0],
        "code": settings.KEYS.code,
        "qr": picture.getvalue().decode(),
    }
    return render(request, "classroom/screen.html", known)


@xframe_options_sameorigin  # the speaker's window shows it in frames
async def deck(request, name: str):
    if request.session.get("board") is not True:
        return _not_the_instructor(request)
    if name not in decks.names():
        return _say(
            request, f"No deck has this name. The decks are: {', '.join(decks.names())}.", 404
        )
    problem = decks.are_built()
    if problem is None:
        words = "The slides are built, which takes about 20 seconds. This page then shows them."
        response = _say(request, words, 200)
        response["Refresh"] = "1"
        return response
    if problem:
        log.error("the slides could not be built: %s", problem)
        return _say(request, f"The slides could not be built. {problem}", 500)
    return await sync_to_async(decks.page)(name)


def _not_the_instructor(request):
    words = "This page is the instructor's. Its whole address is in the instructor's terminal."
    return _say(request, words, 403)


def _here(request) -> str:
    return f"http://{request.get_host()}"


# For laptops. No cookie says who they are, but a key in a header, which no other page's script or
# form can add: so there is nothing that a CSRF token would protect (see laptops_first).


def _json_only(request) -> bool:
    """A form of another page cannot send this type without being asked first (CORS)."""
    return request.content_type == "application/json"


def _refused(why: str, status: int) -> JsonResponse:
    return JsonResponse(messages.as_data(messages.Refused(why)), status=status)


@require_http_methods(["POST", "DELETE"])
async def seats(request):
    """POST: a laptop takes a seat. DELETE: it leaves."""
    if not await limits.requests.allows(request.META["REMOTE_ADDR"]):
        return _refused(TOO_MANY, 429)
    if request.method == "DELETE":
        if seat := await in_database(actions.seat)(_number_of_seat(request)):
            await _remove(seat)
        return JsonResponse({})
    if not _json_only(request):
        return _refused("Send application/json.", 415)
    try:
        asked = messages.decode(request.body, [messages.Join])
    except messages.Unfit as error:
        return _refused(str(error), 400)
    seat, why, status = await _admit(request, asked.code, asked.pair, asked.name)
    if not seat:
        return _refused(why, status)
    return JsonResponse(
        {"key": keys.for_seat(seat.id), "label": seat.label, "pair": seat.pair, "name": seat.name}
    )


@require_POST
async def results(request):
    if not await limits.requests.allows(request.META["REMOTE_ADDR"]):
        return _refused(TOO_MANY, 429)
    if not _json_only(request):
        return _refused("Send application/json.", 415)
    if (number := _number_of_seat(request)) is None:
        return _refused(NO_SEAT, 401)
    try:
        sent = messages.decode(request.body, [messages.Results])
        unknown = {one.step for one in sent.results} - catalog.steps().keys()
        if unknown:
            raise messages.Unfit(f"There is no such step: {', '.join(sorted(unknown))}.")
        new = await store(actions.Sent(number, sent.results))
    except (messages.Unfit, actions.No) as error:
        return _refused(str(error), 400)
    except Seat.DoesNotExist:
        return _refused(NO_SEAT, 401)
    if new:
        signals.changed(signals.BOARD, signals.SCREEN)
    return JsonResponse({"stored": new})


def _number_of_seat(request) -> int | None:
    """None where the header has no key, or one that is not ours. The seat may be gone."""
    return keys.seat_of(request.headers.get("Authorization", "").removeprefix("Seat "))


FOR_LAPTOPS = seats, results
