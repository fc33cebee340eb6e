"""Signing in: a password (Argon2id), then TOTP where the person has it; or a passkey (WebAuthn).

Five failures lock an account for a quarter of an hour. An unknown name, a wrong password and a
disabled account look the same, and take as long. Source: domain.md 5.2.
"""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pyotp
import webauthn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from webauthn.helpers import bytes_to_base64url, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from shenyong.registry import Role
from shenyong.storage.accounts import Passkey
from shenyong.storage.vault import seal, unseal
from shenyong.web.context import Desk, Guest
from shenyong.web.view import COOKIE, LANG_COOKIE, SECURITY, TOUR_COOKIE, field, page, redirect

_STEPS = 1  # a code of the half minute before or after is taken too


def secure(desk: Desk) -> bool:
    """Whether cookies are for HTTPS only."""
    return desk.settings.server.url.startswith("https://")


def _with_cookie(desk: Desk, response: Response, token: str) -> Response:
    response.set_cookie(
        COOKIE, token, httponly=True, samesite="lax", secure=secure(desk), path="/",
        max_age=desk.settings.web.hours * 3600,
    )  # fmt: skip
    return response


async def show(request: Request, desk: Desk, guest: Guest) -> Response:
    """The sign-in page, with a session of nobody for its form's token."""
    target = request.query_params.get("next", "/")
    if guest.person is not None:
        return redirect(target)
    return await _form(desk, guest, {"next": target})


async def _form(
    desk: Desk, guest: Guest, values: dict[str, Any], problem: str = "", **params: Any
) -> Response:
    fresh = ""
    if guest.session is None or guest.person is not None:
        fresh, csrf = await desk.accounts.begin(None, int(time.time()))
        values = {**values, "csrf": csrf}
    oidc = desk.settings.oidc
    told = {"resume": "", "next": "/", **values, "problem": problem, "params": params,
            "oidc": bool(oidc.issuer), "oidc_label": oidc.label}  # fmt: skip
    response: Response = page(desk, guest, "signin.html", told, status=401 if problem else 200)
    return _with_cookie(desk, response, fresh) if fresh else response


async def entrance(desk: Desk, guest: Guest, response: Response, state: str) -> Response:
    """A response that keeps a little state in the session of somebody who is nobody yet."""
    if guest.session is None or guest.person is not None:
        token, _ = await desk.accounts.begin(None, int(time.time()), state)
        return _with_cookie(desk, response, token)
    await desk.accounts.keep(guest.token, state)
    return response


