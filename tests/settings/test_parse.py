from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenyong.settings import Problem, SettingsError, parse, render

# Each seeded mistake: the file, the code, the line and column, and what is suggested.
MISTAKES = [
    ("[server]\nprot = 8000\n", "unknown_key", 2, 1, "port"),
    ("[sever]\nport = 8000\n", "unknown_section", 1, 2, "server"),
    ('[server]\nport = "8000"\n', "wrong_type", 2, 8, ""),
    ("[server]\nport = 0\n", "out_of_range", 2, 8, ""),
    ("[server]\nport = 70000\n", "out_of_range", 2, 8, ""),
    ("[server]\nport = 80.5\n", "wrong_type", 2, 8, ""),
    ("[server]\nport = true\n", "wrong_type", 2, 8, ""),
    ("[server]\nworkers = -1\n", "out_of_range", 2, 11, ""),
    ("[server]\nhost = 127\n", "wrong_type", 2, 8, ""),
    ('[server]\nhost = ""\n', "out_of_range", 2, 8, ""),
    ('[server]\npublic_url = "審用主機"\n', "out_of_range", 2, 14, ""),
    ('[server]\npublic_url = "ftp://host"\n', "out_of_range", 2, 14, ""),
    ("[server]\nworker = 2\n", "unknown_key", 2, 1, "workers"),
    ("server = 3\n", "not_a_section", 1, 1, ""),
    ("port = 8000\n", "unknown_section", 1, 1, ""),
    ("[server]\n  body_bytes = 5\n", "unknown_key", 2, 3, "[limits] body_bytes"),
    ("[limits]\nbody_byte = 5000\n", "unknown_key", 2, 1, "body_bytes"),
    ("[limits]\nbody_bytes = 5\n", "out_of_range", 2, 14, ""),
    ("[limits]\ndepth = 10_000\n", "out_of_range", 2, 9, ""),
    ("[limits]\nrequest_seconds = 0\n", "out_of_range", 2, 19, ""),
    ("[limits]\nrequest_seconds = nan\n", "out_of_range", 2, 19, ""),
    ('[limits]\nrequest_seconds = "60s"\n', "wrong_type", 2, 19, ""),
    ("[limits]\nconcurrent = [1]\n", "wrong_type", 2, 14, ""),
    ('[database]\ndsn = "postgresql://u:hunter2@db/x"\n', "secret_in_file", 2, 1, "dsn_file"),
    ('[ledger]\nsigning_key = "00"\n', "secret_in_file", 2, 1, "signing_key_file"),
    ('[ledger]\ndigest_key = "00"\n', "secret_in_file", 2, 1, "digest_key_file"),
    ('[registry]\npepper = "hunter2"\n', "secret_in_file", 2, 1, "pepper_file"),
    ('[registry]\npeper_file = "x"\n', "unknown_key", 2, 1, "pepper_file"),
    ('[database]\ndata_dir = "d"\ndsn_file = "f"\n', "exclusive", 2, 1, ""),
    ('[logging]\nlevel = "inof"\n', "not_a_choice", 2, 9, "info"),
    ("[logging]\nlevel = 3\n", "not_a_choice", 2, 9, ""),
    ('[logging]\nrequests = "yes"\n', "wrong_type", 2, 12, ""),
    ('[inspection]\nmail_domains = "example.gov.tw"\n', "wrong_type", 2, 16, ""),
    ("[inspection]\nmail_domains = [1]\n", "wrong_type", 2, 16, ""),
    ('[policy]\npack = "EY 2023"\n', "out_of_range", 2, 8, ""),
    ("[policy]\nagency_pack = []\n", "unknown_key", 2, 1, "agency_packs"),
    ("[server\nport = 1\n", "syntax", 1, 8, ""),
    ("[server]\nport = \n", "syntax", 2, 8, ""),
    ("[server]\nport = 1\nport = 2\n", "syntax", 3, 9, ""),
    ('[server]\nhost = "abc\n', "syntax", 2, 12, ""),
    ("[upstream]\nconnect_second = 3\n", "unknown_key", 2, 1, "connect_seconds"),
    ("server.prot = 8000\n", "unknown_key", 1, 1, "port"),
    ('[inspection]\nphones = [\n  "02",\n]\nmial = []\n', "unknown_key", 5, 1, "mails"),
]


