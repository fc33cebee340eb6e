"""What the way of a request may ask of the world, and what the world may answer.

The path yields one of these commands at a time and is resumed with the result named in the
command's docstring. It never sees a socket, a database or a clock other than the time it was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from shenyong.guideline.terms import DataClass, Environment
from shenyong.ledger.entry import Entry
from shenyong.registry.model import Model

Headers = tuple[tuple[str, str], ...]


class Record(msgspec.Struct, frozen=True):
    """Make this entry durable. Result: its index in the agency's log.

    If the ledger can't take it, the shell ends the path and answers 503: no record, no call.
    `finish` is, of an outcome, why each choice of the answer ended.
    """

    entry: Entry
    finish: tuple[str, ...] = ()


class Recall(msgspec.Struct, frozen=True):
    """Which of these turns were refused before? Result: ``{digest: decision id}``."""

    owner: str
    digests: tuple[str, ...]


class Remember(msgspec.Struct, frozen=True):
    """Keep that these turns were refused. Result: None."""

    owner: str
    digests: tuple[str, ...]
    decision_id: str


class Seek(msgspec.Struct, frozen=True):
    """Whose are these fingerprints? Result: ``{fingerprint: documents of the agency}``.

    If the database can't say, the shell ends the path and answers 503: nothing is forwarded.
    """

    agency: str
    prints: tuple[int, ...]


class Approval(msgspec.Struct, frozen=True):
    """Was this decision approved for this person? Result: the digest of what was received then.

    It is empty where nothing was approved, or no longer. If the database can't say, the shell ends
    the path and answers 503.
    """

    agency: str
    decision: str
    owner: str


class Under(msgspec.Struct, frozen=True):
    """The environment that was decided upon: it must still hold when the request really goes."""

    environment: Environment
    level: DataClass | None


class Call(msgspec.Struct, frozen=True):
    """Ask a model for a whole answer. Result: `Answered`, `Fault`, `Gone` or `Lapsed`."""

    model: Model
    body: bytes
    path: str = "/chat/completions"  # below the model's base URL
    under: Under | None = None


class Open(msgspec.Struct, frozen=True):
    """Ask a model for a stream. Result: `Answered` (a refusal as a whole), `Opened`, `Fault`,
    `Gone` or `Lapsed`.
    """

    model: Model
    body: bytes
    under: Under | None = None


class Begin(msgspec.Struct, frozen=True):
    """Send the client a stream's status and headers. Result: None."""

    status: int
    headers: Headers


class Next(msgspec.Struct, frozen=True):
    """Wait for bytes of the open stream. Result: ``bytes``, `Quiet`, `Ended`, `Fault` or `Gone`.

    `quiet_after_ms` is how long text may be held back, counted from when holding began.
    """

    quiet_after_ms: int | None


class Send(msgspec.Struct, frozen=True):
    """Send the client bytes of the stream. Result: None."""

    data: bytes


class Abort(msgspec.Struct, frozen=True):
    """Stop the open stream at the model. Result: None."""


Command = Record | Recall | Remember | Seek | Approval | Call | Open | Begin | Next | Send | Abort


class Reply(msgspec.Struct, frozen=True):
    """The whole answer to the client; ends the path of a request that isn't streamed."""

    status: int
    headers: Headers
    body: bytes


class Answered(msgspec.Struct, frozen=True):
    """The model's server answered with this status and body."""

    status: int
    body: bytes


class FaultKind(StrEnum):
    """Why a model could not be asked to the end."""

    TIMEOUT = "timeout"
    REFUSED = "refused"  # no connection
    BROKEN = "broken"  # the answer broke off or could not be read


class Fault(msgspec.Struct, frozen=True):
    """The call failed at the model's side."""

    kind: FaultKind


class Opened(msgspec.Struct, frozen=True):
    """The stream is open and its bytes may be asked for."""


class Quiet(msgspec.Struct, frozen=True):
    """Text has been held back long enough; the stream goes on."""


class Ended(msgspec.Struct, frozen=True):
    """The model's server ended the stream."""


class Lapsed(msgspec.Struct, frozen=True):
    """The environment no longer holds: nothing was sent."""


class Gone(msgspec.Struct, frozen=True):
    """The client went away."""


class Arrival(msgspec.Struct, frozen=True):
    """A request as it reached the door: nothing of it is trusted yet.

    `at` is UTC in microseconds since 1970; header names are in lower case.
    """

    request_id: str
    at: int
    headers: Mapping[str, str]
    body: bytes
    opened: bytes | None = None  # the body with files as their text, where it had any

    @property
    def told(self) -> bytes:
        """What is read and inspected."""
        return self.body if self.opened is None else self.opened
