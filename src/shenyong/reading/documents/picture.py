"""Pictures and scanned pages: what is written on them, recognised on this machine.

picture ──▶ its frames, upright, on white ──▶ lines of text ──▶ rows (姓名 王小明 on one line)
        └── what it says beside its pixels: EXIF, XMP, PNG's texts

A model gets the recognised words and never the picture, so a word that was not recognised does not
leave. Recognition is rapidocr, an extra (``pip install shenyong[ocr]``): without it pictures are
refused. Source: docs/documents.md, docs/adr/0041.
"""

from __future__ import annotations

# guideline: ey-genai-2023:4
import io
import logging
import os
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from shenyong.reading.documents.document import Budget, DocumentError, Fault, Part

if TYPE_CHECKING:
    from PIL.Image import Image

_PIXELS = 50_000_000  # of one picture
_LARGEST_SIDE = 2600  # pixels; an A4 page at 220 dpi. Larger ones are made smaller
_SMALLEST_SIDE = 12  # pixels; nothing is written on less
_NAMED = ("parsed", "exif", "icc_profile", "photoshop")


def can_recognise() -> bool:
    """Whether the extra is installed; nothing of it is loaded."""
    return all(find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))


def read(data: bytes, budget: Budget, name: str) -> Iterator[Part]:
    """The parts of a picture: ``picture`` (or ``picture[2]`` of several) and ``properties``.

    Raises:
        DocumentError: NEEDS_OCR where nothing may be recognised, DAMAGED, TOO_LARGE, TOO_MANY.
    """
    budget.picture(name)
    from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = _PIXELS
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > _PIXELS:
                raise DocumentError(Fault.TOO_LARGE, name)
            frames = getattr(picture, "n_frames", 1)
            for number, frame in enumerate(ImageSequence.Iterator(picture), 1):
                if number > 1:
                    budget.picture(name)
                text = recognised(_plain(ImageOps.exif_transpose(frame)))
                if text:
                    yield budget.part(f"picture[{number}]" if frames > 1 else "picture", text)
            said = "\n".join(_said(picture))
            if said:
                yield budget.part("properties", said)
    except Image.DecompressionBombError:
        raise DocumentError(Fault.TOO_LARGE, name) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, DocumentError):
            raise
        raise DocumentError(Fault.DAMAGED, name) from None


def recognised(picture: Image) -> str:
    """The text on a picture in RGB, a line for each row; "" where there is none."""
    if min(picture.size) < _SMALLEST_SIDE:
        return ""
    if max(picture.size) > _LARGEST_SIDE:
        picture.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
    import numpy

    found = _engine()(numpy.asarray(picture)[:, :, ::-1])
    if not found.txts:
        return ""
    boxes = [(min(y for _, y in box), max(y for _, y in box), min(x for x, _ in box))
             for box in found.boxes]  # fmt: skip
    return rows([(*box, text) for box, text in zip(boxes, found.txts, strict=True)])


def rows(lines: list[tuple[float, float, float, str]]) -> str:
    """Lines as (top, bottom, left, text) put together: what stands side by side is one row."""
    told: list[list[tuple[float, str]]] = []
    centre = low = high = 0.0
    for top, bottom, left, text in sorted(lines, key=lambda each: each[0] + each[1]):
        centre = (top + bottom) / 2
        if told and low <= centre <= high:
            told[-1].append((left, text))
        else:
            told.append([(left, text)])
            low, high = top, bottom
    return "\n".join(" ".join(text for _, text in sorted(row)) for row in told)


def _plain(picture: Image) -> Image:
    """In RGB, on white: what is written in black on nothing would vanish on black."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        from PIL import Image

        over = picture.convert("RGBA")
        white = Image.new("RGBA", over.size, "white")
        return Image.alpha_composite(white, over).convert("RGB")
    return picture.convert("RGB")


def _said(picture: Image) -> Iterator[str]:
    """What a picture says in words beside its pixels."""
    for name, value in picture.info.items():
        if name in _NAMED:
            continue
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        if isinstance(text, str) and text.strip():
            yield f"{name}: {text}"
    for value in picture.getexif().values():
        if isinstance(value, str) and value.strip("\0 "):
            yield value.strip("\0 ")


@cache
def _engine() -> Any:
    """The recogniser, on one thread."""
    os.environ["OMP_NUM_THREADS"] = "1"
    logging.disable(logging.CRITICAL)  # its log would name files
    import cv2
    import rapidocr

    cv2.setNumThreads(1)
    one = "EngineConfig.onnxruntime"
    return rapidocr.RapidOCR(
        params={
            f"{one}.intra_op_num_threads": 1,
            f"{one}.inter_op_num_threads": 1,
            "Global.log_level": "critical",
            "Global.max_side_len": _LARGEST_SIDE,
        }
    )
