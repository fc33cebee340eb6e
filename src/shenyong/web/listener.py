"""The public register's own listener: another address, another process, none of the keys.

So what is open to everybody shares no port, no cookies and no memory with the workbench.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from shenyong.gateway.serve import check_free, run
from shenyong.settings import Settings
from shenyong.settings.sections import Ledger, Registry, Server

_STOP_SECONDS = 10


def apart(settings: Settings) -> Settings:
    """What the register needs of the settings: its own address, the database, and no key."""
    server = Server(host=settings.public.host, port=settings.public.port, workers=1)
    return msgspec.structs.replace(settings, server=server, ledger=Ledger(), registry=Registry())


def _serve(settings: Settings) -> None:
    run(settings, "shenyong.web.public:build")


@contextmanager
def public_register(settings: Settings) -> Iterator[None]:
    """Serve the register beside the caller, if the settings give it a port.

    Raises:
        OSError: the address is taken or can't be had.
    """
    if not settings.public.port:
        yield
        return
    check_free(settings.public.host, settings.public.port)
    # A new interpreter: what this one has in its memory, keys among it, is not the register's.
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(apart(settings),), name="public-register", daemon=False
    )
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join(_STOP_SECONDS)
        if process.is_alive():
            process.kill()
