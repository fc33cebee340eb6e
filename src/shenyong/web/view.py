"""A page: who looks at it, what it may load, and what becomes of a form whose session is over.

Every response carries the same strict policy: nothing from elsewhere, no inline script or style.
Every form has the session's token against forged requests. A text in a form is never lost: where
the session is over, the form comes back after signing in (ux.md 1.1).
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

import shenyong
from shenyong.gateway.journal import Line, place_of, timestamp
from shenyong.registry import Role
from shenyong.review import NotAllowed
from shenyong.storage.ledger import LedgerUnavailableError
from shenyong.storage.pool import UnstorableError
from shenyong.storage.vault import SealError
from shenyong.web.context import Desk, Guest, now
from shenyong.web.words import moment, rendered, translator
from shenyong.wording import Lang

COOKIE = "shenyong"
LANG_COOKIE = "lang"
TOUR_COOKIE = "tour"
_MOST_FORM = 8 * 1024 * 1024  # bytes of a form's text fields
SECURITY = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}
Handler = Callable[[Request, Desk, Guest], Awaitable[Response]]


def language(request: Request) -> Lang:
    """zh-TW first; English where the person chose it."""
    return "en" if request.cookies.get(LANG_COOKIE) == "en" else "zh_TW"


async def guest_of(request: Request, desk: Desk) -> Guest:
    """Who looks."""
    guest = Guest(language(request), tour_off=request.cookies.get(TOUR_COOKIE) == "off")
    guest.here = request.url.path if request.method == "GET" else "/"
    token = request.cookies.get(COOKIE, "")
    if token:
        web = desk.settings.web
        session = await desk.accounts.session(
            token, int(time.time()), idle=web.idle_minutes * 60, whole=web.hours * 3600
        )
        if session is not None:
            guest.token, guest.session = token, session
            guest.person = desk.person(session.person)
            if guest.person is not None and not guest.person.active:
                guest.person = None
            if guest.person is not None:
                guest.roles = desk.worker.world.registry.roles(guest.person.id, now())
    return guest


def view(
    desk: Desk,
    handler: Handler,
    *,
    roles: tuple[Role, ...] | None = None,
    open_to_all: bool = False,
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint: who it is, whether the role may, whether the form is ours."""

    async def endpoint(request: Request) -> Response:
        try:
            guest = await guest_of(request, desk)
            if request.method == "POST":
                refused = await _unacceptable(request, desk, guest, open_to_all=open_to_all)
                if refused is not None:
                    return refused
            if not open_to_all and guest.person is None:
                return redirect(f"/signin?next={request.url.path}")
            if roles is not None and (guest.person is None or not guest.roles & frozenset(roles)):
                return not_found(desk, guest)
            return await handler(request, desk, guest)
        except LedgerUnavailableError:
            return failed(desk, Guest(language(request)), "web.error.database", 503)
        except SealError:
            return failed(desk, Guest(language(request)), "web.error.sealed", 500)
        except (UnstorableError, HTTPException):  # a form or an address that nobody could read
            return failed(desk, Guest(language(request)), "web.error.unreadable", 400)
        except Exception as error:
            line = Line(timestamp(), "page_failed", error=place_of(error))
            desk.worker.journal.write(line)
            return failed(desk, Guest(language(request)), "web.error.internal", 500)

    return endpoint


async def _unacceptable(
    request: Request, desk: Desk, guest: Guest, *, open_to_all: bool
) -> Response | None:
    """Why a form can't be taken; None where it can."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return failed(desk, guest, "web.error.forged", 403)
    form = await fields(request)
    if guest.person is None and not open_to_all:
        return resume(desk, guest, request.url.path, form)
    given = str(form.get("csrf", ""))
    known = guest.session.csrf if guest.session is not None else ""
    if not known or not hmac.compare_digest(given.encode("utf-8", "replace"), known.encode()):
        if open_to_all:
            return redirect("/signin")
        return resume(desk, guest, request.url.path, form)
    return None


async def fields(request: Request) -> FormData:
    """The form, read once; `_MOST_FORM` bounds what is kept in memory."""
    known = getattr(request.state, "form", None)
    if known is None:
        known = await request.form(max_files=10, max_fields=500, max_part_size=_MOST_FORM)
        request.state.form = known
    return cast(FormData, known)


async def field(request: Request, name: str) -> str:
    """A text field; "" if it isn't there or is a file."""
    value = (await fields(request)).get(name, "")
    return value if isinstance(value, str) else ""


