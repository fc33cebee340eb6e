"""The agency's OpenID provider: its discovery document, its keys, and tokens for codes."""

from __future__ import annotations

import json
import time
from typing import Any

import aiohttp

from shenyong.settings import Oidc, SettingsError, secret

_KEPT_SECONDS = 3600
_TIMEOUT = aiohttp.ClientTimeout(total=10)
_MOST = 256 * 1024


class ProviderError(RuntimeError):
    """The provider did not answer as one; the message holds no secret."""


class Provider:
    """The provider: its discovery document and keys, read when needed and kept for an hour."""

    def __init__(self, settings: Oidc) -> None:
        self.settings = settings
        self._about: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, dict[str, Any]] | None = None

    async def about(self) -> dict[str, Any]:
        """Its discovery document. Raises ProviderError."""
        if self._about is None or time.monotonic() - self._about[0] > _KEPT_SECONDS:
            issuer = self.settings.issuer
            found = await _get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != issuer:
                raise ProviderError("its document names another issuer")
            self._about = (time.monotonic(), found)
        return self._about[1]

    async def keys(self, *, fresh: bool = False) -> dict[str, Any]:
        """Its keys; read anew with `fresh`. Raises ProviderError."""
        if fresh or self._keys is None or time.monotonic() - self._keys[0] > _KEPT_SECONDS:
            about = await self.about()
            self._keys = (time.monotonic(), await _get(str(about.get("jwks_uri", ""))))
        return self._keys[1]

    async def token(self, code: str, verifier: str, back: str) -> str:
        """The ID token for a code. Raises ProviderError."""
        about, mine = await self.about(), self.settings
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": back,
            "code_verifier": verifier, "client_id": mine.client_id,
        }  # fmt: skip
        try:
            shared = secret(mine.client_secret, mine.client_secret_file, "oidc.client_secret")
        except SettingsError:
            raise ProviderError("the client's secret can't be read") from None
        login = aiohttp.BasicAuth(mine.client_id, shared.decode().strip())
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as session,
                session.post(str(about.get("token_endpoint", "")), data=form, auth=login) as answer,
            ):
                told = json.loads(await answer.content.read(_MOST))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, RecursionError) as error:
            raise ProviderError(type(error).__name__) from None
        token = told.get("id_token") if isinstance(told, dict) else None
        if answer.status != 200 or not isinstance(token, str):
            raise ProviderError(f"status {answer.status}")
        return token


async def _get(url: str) -> dict[str, Any]:
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            told = json.loads(await answer.content.read(_MOST))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, RecursionError) as error:
        raise ProviderError(type(error).__name__) from None
    if answer.status != 200 or not isinstance(told, dict):
        raise ProviderError(f"status {answer.status}")
    return told
