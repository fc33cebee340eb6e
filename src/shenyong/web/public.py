"""揭露專區: the public register, on a listener of its own. No session, no cookie, no script.

It knows releases only: neither matters nor people. An unknown number and one that was never
published give the same page. Source: guideline point 6; ux.md 1.6.
"""

from __future__ import annotations

# guideline: ey-genai-2023:6
import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import shenyong
from shenyong.disclosure import Facts, Level, Record, as_csv, as_json, as_ods, notice, tidy
from shenyong.settings import Settings
from shenyong.storage.ledger import LedgerUnavailableError
from shenyong.storage.pool import Pool, UnstorableError
from shenyong.storage.releases import Releases
from shenyong.web.view import SECURITY
from shenyong.web.words import rendered, translator
from shenyong.wording import Lang

_PAGE = 50
_FORMS: dict[str, tuple[Callable[[list[Record]], bytes], str]] = {
    "json": (as_json, "application/json"),
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "ods": (as_ods, "application/vnd.oasis.opendocument.spreadsheet"),
}
_HEADERS = {**SECURITY, "cache-control": "public, max-age=60"}


_FACTS = ("official", "unit", "model", "contact")


class Register:
    """The register's pages."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool = Pool(settings.database.dsn)
        self._releases = Releases(self._pool)

    async def search(self, request: Request) -> Response:
        """The list, searched by number, agency or month."""
        lang = _lang(request)
        words = request.query_params.get("q", "").strip()[:100]
        month = request.query_params.get("month", "").strip()[:7]
        number = tidy(words)
        at = request.query_params.get("page", "1")
        known = at.isascii() and at.isdigit() and len(at) < 6
        skip = (max(1, min(int(at), 200)) - 1) * _PAGE if known else 0
        records = await self._releases.page(number or words, month, skip=skip, most=_PAGE + 1)
        values = {
            "records": records[:_PAGE],
            "more": len(records) > _PAGE,
            "words": words,
            "month": month,
            "page": skip // _PAGE + 1,
            "missing": bool(words) and not records,
        }
        return self._page("register.html", lang, values)

    async def one(self, request: Request) -> Response:
        """What is said of one number: in plain words, on one small page."""
        lang = _lang(request)
        number = tidy(request.path_params["number"])
        record = await self._releases.record(number) if number else None
        return self._page("record.html", lang, {"record": record}, 200 if record else 404)

    async def data(self, request: Request) -> Response:
        """The register as open data."""
        form = request.path_params["form"]
        if form not in _FORMS:
            return self._page("record.html", _lang(request), {"record": None}, 404)
        make, kind = _FORMS[form]
        records = await self._releases.page(most=10_000)
        data = await asyncio.to_thread(make, records)
        name = f'attachment; filename="disclosures.{form}"'
        return Response(data, 200, {**_HEADERS, "content-disposition": name}, kind)

    async def wording(self, request: Request) -> Response:
        """The notice of a level, for services that have to say it (L3: chatbots)."""
        level = request.path_params["level"].upper()
        if level not in {each.value for each in Level}:
            return JSONResponse({"error": "unknown level"}, 404, _HEADERS)
        given = {name: request.query_params.get(name, "")[:100] for name in _FACTS}
        given["contact"] = given["contact"] or self._settings.web.contact
        told = Facts(**given)
        return notice_response(Level(level), told, self._settings)

    def _page(
        self, template: str, lang: Lang, values: dict[str, Any], status: int = 200
    ) -> Response:
        common = {
            "t": translator(lang),
            "lang": lang,
            "html_lang": "en" if lang == "en" else "zh-Hant-TW",
            "version": shenyong.__version__,
        }
        return HTMLResponse(rendered(template, {**common, **values}), status, _HEADERS)

    async def close(self) -> None:
        """Let the connections go."""
        await self._pool.close()


def notice_response(level: Level, told: Facts, settings: Settings) -> Response:
    """The wording in both languages, and the headers that a service sends with its answers."""
    web = settings.web
    own = {"L1": web.l1, "L2": web.l2, "L3": web.l3}
    wording = {name: words for name, words in own.items() if words}
    headers = {
        **_HEADERS,
        "x-shenyong-disclosure": level.value,
        "x-ai-disclosure": f'level="{level.value}"; type="{level.source_type}"',
    }
    body = {
        "level": level.value,
        "digital_source_type": level.source_type,
        "zh-TW": notice(level, told, wording),
        "en": notice(level, told, wording, "en"),
    }
    return JSONResponse(body, 200, headers)


def _lang(request: Request) -> Lang:
    """zh-TW, unless the address says English: a page without cookies can't remember."""
    return "en" if request.query_params.get("lang") == "en" else "zh_TW"


Endpoint = Callable[[Request], Awaitable[Response]]


def _safe(endpoint: Endpoint) -> Endpoint:
    async def safe(request: Request) -> Response:
        try:
            return await endpoint(request)
        except LedgerUnavailableError:
            return Response("503", 503, SECURITY, "text/plain")
        except UnstorableError:
            return Response("400", 400, SECURITY, "text/plain")

    return safe


def application(settings: Settings) -> Starlette:
    """The register's application."""
    register = Register(settings)
    routes = [
        Route("/", _safe(register.search)),
        Route("/r/{number}", _safe(register.one)),
        Route("/data/disclosures.{form}", _safe(register.data)),
        Route("/api/disclosure/{level}", _safe(register.wording)),
        Mount("/static", StaticFiles(packages=[("shenyong.web", "static")])),
    ]
    return Starlette(routes=routes)


def build() -> Starlette:
    """The register, from the settings that `serve` left."""
    from shenyong.gateway.serve import handed_over

    return application(handed_over())
