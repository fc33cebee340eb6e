"""What a provider's ID token must be before anybody is let in by it (OpenID Connect Core 3.1.3.7).

Pure: a token, the provider's keys and what was asked in; claims or a refusal out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures by keys that only the provider has; never ``none``, never a shared secret."""
LEEWAY = 60
"""Seconds by which the provider's clock may differ."""


class TokenRefusedError(ValueError):
    """A token that lets nobody in; `code` says why, and nothing of it is kept."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def claims(
    token: str, keys: Mapping[str, Any], *, issuer: str, client: str, nonce: str, now: int
) -> dict[str, Any]:
    """The claims of an ID token that was made for us, now, and for this sign-in.

    `keys` is the provider's JWKS, `now` in seconds since 1970.

    Raises:
        TokenRefusedError: ``signature``, ``issuer``, ``audience``, ``expired``, ``nonce`` or
            ``subject``. ``unknown_key`` where the JWKS may be older than the token.
    """
    try:
        known = KeySet.import_key_set({"keys": list(keys.get("keys", ()))})
        told = jwt.decode(token, known, algorithms=list(ALGORITHMS)).claims
    except (JoseError, ValueError, TypeError, KeyError) as error:
        unknown = "key" in type(error).__name__.lower() or "key" in str(error).lower()
        raise TokenRefusedError("unknown_key" if unknown else "signature") from None
    if told.get("iss") != issuer:
        raise TokenRefusedError("issuer")
    audience = told.get("aud")
    meant = audience if isinstance(audience, list) else [audience]
    if client not in meant or (len(meant) > 1 and told.get("azp") != client):
        raise TokenRefusedError("audience")
    if told.get("azp", client) != client:
        raise TokenRefusedError("audience")
    end, begin = told.get("exp"), told.get("iat")
    if not isinstance(end, int | float) or not isinstance(begin, int | float):
        raise TokenRefusedError("expired")
    if end + LEEWAY <= now or begin - LEEWAY > now:
        raise TokenRefusedError("expired")
    if not nonce or told.get("nonce") != nonce:
        raise TokenRefusedError("nonce")
    if not isinstance(told.get("sub"), str) or not told["sub"]:
        raise TokenRefusedError("subject")
    return dict(told)
