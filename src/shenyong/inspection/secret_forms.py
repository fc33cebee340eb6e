"""The forms that secrets have: a table, and what proves that a value is one (`secrets`)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from typing import NamedTuple

_PLACEHOLDER = re.compile(
    r"""(?ix)
    ^[<\[({「【〔〈《*•●○…?？\#]                  # <密碼>, ****, 〔密碼1〕
    | ^\$[{(] | ^\$[A-Za-z_][A-Za-z0-9_]*$ | ^%[A-Za-z_]+%$   # ${VAR}, $VAR, %VAR%
    | ^(?:your|my|the|some|enter|insert|change|replace|example|sample|dummy|placeholder|redacted)
      (?:[_\-. ]|me|$)
    | ^(?:x{3,}|-{3,}|\.{3,}|_{3,})
    | ^(?:abc|test|none|null|nil|true|false|undefined|string|str|secret|password|passwd|token|bytes
      |int|required|changeme|todo|required|hidden|text|input)$
    | ^(?:optional\[|os\.environ|process\.env|env\.|self\.|settings\.|config\.|args\.|request\.)
    | ^[a-z_][a-z0-9_.]*\(                      # a call in a program
    | ^[a-z_]+(?:\.[a-z_]+)+$                  # a name in a program
    | (.)\1{5,}                               # ******, 000000
    | ^[A-Z]+(?:_[A-Z]+)+$                    # THE_NAME_OF_A_VARIABLE
    """
)
_PROSE = re.compile(
    r"^(?:請|須|應|不|必|至|需|可|將|已|為|設|長度|規則|原則|政策|管理|由|至少|無|未|同|如|詳|另|各|與|或|及|等|的)"
)
_QUOTES = "\"'`「『“‘"
_LABEL = r"(?:密碼|口令|通行碼|密語|[Pp]ass(?:word|wd|code|phrase)|PASSWORD|PASSWD|[Pp]wd|PWD)"
_KEY_LABEL = (
    r"(?:(?:[Aa]pi|API|[Aa]ccess|ACCESS|[Ss]ecret|SECRET|[Pp]rivate|PRIVATE|[Aa]uth|AUTH"
    r"|[Cc]lient|CLIENT|[Ss]ession|SESSION|[Ss]igning|[Ee]ncryption|[Aa]ccount|[Rr]efresh)"
    r"[_\- ]?(?:[Kk]ey|KEY|[Tt]oken|TOKEN|[Ss]ecret|SECRET)|[Tt]oken|TOKEN|金鑰|權杖|憑證密鑰|密鑰)"
)
_LINK = r"(?:\s?[（(][^）)\n]{0,8}[）)])?[\"'”’」』]?\s{0,2}(?:[:：=＝]|=>|是|為)\s{0,2}"


Proof = Callable[[str, re.Match[str]], bool]


class Form(NamedTuple):
    """One way to write a secret: what makes the automaton stop, the exact value, its proof."""

    key: str
    trigger: str
    reach: tuple[int, int]  # characters before and after the trigger's end
    value: re.Pattern[str]
    confidence: float
    proof: Proof
    caseless: bool = False


def _always(_value: str, _found: re.Match[str]) -> bool:
    return True


def _filled(value: str, _found: re.Match[str]) -> bool:
    return not _PLACEHOLDER.search(value)


def _varied(value: str, found: re.Match[str]) -> bool:
    """Whether a token looks drawn at random: no placeholder, enough different characters."""
    return _filled(value, found) and len(set(value)) >= min(8, len(value) // 2)


def _figured(value: str, found: re.Match[str]) -> bool:
    """Random, with figures among the letters: prose and names of variables have none."""
    return _varied(value, found) and bool(
        re.search(r"[0-9]", value) and re.search(r"[A-Za-z]", value)
    )


def _password(value: str, found: re.Match[str]) -> bool:
    """Whether what follows a label can be a password: typed characters, not a sentence."""
    if _PLACEHOLDER.search(value) or _PROSE.search(value):
        return False
    typed = re.findall(r"[!-~]", value)
    if len(typed) < 4 or len(typed) * 2 <= len(value) or len(set(value)) < 2:
        return False
    if re.fullmatch(r"[a-z]+|[A-Z][a-z]+", value):  # ``password: must be …`` is a sentence
        link = found.group()[: -len(value)]
        rest = found.string[found.end() : found.end() + 1]
        return "=" in link or link[-1] in _QUOTES or rest in ("", "\n", "\r")
    return True


def _pair(value: str, _found: re.Match[str]) -> bool:
    """Whether the credentials of HTTP's Basic scheme decode to ``user:password`` (RFC 7617)."""
    try:
        return b":" in base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False


def _jwt(value: str, _found: re.Match[str]) -> bool:
    """Whether the header of a JWT decodes to JSON with ``alg`` (RFC 7519, RFC 7515 4.1.1)."""
    head = value.split(".", 1)[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return False
    return isinstance(header, dict) and ("alg" in header or "enc" in header)


def _form(  # noqa: PLR0917 the columns of the table below
    key: str,
    trigger: str,
    reach: tuple[int, int],
    value: str,
    proof: Proof = _varied,
    confidence: float = 0.97,
    *,
    caseless: bool = False,
) -> Form:
    return Form(key, trigger, reach, re.compile(value), confidence, proof, caseless)


_L = r"(?<![A-Za-z0-9_\-])"
FORMS = (
    _form("sk", r"(?:sk|pk|rk)[\-_][A-Za-z0-9_\-]{16}", (20, 240),
          _L + r"(?:sk|rk)[\-_][A-Za-z0-9_\-]{16,220}", _figured),
    _form("aws", r"(?:AKIA|ASIA)[0-9A-Z]{16}", (21, 2),
          _L + r"(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z])", _always),
    _form("forge", r"(?:gh[pousr]_|github_pat_|glpat-|gldt-|glrt-)[A-Za-z0-9_\-]{16}", (30, 240),
          _L + r"(?:gh[pousr]_|github_pat_|glpat-|gldt-|glrt-)[A-Za-z0-9_\-]{16,220}"),
    _form("chat", r"xox[abeoprs]-[A-Za-z0-9\-]{8}", (14, 240),
          _L + r"xox[abeoprs]-[A-Za-z0-9\-]{8,220}"),
    _form("google", r"AIza[0-9A-Za-z_\-]{35}", (40, 2), _L + r"AIza[0-9A-Za-z_\-]{35}"),
    _form("prefixed", r"[a-z]{2,8}_[A-Za-z0-9]{30}", (40, 220),
          _L + r"[a-z]{2,8}_[A-Za-z0-9]{30,200}(?![A-Za-z0-9_\-])", _figured, 0.9),
    _form("hook", r"hooks\.slack\.com/services/[A-Za-z0-9/]{16}", (44, 60),
          r"hooks\.slack\.com/services/[A-Za-z0-9/]{16,80}", _always),
    _form("jwt", r"eyJ[A-Za-z0-9_\-]{10}", (14, 4000),
          _L + r"eyJ[A-Za-z0-9_\-]{10,2000}\.[A-Za-z0-9_\-]{2,4000}"
          r"(?:\.[A-Za-z0-9_\-]{0,1000}){0,3}", _jwt),
    _form("bearer", r"bearer\s+[a-z0-9+/._\-]{8}", (30, 2000),
          r"(?<![A-Za-z])(?i:bearer)\s+([A-Za-z0-9\-._~+/]{12,2000}={0,2})", _figured, 0.9,
          caseless=True),
    _form("basic", r"basic\s+[a-z0-9+/]{8}", (20, 400),
          r"(?<![A-Za-z])(?i:basic)\s+([A-Za-z0-9+/]{8,400}={0,2})", _pair, 0.9, caseless=True),
    _form("password", _LABEL, (14, 96),
          rf"{_LABEL}{_LINK}[{_QUOTES}]?([^\s{_QUOTES}，。；、;,」』”’]{{4,64}})", _password, 0.9),
    _form("password_blank", rf"{_LABEL}\s+[!-~]{{6}}", (40, 64),
          rf"{_LABEL}\s{{1,3}}((?=[!-~]*[A-Za-z])(?=[!-~]*[0-9])[!-~]{{6,64}})", _password, 0.7),
    _form("labelled", _KEY_LABEL, (16, 400),
          rf"{_KEY_LABEL}{_LINK}[{_QUOTES}]?([A-Za-z0-9+/_\-.~=]{{12,300}})", _figured, 0.9),
    _form("url", r"://[^\s/]", (4, 160), r"://[^\s/:@?#]{0,64}:([^\s/]{1,64})@[A-Za-z0-9\[]",
          _filled, 0.95),
    _form("curl", r"\s(?:-u|--user)[ =]", (12, 160),
          r"\s(?:-u|--user)[ =][\"']?[^\s:\"']{1,64}:([^\s\"']{4,64})", _password, 0.9),
    _form("putty", r"PuTTY-User-Key-File", (20, 8000), r"PuTTY-User-Key-File-[0-9]:[\s\S]{16,8000}",
          _always, 0.97),
)  # fmt: skip
"""Every form but PEM; findings that overlap become one."""
