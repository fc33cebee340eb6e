"""The site: programs go to the gateway, people to the pages; one address, one process.

/v1/…  /d/…  /healthz  /readyz  /metrics  /version   the gateway, untouched
everything else                                     pages
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from shenyong.gateway.app import UNAUDITED, App
from shenyong.gateway.framing import sound
from shenyong.gateway.shell import Message, Receive, SendMessage
from shenyong.registry import Role
from shenyong.settings import Settings
from shenyong.web import (
    assessing,
    auditing,
    contracting,
    contribution,
    drafting,
    judging,
    matter,
    office,
    oidc,
    records,
    releasing,
    ruling,
    signin,
)
from shenyong.web import desk as lists
from shenyong.web.context import Desk
from shenyong.web.view import Handler, guest_of, not_found, view

_GATEWAY = ("/v1", "/d", "/chat/completions", "/models")
_WRITERS = (Role.OFFICIAL, Role.SUPERVISOR)
_READERS = (Role.OFFICIAL, Role.SUPERVISOR, Role.AUDITOR)
_CHIEFS = (Role.SUPERVISOR,)
_RULERS = (Role.CISO, Role.DPO, Role.ADMIN)
_OVERSEERS = (Role.AUDITOR, Role.CISO, Role.DPO, Role.SUPERVISOR)
_AUDITORS = (Role.AUDITOR,)

PAGES: tuple[tuple[str, str, Handler, tuple[Role, ...] | None], ...] = (
    ("GET", "/", lists.home, tuple(Role)),
    ("GET", "/queue", lists.queue, _CHIEFS),
    ("GET", "/mine", lists.own, _WRITERS),
    ("GET", "/models-and-environments", lists.machines, tuple(Role)),
    ("GET", "/m/new", matter.new, _WRITERS),
    ("POST", "/m/new", matter.begin, _WRITERS),
    ("GET", "/m/{id}", matter.show, _READERS),
    ("POST", "/m/{id}/look", drafting.look, _WRITERS),
    ("POST", "/m/{id}/ask", drafting.ask, _WRITERS),
    ("GET", "/m/{id}/edit", judging.edit, _WRITERS),
    ("POST", "/m/{id}/edit", judging.save, _WRITERS),
    ("POST", "/m/{id}/source", judging.source, _WRITERS),
    ("POST", "/m/{id}/judge", judging.judge, _WRITERS),
    ("POST", "/m/{id}/submit", judging.submit, _WRITERS),
    ("POST", "/m/{id}/recall", judging.recall, _WRITERS),
    ("POST", "/m/{id}/countersign", judging.countersign, _CHIEFS),
    ("POST", "/m/{id}/release", releasing.release, _WRITERS),
    ("POST", "/m/{id}/void", judging.void, _WRITERS),
    ("GET", "/m/{id}/file", releasing.download, _READERS),
    ("GET", "/m/{id}/copy", releasing.copying, _READERS),
    ("GET", "/m/{id}/contribution", contribution.taken, _READERS),
    ("GET", "/log", records.log, _READERS),
    ("GET", "/appeal/{id}", records.appeal_form, _WRITERS),
    ("POST", "/appeal/{id}", records.appeal, _WRITERS),
    ("POST", "/plea/{id}", records.decide, _CHIEFS),
    ("GET", "/verify", releasing.verify_form, tuple(Role)),
    ("POST", "/verify", releasing.verify_file, tuple(Role)),
    ("GET", "/office", office.index, tuple(Role)),
    ("GET", "/office/{kind}", office.listed, tuple(Role)),
    ("GET", "/office/{kind}/new", office.new, tuple(Role)),
    ("POST", "/office/{kind}/new", office.begin, tuple(Role)),
    ("GET", "/office/{kind}/{id}", office.show, tuple(Role)),
    ("POST", "/office/{kind}/{id}/do", office.do, tuple(Role)),
    ("POST", "/office/{kind}/{id}/unmask", office.unmask, tuple(Role)),
    ("GET", "/office/use/{id}/checklist", assessing.checklist, tuple(Role)),
    ("GET", "/office/contract/{id}/clauses", contracting.clauses, tuple(Role)),
    ("GET", "/office/contract/{id}/terms", contracting.terms, tuple(Role)),
    ("GET", "/rules/compose", ruling.compose_form, _RULERS),
    ("POST", "/rules/compose", ruling.compose, _RULERS),
    ("GET", "/rules/ready", ruling.ready, tuple(Role)),
    ("POST", "/rules/ready/{id}", ruling.adopt, _RULERS),
    ("GET", "/guideline", ruling.guideline, tuple(Role)),
    ("GET", "/guideline/template", ruling.template, tuple(Role)),
    ("POST", "/guideline/import", ruling.take_edition, _RULERS),
    ("GET", "/agencies", ruling.agencies, tuple(Role)),
    ("GET", "/figures", auditing.figures, _OVERSEERS),
    ("GET", "/audit", auditing.console, _AUDITORS),
    ("GET", "/audit/case", auditing.case, _AUDITORS),
    ("POST", "/audit/verify", auditing.verify, _AUDITORS),
    ("POST", "/audit/evidence", auditing.evidence, _AUDITORS),
    ("GET", "/account", signin.account, tuple(Role)),
    ("POST", "/account/password", signin.new_password, tuple(Role)),
    ("POST", "/account/totp", signin.totp, tuple(Role)),
    ("POST", "/account/passkey/options", signin.passkey_options, tuple(Role)),
    ("POST", "/account/passkey", signin.add_passkey, tuple(Role)),
    ("POST", "/account/passkey/drop", signin.drop_passkey, tuple(Role)),
    ("POST", "/signout", signin.sign_out, tuple(Role)),
)
"""Every page that wants somebody: method, path, handler, and the roles that may."""

OPEN: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/signin", signin.show),
    ("POST", "/signin", signin.sign_in),
    ("POST", "/signin/code", signin.code),
    ("GET", "/signin/oidc", oidc.begin),
    ("GET", "/signin/oidc/back", oidc.back),
    ("POST", "/signin/challenge", signin.challenge),
    ("POST", "/signin/passkey", signin.passkey_sign_in),
    ("POST", "/demo/switch", signin.switch),
    ("POST", "/demo/tour", signin.dismiss),
    ("GET", "/lang", signin.speak),
)
"""Pages for who isn't signed in yet."""


