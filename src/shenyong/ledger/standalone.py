#!/usr/bin/env python3
"""查驗審用匯出的紀錄。 Verify a ledger exported by Shenyong.

    python3 verify_ledger.py 資料夾或ZIP [--key 公鑰檔] [--kept 先前留存的檢核點]

只用標準函式庫，一個檔案，稽核人員可以逐行讀完。 One file, standard library only, meant to be read.
It shares no code with the program that wrote the log, so an error in one is not in both.

What is proved by exit code 0, given the log's public key from a trusted place:
  1. every entry up to the checkpoint is there, in order, as it was when that was signed (RFC 6962
     tree over all entries; C2SP tlog-tiles, tlog-checkpoint and signed-note; Ed25519);
  2. no request is recorded twice, outcomes follow their intents, time does not run backwards; and
     with --kept FILE (a checkpoint that somebody kept), that the log was not rewritten since;
  3. of an evidence pack, that each of its files is the one whose digest was signed.
What is not: that the entries tell the truth, and what came after the checkpoint.
Exit code 1: something is wrong, and where. 2: wrong usage, or not an export.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

Point = tuple[int, int, int, int]
Key = tuple[str, bytes, bytes]
WIDTH, HASH, MAX_FAULTS = 256, 32, 100
BACKWARDS = 5_000_000  # microseconds by which the clocks of two workers may differ
KINDS = ("intent", "outcome", "decision", "admin", "step")
# Ed25519 (RFC 8032, 5.1), points in extended coordinates: x = X/Z, y = Y/Z, xy = T/Z
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def add(a: Point, b: Point) -> Point:
    """Sum of two points (5.1.4)."""
    m, n = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(scalar: int, point: Point) -> Point:
    """A multiple of a point."""
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def decompress(data: bytes) -> Point:
    """The point that 32 bytes encode (5.1.3). Raises ValueError."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("not a point of the curve")
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is the key's over the message (5.1.7)."""
    base = decompress((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    x, y, _, t = decompress(public)
    s = int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    r = add(times(s, base), times(k, (P - x, y, 1, P - t)))  # s·B - k·A
    inverse = pow(r[2], -1, P)
    encoded = r[1] * inverse % P | (r[0] * inverse % P & 1) << 255
    return len(signature) == 64 and s < L and encoded.to_bytes(32, "little") == signature[:32]


def canonical(text: str) -> bytes:
    """The bytes of base64 that has one text only for the same bytes (RFC 4648, 3.5)."""
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError("not canonical base64")
    return raw


def read_key(text: str) -> Key:
    """(name, key id, 32 bytes) of ``name+id+base64`` (signed-note). Raises ValueError."""
    name, key_id, encoded = text.strip().split("+", 2)
    raw = canonical(encoded)
    fits = hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] == key_id
    if len(raw) != 33 or raw[0] != 1 or not fits:
        raise ValueError("not an Ed25519 key with its id")
    return name, bytes.fromhex(key_id), raw[1:]


def read_note(note: bytes, key: Key) -> str:
    """A note's text, if the key signed it (signed-note). Raises ValueError."""
    head, _, tail = note.rpartition(b"\n\n")
    text, good = head + b"\n", set()
    *lines, end = tail.decode().split("\n")
    for line in lines:
        dash, signer, encoded = line.split(" ")
        raw = canonical(encoded)
        if dash == "\u2014" and signer == key[0] and raw[:4] == key[1]:
            good.add(ed25519(key[2], text, raw[4:]))
    if good != {True} or end:
        raise ValueError("not signed by the log's key")
    return text.decode()


def read_checkpoint(note: bytes, key: Key) -> tuple[int, bytes]:
    """(size, root) of a checkpoint, if the key signed it (tlog-checkpoint). Raises ValueError."""
    origin, size, root, *rest = read_note(note, key).split("\n")
    decoded = canonical(root)
    formed = rest == [""] and str(int(size)) == size and len(decoded) == HASH
    if origin != key[0] or not formed:
        raise ValueError("not a checkpoint of this log, signed by its key")
    return int(size), decoded


def push(edge: list[bytes], size: int, hashed: bytes) -> None:
    """Append a leaf hash to the right edge of a tree of `size` leaves (RFC 6962, 2.1)."""
    while size & 1:
        hashed, size = hashlib.sha256(b"\1" + edge.pop() + hashed).digest(), size >> 1
    edge.append(hashed)


def root_of(edge: list[bytes]) -> bytes:
    """The root above a right edge that is not empty."""
    result = edge[-1]
    for left in edge[-2::-1]:
        result = hashlib.sha256(b"\1" + left + result).digest()
    return result


def path_of(kind: object, number: int, width: int) -> str:
    """Where a tile lies: ``tile/0/x001/234.p/17`` (tlog-tiles)."""
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03d}")
    return f"tile/{kind}/{'/'.join(groups)}" + ("" if width == WIDTH else f".p/{width}")


