"""Secrets are found; prose about passwords, placeholders and pseudonyms are not."""

from __future__ import annotations

import base64
import json
import random
import string

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from tests.inspection.passages import decoded, inspect, kinds

from shenyong.guideline.terms import DataClass
from shenyong.inspection.inspector import Inspector


def drawn(size: int, seed: int = 1) -> str:
    """Letters and figures drawn at random: no key that was ever in use."""
    rng = random.Random(seed)
    return "a1B" + "".join(rng.choices(string.ascii_letters + string.digits, k=size - 3))


def part(content: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


JWT = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'sub': 'x'})}.{drawn(43)}"
RSA = rsa.generate_private_key(65537, 2048)
PEM = RSA.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
PKCS8 = RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
SSH = (
    ed25519.Ed25519PrivateKey.generate()
    .private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    .decode()
)
PUBLIC = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("密碼：Abc12345!", "Abc12345!"),
        ("系統密碼為 P@ssw0rd2026，請更換", "P@ssw0rd2026"),
        ("密碼（預設）:Qq1122334", "Qq1122334"),
        ("登入密碼 Abc12345!", "Abc12345!"),
        ("password=letmein", "letmein"),
        ("DB_PASSWORD: 'qwerty99'", "qwerty99"),
        ('{"password": "Zx9!kk21"}', "Zx9!kk21"),
        ("Server=db;User Id=sa;Pwd=Tai@2024;", "Tai@2024"),
        ("postgres://app:S3cr3t@db.internal:5432/x", "S3cr3t"),
        ("mongodb+srv://root:$ecret@99!@c.example.net", "$ecret@99!"),
        (f"用這把 sk-proj-{drawn(40)} 呼叫", f"sk-proj-{drawn(40)}"),
        ("AKIAIOSFODNN7ABCDEFG", "AKIAIOSFODNN7ABCDEFG"),
        (f"token ghp_{drawn(36)}", f"ghp_{drawn(36)}"),
        (f"glpat-{drawn(20)}", f"glpat-{drawn(20)}"),
        ("xoxb-123456789012-abcdefGHIJ", "xoxb-123456789012-abcdefGHIJ"),
        (f"AIza{drawn(35)}", f"AIza{drawn(35)}"),
        (f"hf_{drawn(34)}", f"hf_{drawn(34)}"),
        (f"api_key = '{drawn(32)}'", drawn(32)),
        (f"金鑰：{drawn(32)}", drawn(32)),
        (f"AccountKey={drawn(86)}==;", f"{drawn(86)}=="),
        (f"Authorization: Bearer {JWT}", JWT),
        (f"Authorization: bearer {drawn(24)}", drawn(24)),
        ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA=="),
    ],
)
def test_secrets(text: str, value: str) -> None:
    (found,) = inspect(text)
    assert (found.kind, found.data_class) == ("secret", DataClass.RESTRICTED)
    assert text[found.start : found.end] == value
    assert value not in found.masked


@pytest.mark.parametrize("key", [PEM, PKCS8, SSH], ids=["rsa", "pkcs8", "ssh"])
@pytest.mark.parametrize("cut", ["whole", "begin", "end", "escaped", "body"])
def test_private_keys_whole_and_cut(key: str, cut: str) -> None:
    lines = key.strip().split("\n")
    body = {
        "whole": "\n".join(lines),
        "begin": "\n".join(lines[: max(3, len(lines) // 2)]),
        "end": "\n".join(lines[-3:]),
        "escaped": "\\n".join(lines),
        "body": "\n".join(lines[1:-1]),
    }[cut]
    if cut == "body" and key is PEM:
        pytest.skip("a traditional RSA body begins like any other structure")
    text = f"金鑰檔如下\n{body}\n請保管"
    found = [each for each in inspect(text) if each.kind == "secret"]
    assert [text[each.start : each.end] for each in found] == [body]


@pytest.mark.parametrize(
    "text",
    [
        "密碼：<請填入>",
        "密碼：<密碼>",
        "密碼：****",
        "密碼：〔機密資訊1〕",
        "密碼：請洽資訊室",
        "密碼至少12碼",
        "密碼應每90日更換",
        "密碼：8碼以上英數字",
        "資安規定：密碼長度為12碼",
        "使用者密碼須含大小寫英文、數字及符號",
        "忘記密碼請按此",
        "api_key = your-api-key-here-123456",
        "api_key: ${API_KEY}",
        "password=${DB_PASSWORD}",
        "password=$DB_PASSWORD",
        "password = get_password(user)",
        "password = user.password",
        "password: str",
        "password policy: at least 12 characters",
        "password: must be at least 12 characters",
        "passwordless=True",
        "API key 的申請流程為何？",
        "Bearer authentication is required",
        "basic information about the matter",
        "token: string",
        "https://www.example.gov.tw/a:b",
        "https://user:<password>@host",
        "eyJoYXRlIjoianVuayJ9.not.ajwt",
        PUBLIC,
    ],
)
def test_what_is_no_secret(text: str) -> None:
    assert "secret" not in kinds(text)


def test_a_url_with_a_password_is_no_mail_address() -> None:
    assert list(kinds("postgres://app:S3cr3t@db.internal.example:5432/x")) == ["secret"]


def test_a_decoded_secret_is_found_where_it_was_hidden() -> None:
    (found,) = Inspector().inspect(
        [decoded("看 cGFzc3dvcmQ9bGV0bWVpbg== 吧", 2, 26, "password=letmein")]
    )
    assert (found.kind, found.start, found.end, found.evasion) == ("secret", 2, 26, "base64")


def test_long_junk_stays_linear() -> None:
    junk = "eyJ" * 60_000 + "\n" + "-----END PRIVATE KEY" * 4_000 + "://" * 30_000
    assert len(inspect(junk)) <= 1  # quadratic work would take minutes
