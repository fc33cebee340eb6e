"""Signing in by the agency's own provider: OpenID Connect, authorization code with PKCE.

What was asked (state, nonce, verifier) stays in our session, and counts once. A person is let in
who is in the registry and active; a stranger is told so, and nobody is created.
Source: domain.md 5.3; OpenID Connect Core 1.0; RFC 7636, 9207.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from shenyong.registry import Person
from shenyong.registry.oidc import TokenRefusedError, claims
from shenyong.web.context import Desk, Guest
from shenyong.web.provider import ProviderError
from shenyong.web.signin import enter, entrance
from shenyong.web.view import SECURITY, failed

_ASKED_SECONDS = 600


def _back(desk: Desk) -> str:
    return f"{desk.settings.server.url}/signin/oidc/back"


async def begin(request: Request, desk: Desk, guest: Guest) -> Response:
    """Send the person to the provider; what is asked stays in our session."""
    settings = desk.settings.oidc
    if not settings.issuer:
        return failed(desk, guest, "web.error.not_found", 404)
    try:
        about = await desk.provider.about()
    except ProviderError:
        return failed(desk, guest, "web.oidc.unreachable", 503)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    query = urlencode({
        "response_type": "code", "client_id": settings.client_id, "redirect_uri": _back(desk),
        "scope": settings.scope, "state": state, "nonce": nonce,
        "code_challenge": challenge.decode(), "code_challenge_method": "S256",
    })  # fmt: skip
    asked = {
        "state": state, "nonce": nonce, "verifier": verifier, "at": int(time.time()),
        "next": request.query_params.get("next", "/")[:2000],
    }  # fmt: skip
    url = f"{about.get('authorization_endpoint', '')}?{query}"
    response = RedirectResponse(url, 303, headers=SECURITY)
    return await entrance(desk, guest, response, json.dumps({"oidc": asked}))


async def back(request: Request, desk: Desk, guest: Guest) -> Response:
    """The person comes back with a code: the token is fetched, examined, and lets in or not."""
    asked = await _asked(desk, guest)
    told = request.query_params
    right = asked and hmac.compare_digest(str(asked.get("state", "")), told.get("state", ""))
    if not right or int(time.time()) - int(asked.get("at", 0)) > _ASKED_SECONDS:
        return failed(desk, guest, "web.oidc.strange", 400)
    settings = desk.settings.oidc
    if told.get("iss", settings.issuer) != settings.issuer or not told.get("code"):
        return failed(desk, guest, "web.oidc.refused", 401)
    try:
        token = await desk.provider.token(told["code"], str(asked["verifier"]), _back(desk))
        found = await _claims(desk, token, str(asked["nonce"]))
    except ProviderError:
        return failed(desk, guest, "web.oidc.unreachable", 503)
    except TokenRefusedError:
        return failed(desk, guest, "web.oidc.refused", 401)
    person = _person(desk, str(found.get(settings.claim, "")))
    if person is None:
        return failed(desk, guest, "web.oidc.stranger", 403)
    return await enter(desk, guest, person.id, {"next": str(asked.get("next", "/"))})


async def _asked(desk: Desk, guest: Guest) -> dict[str, Any]:
    """What this session asked the provider; it counts once."""
    if guest.session is None or not guest.session.state:
        return {}
    try:
        told = json.loads(guest.session.state)
    except ValueError:
        return {}
    await desk.accounts.keep(guest.token, "")
    found = told.get("oidc") if isinstance(told, dict) else None
    return found if isinstance(found, dict) else {}


async def _claims(desk: Desk, token: str, nonce: str) -> dict[str, Any]:
    """The token's claims; keys that the provider changed meanwhile are read once more."""
    settings = desk.settings.oidc
    for fresh in (False, True):
        keys = await desk.provider.keys(fresh=fresh)
        try:
            return claims(
                token, keys, issuer=settings.issuer, client=settings.client_id, nonce=nonce,
                now=int(time.time()),
            )  # fmt: skip
        except TokenRefusedError as refused:
            if fresh or refused.code not in ("unknown_key", "signature"):
                raise
    raise TokenRefusedError("signature")


def _person(desk: Desk, name: str) -> Person | None:
    """The active person whom the provider means: by the subject first, then by the user name."""
    if not name:
        return None
    people = [each for each in desk.worker.world.registry.people.values() if each.active]
    by_subject = [each for each in people if each.subject == name]
    found = by_subject or [each for each in people if each.user_name == name]
    return found[0] if len(found) == 1 else None