async def sign_in(request: Request, desk: Desk, guest: Guest) -> Response:
    """Check the password; then a code, if the person has a second factor."""
    person = (await field(request, "person")).strip()[:100]
    password = (await field(request, "password"))[:1000]
    values = {"next": await field(request, "next"), "resume": await field(request, "resume")}
    now = int(time.time())
    checked = await desk.accounts.check(person, password, now)
    if not checked.right:
        if checked.locked_until:
            minutes = max(1, -(-(checked.locked_until - now) // 60))
            return await _form(desk, guest, values, "web.signin.locked", minutes=minutes)
        return await _form(desk, guest, values, "web.signin.wrong")
    if checked.totp is not None:
        state = json.dumps({"person": person, "at": now, **values}, ensure_ascii=False)
        await desk.accounts.keep(guest.token, state)
        return page(desk, guest, "code.html", {"problem": "", "params": {}})
    return await enter(desk, guest, person, values)


async def code(request: Request, desk: Desk, guest: Guest) -> Response:
    """Check the second factor's code."""
    state = _state(guest)
    person, now = str(state.get("person", "")), int(time.time())
    if not person or now - int(state.get("at", 0)) > 300:
        return await _form(desk, guest, {}, "web.signin.expired")
    sealed = await desk.accounts.totp(person)
    until = await desk.accounts.locked_until(person)
    given = "".join((await field(request, "code")).split())
    if until > now or sealed is None or not _right_code(desk, person, sealed, given):
        checked = await desk.accounts.failed(person, now)
        if checked.locked_until or until > now:
            return await _form(desk, guest, {}, "web.signin.locked", minutes=15)
        told = {"problem": "web.signin.wrong_code", "params": {}}
        return page(desk, guest, "code.html", told, status=401)
    values = {name: str(state.get(name, "")) for name in ("next", "resume")}
    return await enter(desk, guest, person, values)


def _right_code(desk: Desk, person: str, sealed: bytes, given: str) -> bool:
    found = desk.person(person)
    if found is None or not (given.isascii() and given.isdigit()):
        return False
    secret = unseal(desk.vault_key(found.agency), sealed, f"totp\0{person}").decode()
    return pyotp.TOTP(secret).verify(given, valid_window=_STEPS)


def _state(guest: Guest) -> dict[str, Any]:
    if guest.session is None or not guest.session.state:
        return {}
    try:
        told = json.loads(guest.session.state)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


async def enter(desk: Desk, guest: Guest, person: str, values: dict[str, str]) -> Response:
    """A new session for the person; a form that was held goes on."""
    found = desk.person(person)
    if found is None or not found.active:
        return await _form(desk, guest, values, "web.signin.wrong")
    now = int(time.time())
    await desk.accounts.succeeded(person, now)
    if guest.token:
        await desk.accounts.end(guest.token)
    token, csrf = await desk.accounts.begin(person, now)
    held = values.get("resume", "")
    response: Response
    if held:
        entered = Guest(guest.lang, token, await _fresh(desk, token), found)
        told = _held(held)
        response = page(desk, entered, "resume.html", {**told, "csrf": csrf})
    else:
        response = redirect(values.get("next") or "/")
    return _with_cookie(desk, response, token)


async def _fresh(desk: Desk, token: str) -> Any:
    web = desk.settings.web
    return await desk.accounts.session(
        token, int(time.time()), idle=web.idle_minutes * 60, whole=web.hours * 3600
    )


def _held(text: str) -> dict[str, Any]:
    """The form that waited. What isn't one of ours is an empty one."""
    try:
        told = json.loads(text)
        path = str(told["path"])
        kept = [(str(name), str(value)) for name, value in told["fields"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {"path": "/", "fields": []}
    return {"path": path if path.startswith("/") and path[1:2] not in ("/", "\\") else "/",
            "fields": kept}  # fmt: skip


async def sign_out(request: Request, desk: Desk, guest: Guest) -> Response:
    """End the session."""
    await desk.accounts.end(guest.token)
    response = redirect("/signin")
    response.delete_cookie(COOKIE, path="/")
    return response


async def switch(request: Request, desk: Desk, guest: Guest) -> Response:
    """The demonstration's change of roles: only where the settings say that this is one."""
    person = await field(request, "person")
    if not desk.settings.web.demo or desk.person(person) is None:
        return redirect("/signin")
    return await enter(desk, guest, person, {"next": await field(request, "next") or "/"})


async def dismiss(request: Request, desk: Desk, guest: Guest) -> Response:
    """The demonstration's tour is not shown any more in this browser."""
    response = redirect("/")
    response.set_cookie(
        TOUR_COOKIE, "off", httponly=True, samesite="lax", secure=secure(desk), path="/",
        max_age=30 * 86_400,
    )  # fmt: skip
    return response


async def speak(request: Request, desk: Desk, guest: Guest) -> Response:
    """Choose the language."""
    response = redirect(request.query_params.get("next", "/"))
    lang = "en" if request.query_params.get("to") == "en" else "zh"
    response.set_cookie(
        LANG_COOKIE, lang, httponly=True, samesite="lax", secure=secure(desk), path="/",
        max_age=365 * 86_400,
    )  # fmt: skip
    return response


async def account(request: Request, desk: Desk, guest: Guest, said: str = "") -> Response:
    """One's own account: password, second factor, passkeys."""
    return await _account(desk, guest, said)


async def _account(desk: Desk, guest: Guest, said: str = "", problem: str = "") -> Response:
    person = guest.who.id
    keys = await desk.accounts.passkeys(person)
    state = _state(guest)
    secret = str(state.get("totp", ""))
    values = {
        "said": said,
        "problem": problem,
        "has_totp": await desk.accounts.totp(person) is not None,
        "secret": secret,
        "uri": pyotp.TOTP(secret).provisioning_uri(name=person, issuer_name="Shenyong")
        if secret
        else "",
        "passkeys": [
            {"id": bytes_to_base64url(each.id), "name": each.name, "created": each.created * 10**6}
            for each in keys
        ],
    }
    return page(desk, guest, "account.html", values, status=400 if problem else 200)


async def new_password(request: Request, desk: Desk, guest: Guest) -> Response:
    """Change the password; every other session ends."""
    person, now = guest.who.id, int(time.time())
    new = await field(request, "new")
    checked = await desk.accounts.check(person, await field(request, "password"), now)
    if not checked.right:
        return await _account(desk, guest, problem="web.account.wrong")
    if len(new) < 12 or new.lower() == person.lower():
        return await _account(desk, guest, problem="web.account.short")
    await desk.accounts.set_password(person, new, now)
    await desk.accounts.end_others(person, guest.token)
    return await _account(desk, guest, "web.account.changed")


async def totp(request: Request, desk: Desk, guest: Guest) -> Response:
    """Begin, finish or end the second factor by time-based codes (RFC 6238)."""
    person, what = guest.who.id, await field(request, "what")
    if what == "begin":
        await desk.accounts.keep(guest.token, json.dumps({"totp": pyotp.random_base32()}))
        return redirect("/account#totp")
    if what == "end":
        checked = await desk.accounts.check(person, await field(request, "password"), _seconds())
        if not checked.right:
            return await _account(desk, guest, problem="web.account.wrong")
        await desk.accounts.set_totp(person, None)
        return await _account(desk, guest, "web.account.totp_off")
    secret = str(_state(guest).get("totp", ""))
    given = "".join((await field(request, "code")).split())
    if not secret or not pyotp.TOTP(secret).verify(given, valid_window=_STEPS):
        return await _account(desk, guest, problem="web.signin.wrong_code")
    sealed = seal(desk.vault_key(guest.who.agency), secret.encode(), f"totp\0{person}")
    await desk.accounts.set_totp(person, sealed)
    await desk.accounts.keep(guest.token, "")
    await desk.accounts.end_others(person, guest.token)
    return redirect("/account")


def _seconds() -> int:
    return int(time.time())


def _site(desk: Desk) -> tuple[str, str]:
    """The relying party's id and origin."""
    url = desk.settings.server.url
    host = url.split("://", 1)[1].split("/", 1)[0]
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return name, url.split("://", 1)[0] + "://" + host


def _json(text: str, status: int = 200) -> Response:
    return Response(text, status, SECURITY, "application/json")


async def passkey_options(request: Request, desk: Desk, guest: Guest) -> Response:
    """What the browser needs to make a passkey."""
    person = guest.person
    assert person is not None
    known = await desk.accounts.passkeys(person.id)
    options = webauthn.generate_registration_options(
        rp_id=_site(desk)[0],
        rp_name="Shenyong 審用",
        user_id=person.id.encode(),
        user_name=person.id,
        user_display_name=person.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each.id) for each in known],
    )
    challenge = base64.b64encode(options.challenge).decode()
    await desk.accounts.keep(guest.token, json.dumps({"challenge": challenge}))
    return _json(webauthn.options_to_json(options))


async def add_passkey(request: Request, desk: Desk, guest: Guest) -> Response:
    """Register the passkey that the browser made."""
    challenge = _state(guest).get("challenge", "")
    name, origin = _site(desk)
    try:
        verified = webauthn.verify_registration_response(
            credential=await field(request, "credential"),
            expected_challenge=base64.b64decode(challenge),
            expected_rp_id=name,
            expected_origin=origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError):
        return JSONResponse({"ok": False}, 400, SECURITY)
    label = (await field(request, "name")).strip()[:60] or "passkey"
    key = Passkey(
        verified.credential_id,
        verified.credential_public_key,
        verified.sign_count,
        label,
        _seconds(),
    )
    await desk.accounts.add_passkey(guest.who.id, key)
    await desk.accounts.keep(guest.token, "")
    return JSONResponse({"ok": True}, headers=SECURITY)


async def drop_passkey(request: Request, desk: Desk, guest: Guest) -> Response:
    """Take a passkey away."""
    from webauthn.helpers import base64url_to_bytes

    try:
        credential = base64url_to_bytes(await field(request, "id"))
    except ValueError:
        return redirect("/account")
    await desk.accounts.drop_passkey(guest.who.id, credential)
    return redirect("/account#passkeys")


async def challenge(request: Request, desk: Desk, guest: Guest) -> Response:
    """What the browser needs to sign in by a passkey: nothing that tells who has one."""
    options = webauthn.generate_authentication_options(
        rp_id=_site(desk)[0], user_verification=UserVerificationRequirement.REQUIRED
    )
    held = base64.b64encode(options.challenge).decode()
    await desk.accounts.keep(guest.token, json.dumps({"challenge": held}))
    return _json(webauthn.options_to_json(options))


async def passkey_sign_in(request: Request, desk: Desk, guest: Guest) -> Response:
    """Sign in by a passkey: something one has, and something one is or knows, in one step."""
    name, origin = _site(desk)
    try:
        credential = parse_authentication_credential_json(await field(request, "credential"))
        known = await desk.accounts.passkey(credential.raw_id)
        if known is None:
            raise ValueError
        person, public_key, uses = known
        if await desk.accounts.locked_until(person) > _seconds():
            raise ValueError
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=base64.b64decode(_state(guest).get("challenge", "")),
            expected_rp_id=name,
            expected_origin=origin,
            credential_public_key=public_key,
            credential_current_sign_count=uses,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError):
        return await _form(desk, guest, {}, "web.signin.passkey_failed")
    if not await desk.accounts.used_passkey(credential.raw_id, verified.new_sign_count):
        return await _form(desk, guest, {}, "web.signin.passkey_failed")
    values = {each: await field(request, each) for each in ("next", "resume")}
    return await enter(desk, guest, person, values)


EVERY_ROLE = tuple(Role)
"""Everybody who has an account."""
