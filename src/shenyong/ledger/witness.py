"""A witness's decision: does this checkpoint continue the log that was seen before? (tlog-witness)

Pure: the state of one log and a request in, a new state or a refusal out. The shell keeps the state
durably *before* it answers, and handles one request for a log at a time.
"""

from __future__ import annotations

import base64

import msgspec

from shenyong.ledger.checkpoint import Checkpoint, NoteError, VerifyingKey, open_note
from shenyong.ledger.merkle import HASH_BYTES, Hash, ProofError, root_of, verify_consistency

_MOST_STEPS = 63
_MOST_DIGITS = 18


class Seen(msgspec.Struct, frozen=True):
    """The latest checkpoint of a log that was cosigned: its size, and its root in hex."""

    size: int
    root: str


class Request(msgspec.Struct, frozen=True):
    """The body of ``add-checkpoint``: the old size, the consistency proof, the note."""

    old: int
    proof: tuple[Hash, ...]
    note: bytes

    def body(self) -> bytes:
        """As it goes over the wire."""
        lines = [f"old {self.old}", *(base64.b64encode(each).decode() for each in self.proof)]
        return ("\n".join(lines) + "\n\n").encode() + self.note

    @classmethod
    def parse(cls, body: bytes) -> Request:
        """Read a body. Raises Refusal (400)."""
        head, gap, note = body.partition(b"\n\n")
        try:
            first, *steps = head.decode("ascii").split("\n")
            word, size = first.split(" ")
            proof = tuple(base64.b64decode(each, validate=True) for each in steps)
        except ValueError:
            raise Refusal(400, "the request is not well formed") from None
        digits = size.isascii() and size.isdigit() and len(size) <= _MOST_DIGITS
        if not gap or word != "old" or not digits or str(int(size)) != size:
            raise Refusal(400, "the old size is not well formed")
        if len(proof) > _MOST_STEPS or any(len(each) != HASH_BYTES for each in proof):
            raise Refusal(400, "the proof is not well formed")
        return cls(int(size), proof, note)


class Refusal(Exception):  # noqa: N818 - an answer of the protocol
    """Why nothing is cosigned: the HTTP status, and what is said. `size` goes with 409."""

    def __init__(self, status: int, reason: str, size: int | None = None) -> None:
        super().__init__(reason)
        self.status, self.reason, self.size = status, reason, size


def origin_of(note: bytes) -> str:
    """The origin that a note names, before anything is verified. Raises Refusal (400)."""
    line, gap, _ = note.partition(b"\n")
    try:
        origin = line.decode()
    except UnicodeDecodeError:
        origin = ""
    if not gap or not origin:
        raise Refusal(400, "the checkpoint has no origin")
    return origin


def witnessed(request: Request, key: VerifyingKey, seen: Seen | None) -> Checkpoint:
    """The checkpoint to cosign: signed by the log, and a continuation of what was seen.

    Raises:
        Refusal: 403 not signed by the log's key, 400 the sizes are out of order, 409 another state
            was seen last, 422 the proof doesn't hold: the log was forked, cut off or rewritten.
    """
    try:
        checkpoint = Checkpoint.parse(open_note(request.note, key))
    except NoteError as error:
        raise Refusal(403, str(error)) from None
    if checkpoint.origin != key.name:
        raise Refusal(403, "the checkpoint is of another log")
    if request.old > checkpoint.size:
        raise Refusal(400, "the old size is larger than the checkpoint's")
    known = seen.size if seen else 0
    if request.old != known:
        raise Refusal(409, "another state was cosigned last", known)
    if checkpoint.size == 0:
        if checkpoint.root != root_of([]) or request.proof:
            raise Refusal(422, "an empty log has one root only")
        return checkpoint
    if known == 0:
        if request.proof:
            raise Refusal(422, "nothing was seen before, so there is nothing to prove")
        return checkpoint
    assert seen is not None
    try:
        verify_consistency(
            known, checkpoint.size, bytes.fromhex(seen.root), checkpoint.root, request.proof
        )
    except ProofError as error:
        raise Refusal(422, f"not a continuation of what was seen: {error}") from None
    return checkpoint
