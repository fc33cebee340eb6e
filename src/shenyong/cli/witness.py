"""``shenyong witness``: cosign other hosts' logs, so that they can't be rewritten unseen.

It needs no database and shares nothing with the gateway's host: a key, a list of the logs' public
keys, and a folder with one small file for each log. Source: C2SP tlog-witness.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter, validators

from shenyong.cli.output import Exit, Misused, print_json, tell
from shenyong.cli.words import say

if TYPE_CHECKING:
    from shenyong.ledger.checkpoint import VerifyingKey
    from shenyong.ledger.cosignature import Cosigner

_MOST_BODY = 64 * 1024
_FOLDER = "SHENYONG_WITNESS_FOLDER"


def witness(
    folder: Annotated[Path, Parameter(help=say("witness.folder"))],
    *,
    name: Annotated[str, Parameter(help=say("witness.name"))] = "",
    log: Annotated[tuple[str, ...], Parameter(help=say("witness.log"), negative=())] = (),
    host: Annotated[str, Parameter(help=say("witness.host"))] = "127.0.0.1",
    port: Annotated[
        int, Parameter(help=say("witness.port"), validator=validators.Number(gte=1, lte=65535))
    ] = 8611,
    init: Annotated[bool, Parameter(help=say("witness.init"), negative=())] = False,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Serve as a witness until ended; with ``--init`` make the key and print its public half."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "witness.key"
    if init:
        return _made(file, name, json=json)
    if not file.exists():
        raise Misused(say("witness.no_key", folder=folder))
    logs = folder / "logs.vkeys"
    _known(log)  # a wrong key is said before anything is kept
    if log:
        told = set(logs.read_text("utf-8").split() if logs.exists() else ()) | set(log)
        logs.write_text("\n".join(sorted(told)) + "\n", "utf-8")
    if not logs.exists():
        raise Misused(say("witness.no_logs"))
    os.environ[_FOLDER] = str(folder.resolve())
    from granian import Granian
    from granian.constants import Interfaces

    if json:
        print_json({"vkey": str(_cosigner(folder).key), "host": host, "port": port})
    else:
        tell(say("witness.serving", vkey=_cosigner(folder).key, host=host, port=port))
    Granian(
        "shenyong.cli.witness:build", address=host, port=port, interface=Interfaces.ASGI,
        factory=True, workers=1, log_access=False,
    ).serve()  # fmt: skip
    return Exit.FINE


def _made(file: Path, name: str, *, json: bool) -> Exit:
    from shenyong.cli.installation import write_private

    if file.exists():
        raise Misused(say("witness.has_key", file=file))
    if not name or "+" in name or any(each.isspace() for each in name):
        raise Misused(say("witness.no_name"))
    write_private(file, f"{name}\n{os.urandom(32).hex()}\n")
    vkey = str(_cosigner(file.parent).key)
    if json:
        print_json({"vkey": vkey})
    else:
        tell(vkey)
    return Exit.FINE


def _cosigner(folder: Path) -> Cosigner:
    from shenyong.ledger.cosignature import Cosigner

    name, seed = (folder / "witness.key").read_text("utf-8").split()
    return Cosigner(name, bytes.fromhex(seed))


def _known(vkeys: tuple[str, ...] | list[str]) -> dict[str, VerifyingKey]:
    from shenyong.ledger.checkpoint import NoteError, VerifyingKey

    try:
        return {key.name: key for key in map(VerifyingKey.parse, vkeys)}
    except NoteError as error:
        raise Misused(f"--log: {error}") from None


def build() -> Any:
    """The application of the witness, for the server."""
    folder = Path(os.environ[_FOLDER])
    logs = _known((folder / "logs.vkeys").read_text("utf-8").split())
    return Application(folder, _cosigner(folder), logs)


class Application:
    """``POST /add-checkpoint`` over ASGI. One request at a time for all logs: they are few."""

    def __init__(self, folder: Path, cosigner: Cosigner, logs: dict[str, VerifyingKey]) -> None:
        self._folder, self._cosigner, self._logs = folder, cosigner, logs
        self._one = asyncio.Lock()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve one connection event."""
        if scope["type"] == "lifespan":
            while True:
                event = await receive()
                await send({"type": f"{event['type']}.complete"})
                if event["type"] == "lifespan.shutdown":
                    return
        status, kind, body = await self._answer(scope, receive)
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: dict[str, Any], receive: Any) -> tuple[int, bytes, bytes]:
        from shenyong.ledger.witness import Refusal

        text = b"text/plain; charset=utf-8"
        if (scope["method"], scope["path"]) != ("POST", "/add-checkpoint"):
            return 404, text, b"POST /add-checkpoint\n"
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > _MOST_BODY:
                return 413, text, b"too large\n"
            if not message.get("more_body"):
                break
        try:
            async with self._one:
                line = await asyncio.to_thread(self._cosigned, body)
        except Refusal as refusal:
            if refusal.size is not None:
                return refusal.status, b"text/x.tlog.size", f"{refusal.size}\n".encode()
            return refusal.status, text, f"{refusal.reason}\n".encode()
        return 200, text, line.encode()

    def _cosigned(self, body: bytes) -> str:
        """The cosignature; what was seen is durable before it is given. Raises Refusal."""
        import msgspec

        from shenyong.ledger.witness import Refusal, Request, Seen, origin_of, witnessed

        request = Request.parse(body)
        key = self._logs.get(origin_of(request.note))
        if key is None:
            raise Refusal(404, "the log is not known here")
        file = self._folder / f"seen-{key.key_id.hex()}.json"
        seen = msgspec.json.decode(file.read_bytes(), type=Seen) if file.exists() else None
        checkpoint = witnessed(request, key, seen)
        _keep(file, msgspec.json.encode(Seen(checkpoint.size, checkpoint.root.hex())))
        return self._cosigner.line(checkpoint.text(), int(time.time()))


def _keep(file: Path, data: bytes) -> None:
    """Replace a file so that after any crash it is the old one or the new one, whole."""
    fresh = file.with_suffix(".new")
    with fresh.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
