"""``shenyong statutes``: what citations are checked against: the Ministry of Justice's statutes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from shenyong.cli.output import Exit, Misused, print_json, tell
from shenyong.cli.recording import now
from shenyong.cli.words import say, told

if TYPE_CHECKING:
    from shenyong.storage.statutes import Imported

_NAME = "ChLaw.json"
_MOST = 1024 * 1024 * 1024
Config = Annotated[Path | None, Parameter(help=say("config.file"))]
Json = Annotated[bool, Parameter(help=say("json"), negative=())]


# guideline: ey-genai-2023:5
def take(
    file: Annotated[Path, Parameter(help=say("statutes.file"))],
    *,
    config: Config = None,
    json: Json = False,
) -> Exit:
    """Replace the statutes by those of the Ministry's archive, and say of which day they are."""
    from shenyong.cli.database import opened
    from shenyong.settings import load

    with opened(load(config).settings) as ready:
        about = take_in(ready.database.dsn, file)
    if json:
        print_json(about._asdict())
    else:
        tell(say("statutes.taken", laws=about.laws, day=about.as_of))
    return Exit.FINE


def take_in(dsn: str, file: Path) -> Imported:
    """Put an archive's statutes into the database. Raises Misused if it isn't one."""
    import psycopg

    from shenyong.statutes import CorpusError
    from shenyong.storage import statutes

    archive = _archive(file)
    with psycopg.connect(dsn) as connection:
        try:
            return statutes.put(connection, archive, now())
        except CorpusError:
            raise Misused(say("statutes.not_one", file=file)) from None


def about(*, config: Config = None, json: Json = False) -> Exit:
    """Say which statutes there are; exit code 1 if there are none."""
    import psycopg

    from shenyong.cli.database import opened
    from shenyong.settings import load
    from shenyong.storage import statutes

    with opened(load(config).settings) as ready, psycopg.connect(ready.database.dsn) as connection:
        found = statutes.about(connection)
    if json:
        print_json(found._asdict() if found else None)
    else:
        tell(
            say("statutes.are", laws=found.laws, day=found.as_of)
            if found
            else told("web.models.no_statutes")
        )
    return Exit.FINE if found else Exit.FOUND


def _archive(file: Path) -> bytes:
    """``ChLaw.json``, from a file or from the ZIP that the Ministry gives out."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise Misused(say("check.no_file", file=file, reason=error.strerror)) from None
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return data
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if archive.getinfo(_NAME).file_size > _MOST:
                raise Misused(say("statutes.not_one", file=file))
            return archive.read(_NAME)
    except (zipfile.BadZipFile, KeyError):
        raise Misused(say("statutes.not_one", file=file)) from None
