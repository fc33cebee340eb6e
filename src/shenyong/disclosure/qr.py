"""The QR code that leads from a paper to the register's page."""

from __future__ import annotations

import io

import segno


def png(link: str) -> bytes:
    """A PNG, for ODT and DOCX."""
    file = io.BytesIO()
    segno.make(link, error="m", micro=False).save(file, kind="png", scale=6, border=2)
    return file.getvalue()


def svg(link: str) -> str:
    """An SVG, for PDF and pages."""
    file = io.BytesIO()
    segno.make(link, error="m", micro=False).save(
        file, kind="svg", scale=4, border=2, xmldecl=False, svgns=True
    )
    return file.getvalue().decode()