@pytest.mark.parametrize(("source", "code", "line", "column", "suggestion"), MISTAKES)
def test_seeded_mistakes_are_told_with_place_and_suggestion(source, code, line, column, suggestion):
    with pytest.raises(SettingsError) as caught:
        parse(source, {})
    (problem,) = caught.value.problems
    assert (problem.code, problem.suggestion) == (code, suggestion)
    assert problem.line == line
    if code not in ("syntax", "exclusive"):
        assert problem.column == column
    for lang in ("zh_TW", "en"):
        shown = caught.value.render(lang)
        assert f"shenyong.toml:{line}:" in shown
        assert "hunter2" not in shown.splitlines()[0] + shown.splitlines()[-1]
        assert not suggestion or suggestion in shown


ENVIRONMENT = [
    ({"SHENYONG__SERVER__PROT": "1"}, "unknown_variable", "SHENYONG__SERVER__PORT"),
    ({"SHENYONG__SEVER__PORT": "1"}, "unknown_variable", "SHENYONG__SERVER__PORT"),
    ({"SHENYONG__SERVER": "1"}, "unknown_variable", ""),
    ({"SHENYONG__SERVER__PORT": "http"}, "wrong_type", ""),
    ({"SHENYONG__SERVER__PORT": "99999"}, "out_of_range", ""),
    ({"SHENYONG__LOGGING__REQUESTS": "maybe"}, "wrong_type", ""),
    ({"SHENYONG__LOGGING__LEVEL": "warn"}, "not_a_choice", "warning"),
    ({"SHENYONG__DATABASE__DSN": "x", "SHENYONG__DATABASE__DATA_DIR": "y"}, "exclusive", ""),
]


@pytest.mark.parametrize(("environ", "code", "suggestion"), ENVIRONMENT)
def test_mistakes_in_variables(environ, code, suggestion):
    with pytest.raises(SettingsError) as caught:
        parse("", environ)
    (problem,) = caught.value.problems
    assert problem.code == code
    if suggestion:
        assert problem.suggestion == suggestion
    assert caught.value.render("en")


def test_all_mistakes_are_told_at_once():
    with pytest.raises(SettingsError) as caught:
        parse("[server]\nprot = 1\nhots = 2\n[limit]\n", {"SHENYONG__X__Y": "1"})
    assert len(caught.value.problems) == 4


def test_the_place_is_marked_under_wide_characters():
    with pytest.raises(SettingsError) as caught:
        parse('[inspection]\nnames = ["王"]  # 名\n[server]\n"主機" = 1\n', {})
    rows = render(caught.value.problems[0], caught.value.source).splitlines()
    assert rows[4].endswith("| ^^^^^^")  # two quotes and two characters of two columns


def test_the_environment_overrides_the_file_and_origins_say_so():
    source = "[server]\n  port = 8000\nworkers = 2\n"
    parsed = parse(source, {"SHENYONG__SERVER__PORT": "9000", "OTHER": "x"})
    assert parsed.settings.server.port == 9000
    assert parsed.origins["server", "port"] == "SHENYONG__SERVER__PORT"
    assert parsed.origins["server", "workers"] == "shenyong.toml:3:1"
    assert parsed.origins["server", "host"] == "default"


def test_a_secret_of_the_environment_stands_above_the_file_that_is_named():
    source = '[ledger]\ndigest_key_file = "k"\n'
    parsed = parse(source, {"SHENYONG__LEDGER__DIGEST_KEY": "ab" * 32})
    assert parsed.settings.ledger.digest_key == "ab" * 32
    assert parsed.settings.ledger.digest_key_file == ""


def test_lists_and_booleans_by_variables():
    environ = {
        "SHENYONG__INSPECTION__MAIL_DOMAINS": "a.gov.tw, b.gov.tw",
        "SHENYONG__LOGGING__REQUESTS": "no",
        "SHENYONG__LIMITS__REQUEST_SECONDS": "1.5",
    }
    settings = parse("", environ).settings
    assert settings.inspection.mail_domains == ("a.gov.tw", "b.gov.tw")
    assert settings.logging.requests is False
    assert settings.limits.request_seconds == 1.5


@given(st.text(max_size=80))
def test_no_text_whatever_gives_anything_but_settings_or_problems(source):
    problems: tuple[Problem, ...] = ()
    try:
        parse(source, {})
    except SettingsError as error:
        problems = error.problems
    assert all(render(problem, source) for problem in problems)