class Export:
    """The files of an export, in a folder or a ZIP."""

    def __init__(self, place: Path) -> None:
        self.zip = zipfile.ZipFile(place) if place.is_file() else None
        self.folder, self.prefix = place, ""
        if self.zip:
            found = [each for each in self.zip.namelist() if each.split("/")[-1] == "checkpoint"]
            self.prefix = min(found, key=len, default="").removesuffix("checkpoint")

    def read(self, name: str) -> bytes | None:
        """A file's bytes, None if it is not there."""
        try:
            if self.zip:
                return self.zip.read(self.prefix + name)
            return (self.folder / name).read_bytes()
        except (KeyError, OSError, zipfile.BadZipFile):
            return None

    def names(self) -> set[str]:
        """All files, by their names within the export."""
        if self.zip:
            return {each[len(self.prefix) :] for each in self.zip.namelist()}
        files = (each for each in self.folder.rglob("*") if each.is_file())
        return {each.relative_to(self.folder).as_posix() for each in files}

    def same_again(self) -> bool:
        """Whether the ZIP is, byte for byte, what its files make: nothing hides between them."""
        if not self.zip:
            return True
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as again:
            for name in self.zip.namelist():
                again.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), self.zip.read(name))
        return made.getvalue() == self.folder.read_bytes()

    def checkpoints(self) -> list[bytes]:
        """All checkpoints that were signed; the one that counts comes first."""
        if self.zip:
            start = self.prefix + "checkpoints/"
            names = [each[len(start) :] for each in self.zip.namelist() if each.startswith(start)]
        else:
            names = [each.name for each in (self.folder / "checkpoints").glob("*")]
        names = [each for each in sorted(names) if each] or ["missing"]
        places = ["checkpoint", *(f"checkpoints/{each}" for each in names)]
        return [self.read(each) or b"" for each in places]