class Site:
    """One worker's whole application."""

    def __init__(self, settings: Settings) -> None:
        self.gateway = App(settings)
        self.desk = Desk(settings, self.gateway)
        self._pages = _pages(self.desk)
        self._enabled = settings.web.enabled

    async def __call__(
        self,
        scope: Message,
        receive: Receive,
        send: SendMessage,
    ) -> None:
        """Serve one connection event, or the worker's life."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        path = scope["path"]
        door = any(path == each or path.startswith(f"{each}/") for each in _GATEWAY)
        program = door or (path.rstrip("/") or "/") in UNAUDITED or not self._enabled
        if program or path.startswith("//") or not sound(scope):
            await self.gateway(scope, receive, send)
        elif self.gateway.worker is None:
            await self.gateway({**scope, "path": "/v1/models"}, receive, send)
        else:
            await self._pages(scope, receive, send)

    async def _live(
        self,
        receive: Receive,
        send: SendMessage,
    ) -> None:
        """The gateway's life, with the desk's inside it."""

        async def sending(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete" and self._enabled:
                await self.desk.start()
            if message["type"] == "lifespan.shutdown.complete" and self._enabled:
                await self.desk.stop()
            await send(message)

        await self.gateway({"type": "lifespan"}, receive, sending)


def _pages(desk: Desk) -> Starlette:
    routes: list[Route | Mount] = []
    for method, path, handler, roles in PAGES:
        routes.append(Route(path, view(desk, handler, roles=roles), methods=[method]))
    for method, path, handler in OPEN:
        routes.append(Route(path, view(desk, handler, open_to_all=True), methods=[method]))
    routes.append(Mount("/static", StaticFiles(packages=[("shenyong.web", "static")])))

    if desk.settings.scim.enabled:
        from shenyong.web import scim

        routes.append(Mount("/scim/v2", scim.application(desk)))

    async def nothing(request: Request, _: Exception) -> Response:
        return not_found(desk, await guest_of(request, desk))

    return Starlette(routes=routes, exception_handlers={404: nothing, 405: nothing})


def build() -> Site:
    """The application of one worker, from the settings that `serve` left for it."""
    from shenyong.gateway.serve import handed_over

    return Site(handed_over())
