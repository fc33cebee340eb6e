from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenyong.cli.checking import LineError, check_line

KEYS = ["id", "verdict", "points", "cites", "rules", "classes", "findings", "forward", "remedies"]


def test_the_line_out_has_exactly_the_contracts_keys():
    out = check_line({"id": "a", "text": "身分證字號 A123456789"})
    assert list(out) == KEYS
    assert list(out["findings"][0]) == [
        "kind",
        "class",
        "path",
        "start",
        "end",
        "masked",
        "confidence",
        "detector",
    ]
    json.dumps(out)


@pytest.mark.point("ey-genai-2023:4")
def test_personal_data_is_redacted_and_offsets_are_code_points_of_the_input():
    text = "😀身分證字號 A123456789，謝謝"
    out = check_line({"text": text})
    assert (out["verdict"], out["points"], out["classes"]) == ("redact", ["4"], ["D2"])
    (finding,) = out["findings"]
    assert finding["kind"] == "tw_national_id"
    assert text[finding["start"] : finding["end"]] == "A123456789"
    assert "A123456789" not in json.dumps(out)
    assert out["forward"].startswith("😀身分證字號 〔")


@pytest.mark.point("ey-genai-2023:4")
def test_a_confirmed_environment_opens_what_an_unconfirmed_one_does_not():
    line = {"text": "身分證字號 A123456789", "env": "E4", "env_max": "D4"}
    assert check_line(line)["verdict"] == "allow"
    assert check_line(line)["forward"] == line["text"]
    assert check_line({**line, "env": "E3", "env_max": None})["verdict"] == "redact"
    assert check_line({**line, "env": "E0"})["verdict"] == "deny"


@pytest.mark.point("ey-genai-2023:3")
def test_declared_and_produced_secrets_do_not_go():
    for line in (
        {"text": "x", "classification": "密"},
        {"text": "x", "classification": "極機密", "env": "E4", "env_max": "D4"},
        {"text": "x", "purpose": "produce_classified", "env": "E5", "env_max": "D6"},
    ):
        out = check_line(line)
        assert out["verdict"] == "deny"
        assert out["forward"] is None
        assert out["rules"]


def test_messages_in_messages_out():
    line = {
        "messages": [
            {"role": "system", "content": "你是助理"},
            {"role": "user", "content": [{"type": "text", "text": "A123456789 是我的身分證字號"}]},
        ]
    }
    out = check_line(line)
    assert out["verdict"] == "redact"
    assert out["findings"][0]["path"].startswith("messages[1].content")
    assert out["forward"][0] == line["messages"][0]
    assert "A123456789" not in json.dumps(out["forward"])
    assert check_line({"messages": [{"role": "user", "content": "你好"}]})["forward"] == [
        {"role": "user", "content": "你好"}
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({}, "text_or_messages"),
        ({"text": "a", "messages": []}, "text_or_messages"),
        ({"text": 1}, "wrong_type"),
        ({"messages": "a"}, "wrong_type"),
        ({"messages": []}, "too_many"),
        ({"text": "a", "env": "E9"}, "unknown_env"),
        ({"text": "a", "env": 1}, "unknown_env"),
        ({"text": "a", "env_max": "D7"}, "unknown_env_max"),
        ({"text": "a", "env_max": "D0"}, "unknown_env_max"),
        ({"text": "a", "purpose": "fun"}, "unknown_purpose"),
        ({"text": "a", "actor": "bot"}, "unknown_actor"),
        ({"text": "a", "classification": "超機密"}, "unknown_classification"),
        ({"text": "a", "classification": 4}, "unknown_classification"),
    ],
)
def test_a_line_that_is_not_of_the_contract_says_why(line, code):
    with pytest.raises(LineError) as caught:
        check_line(line)
    assert caught.value.code == code


def test_unknown_fields_are_named_and_change_nothing():
    plain, more = check_line({"text": "你好"}), check_line({"text": "你好", "Env": "E0"})
    assert more.pop("ignored") == ["Env"]
    assert plain == more


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=200), st.sampled_from(["E1", "E2", "E3", "E4"]))
def test_forward_is_the_text_itself_exactly_where_the_verdict_is_allow(text, env):
    out = check_line({"text": text, "env": env})
    if out["verdict"] == "allow":
        assert out["forward"] == text
    elif out["verdict"] == "redact":
        assert out["forward"] != text
    else:
        assert out["forward"] is None
    for finding in out["findings"]:
        assert 0 <= finding["start"] < finding["end"] <= len(text)