async def files(request: Request, name: str) -> list[UploadFile]:
    """The files of a field that have a name."""
    form = await fields(request)
    return [each for each in form.getlist(name) if isinstance(each, UploadFile) and each.filename]


def resume(desk: Desk, guest: Guest, path: str, form: FormData) -> Response:
    """The sign-in page, with what was in the form: nothing typed is lost."""
    kept = [
        [name, value]
        for name, value in form.multi_items()
        if isinstance(value, str) and name not in ("csrf", "resume", "password", "code")
    ]
    held = json.dumps({"path": path, "fields": kept}, ensure_ascii=False)
    oidc = desk.settings.oidc
    values = {
        "oidc": bool(oidc.issuer),
        "oidc_label": oidc.label,
        "next": "/",
        "resume": held,
        "problem": "web.signin.expired",
        "params": {},
    }
    return page(desk, guest, "signin.html", values, status=401)


def page(
    desk: Desk,
    guest: Guest,
    template: str,
    values: Mapping[str, Any],
    *,
    status: int = 200,
) -> HTMLResponse:
    """A page with what every page has."""
    person = guest.person
    t = translator(guest.lang)
    common = {
        "t": t,
        "lang": guest.lang,
        "html_lang": "en" if guest.lang == "en" else "zh-Hant-TW",
        "person": person,
        "roles": {each.value for each in guest.roles},
        "agency": _agency(desk, guest),
        "csrf": guest.session.csrf if guest.session else "",
        "version": shenyong.__version__,
        "demo": desk.settings.web.demo,
        "contact": desk.settings.web.contact,
        "public_url": desk.settings.public.url,
        "environment": _environment(desk, guest) if person else None,
        "pack": desk.settings.policy.pack,
        "now": now(),
        "said": "",
        "here": guest.here,
        "nav": "",
        "tour_shown": desk.settings.web.demo and not guest.tour_off,
    }
    return HTMLResponse(rendered(template, {**common, **values}), status, headers=SECURITY)


def _agency(desk: Desk, guest: Guest) -> str:
    agencies = desk.worker.world.registry.agencies
    if guest.person is not None and guest.person.agency in agencies:
        agency = agencies[guest.person.agency]
    else:
        agency = next(iter(agencies.values())) if len(agencies) == 1 else None  # type: ignore[assignment]
    if agency is None:
        return ""
    return agency.name_en if guest.lang == "en" else agency.name_zh


def _environment(desk: Desk, guest: Guest) -> Mapping[str, Any]:
    """The live state of the agency's closed environments, for the strip above every page."""
    registry, at = desk.worker.world.registry, now()
    ends = [
        until
        for model in registry.models.values()
        if (until := registry.confirmed_until(model, at)) is not None
    ]
    return {"until": max(ends, default=0), "soon": min(ends, default=0) - at < 30 * 86_400_000_000}


def failed(desk: Desk, guest: Guest, key: str, status: int, **params: Any) -> Response:
    """A page that says what went wrong and what to do."""
    values = {"key": key, "params": params, "back": "/"}
    return page(desk, guest, "problem.html", values, status=status)


def not_found(desk: Desk, guest: Guest) -> Response:
    """There is no such page, or it isn't this person's: the two look the same."""
    return failed(desk, guest, "web.error.not_found", 404)


def redirect(url: str) -> Response:
    """See another page (303); only within this site."""
    safe = url if url.startswith("/") and not url.startswith(("//", "/\\")) else "/"
    return RedirectResponse(safe, 303, headers=SECURITY)


def explained(guest: Guest, refused: NotAllowed) -> str:
    """Why an action was refused, in words."""
    return translator(guest.lang)(f"not_allowed.{refused.code}", **refused.params)


def stamped(at: int, lang: Lang) -> str:
    """A moment for a person."""
    return moment(at, lang)