class Verifier:
    """Goes through the entries once, and keeps what is wrong in `faults`: (code, index, detail)."""

    def __init__(self, export: Export, key: Key, kept: Sequence[bytes] = ()) -> None:
        self.export, self.agency = export, key[0].rpartition("/")[2]
        self.faults: list[tuple[str, int | None, str]] = []
        self.counts = dict.fromkeys(KINDS, 0)
        self.entries = self.size = self.last = 0
        self.seen: set[tuple[object, ...]] = set()
        self.open: dict[object, tuple[object, ...]] = {}
        self.edge: list[bytes] = []
        self.rows: dict[int, list[bytes]] = {}
        self.signed: dict[int, list[bytes]] = {}
        for place, note in enumerate([*export.checkpoints(), *kept]):
            try:
                size, root = read_checkpoint(note, key)
            except ValueError as error:
                self.fault("bad_checkpoint", None, str(error))
                continue
            self.signed.setdefault(size, []).append(root)
            self.size = size if place == 0 else self.size

    def fault(self, code: str, index: int | None = None, detail: str = "") -> None:
        """Note that something is wrong."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append((code, index, detail))

    def run(self) -> None:
        """Verify everything. The entries are read from the bundles; the lines must be the same."""
        text = self.export.read("entries.jsonl")
        lines = None if text is None else text.split(b"\n")[:-1]
        for number in range((self.size + WIDTH - 1) // WIDTH):
            width = min(WIDTH, self.size - number * WIDTH)
            data = self.export.read(path_of("entries", number, width)) or b""
            for index in range(number * WIDTH, number * WIDTH + width):
                length = 2 + int.from_bytes(data[:2], "big")  # each entry after its length
                if len(data) < max(length, 3):
                    return self.fault("missing_entry", index)
                leaf, data = data[2:length], data[length:]
                if lines is not None and lines[index : index + 1] != [leaf]:
                    self.fault("hash_mismatch", index, "entries.jsonl")
                self.entry(index, leaf)
        if lines is not None and len(lines) > self.size:
            self.fault("missing_entry", self.size, "entries.jsonl has more entries")
        for size in self.signed:
            if size > self.size:
                self.fault("tail_missing", size - 1, f"checkpoint of {size}")

    def entry(self, index: int, leaf: bytes) -> None:
        """Take one entry: into the tree, and into the books."""
        hashed = hashlib.sha256(b"\0" + leaf).digest()
        push(self.edge, index, hashed)
        self.entries = index + 1
        self.tile(0, index, hashed)
        if any(root != root_of(self.edge) for root in self.signed.get(self.entries, ())):
            self.fault("root_mismatch", None, f"checkpoint of {self.entries} entries")
        try:
            entry = json.loads(leaf)
            kind, at, intent = entry["type"], entry["at"], entry.get("intent", 0)
            call = (entry["request"], entry.get("attempt", 1))
            numbers = all(isinstance(each, int) for each in (at, intent, call[1]))
            if kind not in KINDS or not numbers or not isinstance(call[0], str):
                raise ValueError
            text = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return self.fault("not_an_entry", index)
        if text.encode("utf-8", "surrogatepass") != leaf:
            self.fault("not_canonical", index)
        if entry.get("agency") != self.agency:
            self.fault("other_agency", index)
        if (*call, kind) in self.seen:
            self.fault("duplicate", index, kind)
        self.seen.add((*call, kind))
        if at < self.last - BACKWARDS:
            self.fault("time_reversed", index)
        self.last = max(self.last, at)
        self.counts[kind] += 1
        if kind == "intent":
            self.open[index] = call
        elif kind == "outcome" and self.open.pop(intent, None) != call:
            self.fault("orphan_outcome", index)

    def tile(self, level: int, index: int, hashed: bytes) -> None:
        """Put a hash in its row; compare the row with its tile when it is full, or the last."""
        row = self.rows.setdefault(level, [])
        row.append(hashed)
        if len(row) < WIDTH and index + 1 < self.size // WIDTH**level:
            return
        number, path = index // WIDTH, path_of(level, index // WIDTH, len(row))
        stored = self.export.read(path) or b""
        if stored != b"".join(row):
            same = [stored[n * HASH : (n + 1) * HASH] == each for n, each in enumerate(row)]
            place = (*same, False).index(False)
            self.fault("tile_mismatch", (number * WIDTH + place) * WIDTH**level, path)
        if len(row) == WIDTH:
            edge: list[bytes] = []
            for place, each in enumerate(row):
                push(edge, place, each)
            self.rows[level] = []
            self.tile(level + 1, number, root_of(edge))


def manifest_faults(export: Export, key: Key) -> list[tuple[str, int | None, str]]:
    """What of an evidence pack is not as it was signed; nothing for a bare export."""
    if export.read("manifest.json") is None and export.read("manifest.note") is None:
        return []
    table = export.read("manifest.json") or b""
    try:
        kind, agency, digest, end = read_note(export.read("manifest.note") or b"", key).split("\n")
        files = json.loads(table)["files"]
        told = (kind, f"shenyong/{agency}", canonical(digest), end)
        if told != ("shenyong/evidence/v1", key[0], hashlib.sha256(table).digest(), ""):
            raise ValueError("it is not the manifest that was signed")
        whole = export.same_again()
    except (ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        return [("bad_manifest", None, str(error))]
    found: list[tuple[str, int | None, str]] = []
    for name, digest in sorted(files.items()):
        data = export.read(name)
        if data is None or hashlib.sha256(data).hexdigest() != digest:
            found.append(("file_changed", None, name))
    for name in sorted(export.names() - files.keys() - {"manifest.json", "manifest.note"}):
        found.append(("file_added", None, name))
    return found if found or whole else [("bad_archive", None, "the ZIP holds more than its files")]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns the exit code."""
    parser = argparse.ArgumentParser(description="查驗審用匯出的紀錄 Verify an exported ledger")
    parser.add_argument("export", type=Path, help="資料夾或 ZIP a folder or a ZIP")
    parser.add_argument("--key", help="公鑰檔，或公鑰 the file of the log's public key, or the key")
    parser.add_argument("--kept", type=Path, action="append", default=[], help="先前的檢核點")
    chosen = parser.parse_args(arguments)
    try:
        export = Export(chosen.export)
        text = (export.read("log.vkey") or export.read("key") or b"").decode()
        if chosen.key:
            file = Path(chosen.key)
            text = file.read_text("utf-8") if file.is_file() else chosen.key
        if not text:
            raise ValueError("這裡沒有匯出的紀錄 no exported log here (log.vkey is missing)")
        verifier = Verifier(export, read_key(text), [each.read_bytes() for each in chosen.kept])
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        print(f"無法查驗 Can't verify: {error}", file=sys.stderr)
        return 2
    verifier.run()
    verifier.faults += manifest_faults(export, read_key(text))
    for code, index, detail in verifier.faults:
        where = "" if index is None else f"第 {index} 筆 entry {index}: "
        print(f"✗ {where}{code} {detail}".rstrip())
    if count := len(verifier.faults):
        print(f"查驗不通過，{count} 處有問題。 NOT verified, {count} faults.")
        return 1
    print(f"查驗通過：{verifier.agency}，{verifier.entries} 筆，與簽署的檢核點相符。")
    print(f"Verified: {verifier.agency}, {verifier.entries} entries as signed; {verifier.counts}")
    if not chosen.key:
        print(f"公鑰來自匯出檔，請核對 The key came with the export; compare it: {text.strip()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
