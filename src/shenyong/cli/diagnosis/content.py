"""What citations are checked against."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from shenyong.cli.diagnosis.found import Fault, Look, Place

_OLD = 60
"""Days: the ministry's archive has a new edition every week."""


def statutes(at: Place) -> Iterator[Fault]:
    """The statutes are there, and of this season."""
    from shenyong.storage.statutes import about

    found = about(at.connection)
    mend = f"shenyong statutes import ChLaw.zip --config {at.file}"
    if found is None:
        yield Fault("statutes_none", mend, advice=True)
        return
    try:
        day = datetime.date.fromisoformat(found.as_of[:10])
    except ValueError:
        return
    today = datetime.datetime.fromtimestamp(at.now / 1e6, datetime.UTC).date()
    if (today - day).days > _OLD:
        yield Fault("statutes_old", mend, found.as_of, advice=True)


LOOKS: tuple[Look, ...] = (statutes,)
