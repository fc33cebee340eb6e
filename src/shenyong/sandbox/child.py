"""The child: confines itself, then reads one document after the other from standard input.

It is started with an empty environment and no files but three pipes. Before the first document it
gives up what it does not need: writing files, new processes, core dumps, the network where the
system lets it, and life after its parent.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys

from shenyong.reading.documents import DocumentError, Fault, read_document
from shenyong.sandbox.frames import ASKS, HEAD, LARGEST, Answer, Ask, framed

_PDEATHSIG, _DUMPABLE, _NO_NEW_PRIVILEGES = 1, 4, 38  # prctl(2)
_NEW_USER, _NEW_NET = 0x10000000, 0x40000000  # unshare(2)


def main() -> None:
    """Serve until the pipe closes. The first argument is the bound of memory in bytes."""
    confine(int(sys.argv[1]))
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while head := source.read(HEAD):
        length = int.from_bytes(head, "big")
        if len(head) < HEAD or length > LARGEST:
            return
        target.write(framed(answered(ASKS.decode(source.read(length)))))
        target.flush()


def answered(ask: Ask) -> Answer:
    """The document, or why it can't be read."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (spent + ask.seconds, resource.RLIM_INFINITY))
    try:
        if ask.shown:
            from shenyong.disclosure.visible import as_document, seen

            return Answer(as_document(seen(ask.data)))
        return Answer(read_document(ask.name, ask.data, ask.limits))
    except DocumentError as error:
        return Answer(fault=error.fault, place=error.place)
    except MemoryError:
        return Answer(fault=Fault.TOO_LARGE)
    except RecursionError:
        return Answer(fault=Fault.TOO_DEEP)
    except Exception:  # a parser's own error: whatever it is, the document was not read whole
        return Answer(fault=Fault.DAMAGED)


def confine(memory: int) -> None:
    """Give up what is not needed. What the system doesn't let us give up, we keep."""
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() == 1:  # the parent was gone before we asked
        sys.exit(1)
    library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    library.prctl(_DUMPABLE, 0, 0, 0, 0)
    if library.unshare(_NEW_USER | _NEW_NET) != 0:
        library.unshare(_NEW_NET)
    for kind, bound in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 16),
    ):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (bound, bound))


if __name__ == "__main__":
    main()
