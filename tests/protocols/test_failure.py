"""Errors that are no refusals: each with words in both languages, none with the body's."""

from __future__ import annotations

import json

import pytest

from shenyong.protocols import failure
from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.failure import FORMS, Failure
from shenyong.protocols.strict_json import parse

PARAMS = {
    "model": "local/x",
    "path": "/v1/files",
    "url": "https://h/v1",
    "allowed": "POST",
    "limit": 1,
}


@pytest.mark.parametrize("kind", list(Failure))
def test_every_failure(kind: Failure) -> None:
    answer = failure.render(kind, "id-1", **PARAMS)  # type: ignore[arg-type]
    error = json.loads(answer.body)["error"]
    headers = dict(answer.headers)
    assert list(error) == ["message", "type", "param", "code"]
    assert error["code"] == kind.value != "content_filter"
    assert answer.status == FORMS[kind].status
    assert headers["x-request-id"] == "id-1"
    assert headers["content-language"] == "zh-TW"
    assert error["message"].isascii() is False
    assert error["message"].endswith(")")
    if answer.status == 503:
        assert int(headers["retry-after"]) >= 1
        assert headers["x-should-retry"] == "true"


def test_all_failures_have_a_form_and_statuses_are_those_expected() -> None:
    assert set(FORMS) == set(Failure)
    assert FORMS[Failure.INVALID_KEY].status == 401
    assert FORMS[Failure.MODEL_NOT_FOUND].status == 404
    assert FORMS[Failure.AUDIT_UNAVAILABLE].status == 503


def test_retry_after_is_rounded_up() -> None:
    answer = failure.render(Failure.RATE_LIMITED, "id", retry_after_s=1.2)
    assert dict(answer.headers)["retry-after"] == "2"
    assert dict(answer.headers)["retry-after-ms"] == "1200"


def test_values_are_cut_and_cleaned() -> None:
    answer = failure.render(Failure.MODEL_NOT_FOUND, "id", model="x\r\n{0}" + "y" * 500)
    message = json.loads(answer.body)["error"]["message"]
    assert "\n" not in message
    assert len(message) < 300


def test_bad_input() -> None:
    with pytest.raises(BadInputError) as caught:
        parse(b'{"a":[NaN]}')
    answer = failure.render_bad_input(caught.value, "id")
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["code"], error["param"]) == (400, "number_not_finite", "a[0]")
    assert dict(answer.headers)["x-should-retry"] == "false"
