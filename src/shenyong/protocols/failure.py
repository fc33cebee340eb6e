"""Errors that are no refusals, in OpenAI's shape: who may ask, what there is, and what failed.

A refusal says what the guideline forbids (`refusal`); a failure says that a request could not be
served. The two never share a code, a status of retry or a metric (ux.md 3.3 g). Nothing of the
request's body is quoted but the name of the model that was asked for, shortened and to its caller.

Source: ux.md 3.1 (anything else under /v1), 3.2 (retries, base URLs), reliability.md 4.3.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import msgspec

from shenyong import wording
from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.rendered import JSON_TYPE, Headers, Rendered


class Failure(StrEnum):
    """What went wrong; the value is the error's ``code``, and its words are ``failure.<code>``."""

    MISSING_KEY = "missing_api_key"
    INVALID_KEY = "invalid_api_key"
    EXPIRED_KEY = "expired_api_key"
    REVOKED_KEY = "revoked_api_key"
    SUSPENDED_KEY = "suspended_api_key"
    UNIDENTIFIED_USER = "unidentified_user"
    MODEL_NOT_ALLOWED = "model_not_allowed"
    MODEL_NOT_FOUND = "model_not_found"
    FILE_NOT_FOUND = "file_not_found"
    NOT_PROXIED = "not_proxied"
    WRONG_BASE_URL = "wrong_base_url"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    REQUEST_TIMEOUT = "request_timeout"
    BODY_TOO_LARGE = "body_too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    RATE_LIMITED = "rate_limit_exceeded"
    QUOTA_EXHAUSTED = "insufficient_quota"
    UPSTREAM_FAULT = "upstream_fault"
    UPSTREAM_TIMEOUT = "upstream_timeout"
    UPSTREAM_REFUSED = "upstream_refused_request"
    AUDIT_UNAVAILABLE = "audit_unavailable"
    OUTCOME_UNRECORDED = "outcome_not_recorded"
    INSPECTION_TIMEOUT = "inspection_timeout"
    OVERLOADED = "overloaded"
    SHUTTING_DOWN = "shutting_down"
    INTERNAL = "internal_error"


class _Form(NamedTuple):
    status: int
    type: str
    retry: bool


_ASKED = "invalid_request_error"
_OURS = "server_error"
FORMS: dict[Failure, _Form] = {
    Failure.MISSING_KEY: _Form(401, _ASKED, False),
    Failure.INVALID_KEY: _Form(401, _ASKED, False),
    Failure.EXPIRED_KEY: _Form(401, _ASKED, False),
    Failure.REVOKED_KEY: _Form(401, _ASKED, False),
    Failure.SUSPENDED_KEY: _Form(401, _ASKED, False),
    Failure.UNIDENTIFIED_USER: _Form(403, "permission_error", False),
    Failure.MODEL_NOT_ALLOWED: _Form(403, "permission_error", False),
    Failure.MODEL_NOT_FOUND: _Form(404, _ASKED, False),
    Failure.FILE_NOT_FOUND: _Form(404, _ASKED, False),
    Failure.NOT_PROXIED: _Form(404, _ASKED, False),
    Failure.WRONG_BASE_URL: _Form(404, _ASKED, False),
    Failure.METHOD_NOT_ALLOWED: _Form(405, _ASKED, False),
    Failure.REQUEST_TIMEOUT: _Form(408, "timeout_error", False),
    Failure.BODY_TOO_LARGE: _Form(413, _ASKED, False),
    Failure.UNSUPPORTED_MEDIA_TYPE: _Form(415, _ASKED, False),
    Failure.RATE_LIMITED: _Form(429, "rate_limit_error", True),
    Failure.QUOTA_EXHAUSTED: _Form(429, "insufficient_quota", False),
    Failure.UPSTREAM_FAULT: _Form(502, "upstream_error", True),
    Failure.UPSTREAM_TIMEOUT: _Form(504, "upstream_error", True),
    Failure.UPSTREAM_REFUSED: _Form(400, _ASKED, False),
    Failure.AUDIT_UNAVAILABLE: _Form(503, _OURS, True),
    Failure.OUTCOME_UNRECORDED: _Form(500, _OURS, False),
    Failure.INSPECTION_TIMEOUT: _Form(413, _ASKED, False),
    Failure.OVERLOADED: _Form(503, _OURS, True),
    Failure.SHUTTING_DOWN: _Form(503, _OURS, True),
    Failure.INTERNAL: _Form(500, _OURS, False),
}
"""Failure → status, OpenAI's type of error, and whether a client does well to try again."""

_encode = msgspec.json.Encoder().encode


def render(
    failure: Failure,
    request_id: str,
    *,
    param: str | None = None,
    retry_after_s: float | None = None,
    headers: Headers = (),
    **params: object,
) -> Rendered:
    """The failure as an HTTP answer.

    `params` fill the words (``model``, ``path``, ``url``, ``allowed``, ``limit``); values chosen
    by the caller are cut to 80 characters and lose their control characters. `retry_after_s` in
    seconds; a 503 and a 429 that may be retried say one second where none is given.
    """
    form = FORMS[failure]
    said = wording.both(f"failure.{failure}", **{k: _quoted(v) for k, v in params.items()})
    extra: Headers = headers
    if form.retry and retry_after_s is None and form.status in (429, 503):
        retry_after_s = 1
    if retry_after_s is not None:
        seconds = max(1, -int(-retry_after_s // 1))
        extra += (
            ("retry-after", str(seconds)),
            ("retry-after-ms", str(max(1, int(retry_after_s * 1000)))),
        )
    return _rendered(
        status=form.status,
        kind=form.type,
        code=failure.value,
        message=said,
        param=param,
        request_id=request_id,
        retry=form.retry,
        extra=extra,
    )


def render_bad_input(error: BadInputError, request_id: str) -> Rendered:
    """A request that can't be read, as an HTTP answer (400, or 413 where it is too large)."""
    return _rendered(
        status=error.status,
        kind=_ASKED,
        code=error.code,
        message=error.message,
        param=error.param or None,
        request_id=request_id,
        retry=False,
        extra=(),
    )


def _rendered(
    *,
    status: int,
    kind: str,
    code: str,
    message: str,
    param: str | None,
    request_id: str,
    retry: bool,
    extra: Headers,
) -> Rendered:
    body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    headers = (
        JSON_TYPE,
        ("x-request-id", request_id),
        ("x-should-retry", "true" if retry else "false"),
        ("content-language", "zh-TW"),
        *extra,
    )
    return Rendered(status, headers, _encode(body))


def _quoted(value: object) -> object:
    if not isinstance(value, str):
        return value
    plain = "".join(char for char in value if char.isprintable())
    return plain if len(plain) <= 80 else plain[:79] + "…"
