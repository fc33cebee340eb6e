"""What is to leave for another machine, in a queue that nobody waits for.

`offer` takes as long whether the other side answers, hangs or is gone: a thread of its own sends.
What does not fit into the queue, and what can't be sent before the end, is counted and let go.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
_BATCH = 200
_SHORTEST_REST = 0.2
_LONGEST_REST = 30.0


class Outbox(Generic[T]):
    """A bounded queue with a thread that empties it through `deliver`.

    `deliver` raises OSError for what could not be sent; it is tried again, ever more seldom. `lost`
    is told the reason and the number of what is let go: ``full`` or ``unsent``. It is called in
    either thread.
    """

    def __init__(
        self,
        deliver: Callable[[Sequence[T]], None],
        lost: Callable[[str, int], None],
        *,
        most: int,
        name: str,
        grace_seconds: float = 2.0,
    ) -> None:
        self._deliver, self._lost, self._most = deliver, lost, most
        self._grace = grace_seconds
        self._waiting: deque[T] = deque()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._started = False

    def offer(self, item: T) -> None:
        """Take an item, or count it as lost. Never waits."""
        if len(self._waiting) >= self._most or self._stopping.is_set():
            self._lost("full", 1)
            return
        self._waiting.append(item)
        if not self._wake.is_set():
            self._wake.set()
        if not self._started:  # in the worker that uses it: threads do not outlive a fork
            self._started = True
            self._thread.start()

    def close(self) -> None:
        """Send what waits, for the seconds of grace at most; what is left then is lost."""
        self._stopping.set()
        self._wake.set()
        if self._started:
            self._thread.join(self._grace)
        if left := len(self._waiting):
            self._waiting.clear()
            self._lost("unsent", left)

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def _run(self) -> None:
        rest = _SHORTEST_REST
        while True:
            self._wake.wait()
            self._wake.clear()
            while self._waiting:
                # They stay in the queue until they are away: what is under way takes its room.
                batch = [self._waiting[at] for at in range(min(_BATCH, len(self._waiting)))]
                try:
                    self._deliver(batch)
                except OSError:
                    if self._stopping.is_set():
                        return
                    self._stopping.wait(rest)
                    rest = min(rest * 2, _LONGEST_REST)
                    continue
                except Exception:  # a fault of ours: the same batch would fail for ever
                    self._lost("unsent", len(batch))
                rest = _SHORTEST_REST
                with contextlib.suppress(IndexError):  # `close` has given up meanwhile
                    for _ in batch:
                        self._waiting.popleft()
            if self._stopping.is_set():
                return
