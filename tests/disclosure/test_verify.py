"""Genuine, altered, a draft, forged, unknown; in every format, and by readers that aren't ours."""

from __future__ import annotations

import importlib.util
import io
import json
import zipfile
from pathlib import Path

import docx
import odfdo
import pikepdf
import pytest

from shenyong.disclosure import (
    Bundle,
    Result,
    StatementError,
    UnreadableError,
    claimed_by,
    seen,
    sidecar,
    verify,
)
from shenyong.disclosure.visible import from_sidecar
from shenyong.ledger import SigningKey

_SPEC = importlib.util.spec_from_file_location("conf", Path(__file__).parent / "conftest.py")
assert _SPEC
assert _SPEC.loader
conf = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(conf)
pytestmark = [pytest.mark.point("ey-genai-2023:5"), pytest.mark.point("ey-genai-2023:6")]
FORMS = pytest.mark.parametrize("form", ["odt", "docx", "pdf"])


@FORMS
def test_what_was_released_is_genuine(released, form: str) -> None:
    verdict = verify(conf.MAKERS[form](released.sheet, released.bundle), released.key.verifying)
    assert verdict.result is Result.GENUINE
    assert (verdict.number, verdict.entry, verdict.format) == (conf.NUMBER, 0, form)
    assert verdict.confirmation == released.confirmation


@FORMS
def test_one_changed_character_is_seen(released, form: str) -> None:
    """The text is another one's, the confirmation is the true one."""
    import msgspec

    lines = list(released.sheet.lines)
    lines[2] = msgspec.structs.replace(lines[2], words=lines[2].words.replace("12", "13"))
    other = msgspec.structs.replace(released.sheet, lines=tuple(lines))
    verdict = verify(conf.MAKERS[form](other, released.bundle), released.key.verifying)
    assert verdict.result is Result.ALTERED


@FORMS
def test_a_line_that_was_added_is_seen(released, form: str) -> None:
    import msgspec

    more = msgspec.structs.replace(released.sheet, notice=released.sheet.notice + "另加一句。")
    verdict = verify(conf.MAKERS[form](more, released.bundle), released.key.verifying)
    assert verdict.result is Result.ALTERED


@FORMS
def test_a_draft_says_so_to_people_and_machines(released, form: str) -> None:
    data = conf.MAKERS[form](released.draft)
    assert verify(data, released.key.verifying).result is Result.DRAFT
    from shenyong.reading.documents import read_outside

    shown = read_outside(data, lambda *_: iter(()))
    assert any("未經確認" in part.text for part in shown.parts)


@FORMS
def test_another_agencys_key_proves_nothing(released, form: str) -> None:
    data = conf.MAKERS[form](released.sheet, released.bundle)
    other = SigningKey("shenyong/moda-demo", b"x" * 32)
    assert verify(data, other.verifying).result is Result.FORGED
    assert claimed_by(seen(data)) == "moda-demo"


def test_an_entry_of_another_release_proves_nothing(released) -> None:
    from shenyong.ledger import Receipt, Step, encode, leaf_hash
    from shenyong.ledger.checkpoint import Checkpoint

    bundle = Bundle.unpacked(released.bundle)
    for entry in (
        Step("moda-demo", "r", 1, "lin", "release", conf.NUMBER, "0" * 64),
        Step("moda-demo", "r", 1, "lin", "draft.submit", conf.NUMBER, "0" * 64),
    ):
        leaf = encode(entry)
        note = released.key.sign(Checkpoint("shenyong/moda-demo", 1, leaf_hash(leaf)).text())
        forged = Bundle(bundle.envelope, leaf, Receipt(0, (), note).text()).packed()
        data = conf.MAKERS["odt"](released.sheet, forged)
        assert verify(data, released.key.verifying).result is Result.FORGED


def test_text_with_the_confirmation_beside_it(released) -> None:
    key = released.key.verifying
    proof = from_sidecar(sidecar(released.bundle, conf.NUMBER))
    assert verify(conf.TEXT.encode(), key, proof).result is Result.GENUINE
    assert verify((conf.TEXT + "又").encode(), key, proof).result is Result.ALTERED
    assert verify(conf.TEXT.encode(), key).result is Result.UNKNOWN


def test_what_is_no_document_is_said_to_be_none(released) -> None:
    for data in (b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"%PDF-1.7", b"\xff\xfe\x00"):
        with pytest.raises(UnreadableError):
            verify(data, released.key.verifying)
    with pytest.raises(UnreadableError):
        from_sidecar(b"[]")


@pytest.mark.parametrize("packed", ["", "AAAA", "x" * 99, "eJwDAAAAAAE="])
def test_a_broken_confirmation_is_no_confirmation(packed: str) -> None:
    with pytest.raises(StatementError):
        Bundle.unpacked(packed)


def test_a_bomb_is_not_unpacked() -> None:
    import base64
    import zlib

    bomb = base64.b64encode(zlib.compress(b'{"leaf":"' + b"A" * 5_000_000)).decode()
    with pytest.raises(StatementError):
        Bundle.unpacked(bomb)


def test_other_readers_find_the_marks(released) -> None:
    """odfdo, the package's own XML, qpdf: the marks are where their formats have them."""
    made = {form: make(released.sheet, released.bundle) for form, make in conf.MAKERS.items()}
    meta = odfdo.Document(io.BytesIO(made["odt"])).meta
    told = meta.get_user_defined_metadata()
    assert told["shenyong-number"] == conf.NUMBER
    assert told["Iptc4xmpExt:DigitalSourceType"].endswith("compositeWithTrainedAlgorithmicMedia")
    assert told["shenyong-confirmation"] == released.bundle
    words = docx.Document(io.BytesIO(made["docx"]))
    assert any(conf.NUMBER in each.text for each in words.paragraphs)
    with zipfile.ZipFile(io.BytesIO(made["docx"])) as package:
        custom = package.read("docProps/custom.xml").decode()
    assert "compositeWithTrainedAlgorithmicMedia" in custom
    assert max(map(len, custom.split("<vt:lpwstr>"))) < 400
    with pikepdf.open(io.BytesIO(made["pdf"])) as book:
        xmp = book.open_metadata()
        assert xmp.pdfa_status == "3A"
        assert xmp["{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"].endswith(
            "compositeWithTrainedAlgorithmicMedia"
        )
        attached = book.attachments["shenyong-confirmation.json"].get_file().read_bytes()
        assert attached.decode() == released.bundle
        assert not book.check_pdf_syntax()
    assert seen(made["pdf"]).marks["shenyong-number"] == conf.NUMBER


def test_the_statement_is_dsse_over_in_toto(released) -> None:
    """The signature is over DSSE's encoding of exactly the payload; the payload is in-toto's."""
    import base64

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    envelope = Bundle.unpacked(released.bundle).envelope
    payload = base64.b64decode(envelope["payload"])
    kind = envelope["payloadType"]
    pae = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
    (signature,) = envelope["signatures"]
    key = Ed25519PublicKey.from_public_bytes(released.key.verifying.public)
    key.verify(base64.b64decode(signature["sig"]), pae)
    told = json.loads(payload)
    assert told["_type"] == "https://in-toto.io/Statement/v1"
    assert told["subject"][0]["name"] == conf.NUMBER
    assert "林佳穎" not in payload.decode()


@FORMS
def test_the_sandbox_sees_the_same(released, form: str) -> None:
    from shenyong.disclosure import from_document
    from shenyong.sandbox import readers

    data = conf.MAKERS[form](released.sheet, released.bundle)
    assert from_document(readers().shown(data)) == seen(data)
