"""The network between hosts cut: PostgreSQL in a network namespace of its own (F5)."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from faults.line import NotHereError, line
from faults.lines.killing import somewhere
from faults.postgres import Postgres
from faults.stand import Stand

_NAME = f"syf{os.getpid()}"
_NET = f"10.{os.getpid() % 200 + 20}.{os.getpid() // 200 % 200}"


def can_cut() -> bool:
    """Whether this machine has namespaces and nft, and lets us use them."""
    return os.geteuid() == 0 and all(map(shutil.which, ("ip", "nft", "setpriv")))


def _do(*words: str) -> None:
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Elsewhere(Postgres):
    """A server on another host: a namespace that a pair of virtual cards joins to ours."""

    def __init__(self, folder: Path) -> None:
        _do("ip", "netns", "add", _NAME)
        here, there = f"{_NAME[-10:]}h", f"{_NAME[-10:]}t"
        _do("ip", "link", "add", here, "type", "veth", "peer", "name", there)
        _do("ip", "link", "set", there, "netns", _NAME)
        _do("ip", "addr", "add", f"{_NET}.1/30", "dev", here)
        _do("ip", "link", "set", here, "up")
        inside = ("ip", "netns", "exec", _NAME)
        _do(*inside, "ip", "addr", "add", f"{_NET}.2/30", "dev", there)
        _do(*inside, "ip", "link", "set", there, "up")
        _do(*inside, "ip", "link", "set", "lo", "up")
        super().__init__(folder, address=f"{_NET}.2", namespace=_NAME)

    def cut(self, how: str) -> None:
        """Nothing passes any more: ``drop`` in silence, ``reject`` with resets."""
        rule = "drop" if how == "drop" else "meta l4proto tcp reject with tcp reset"
        script = "add table inet syf"
        for hook in ("input", "output"):
            script += f"; add chain inet syf {hook} {{ type filter hook {hook} priority 0; }}"
            script += f"; add rule inet syf {hook} {rule}"
        _do("ip", "netns", "exec", self.namespace, "nft", script)

    def mend(self) -> None:
        """Everything passes again."""
        with suppress(subprocess.CalledProcessError):
            _do("ip", "netns", "exec", self.namespace, "nft", "delete table inet syf")

    def close(self) -> None:
        """Stop it, and take the namespace away."""
        self.stop()
        with suppress(subprocess.CalledProcessError):
            _do("ip", "netns", "del", self.namespace)


@line(
    "network-cut",
    "閘道與資料庫之間斷線（靜默丟棄或重設）",
    "the network between gateway and database cut: in silence, or with resets",
    back=60,
    stand={"postgres": Elsewhere},
)
def network_cut(stand: Stand, rng: random.Random) -> list[str]:
    """Neither side hears of it where it is silent. What was under way is in doubt."""
    if not can_cut():
        raise NotHereError("ip, nft, setpriv")
    far = stand.database
    assert isinstance(far, Elsewhere)
    somewhere(rng)
    stand.witnessed.asks = False
    far.cut(rng.choice(("drop", "drop", "reject")))
    before = stand.load.counts["status 503 audit_unavailable"]
    until = time.monotonic() + 25
    wrong: list[str] = []
    try:
        while stand.load.counts["status 503 audit_unavailable"] < before + 10:
            if time.monotonic() > until:
                wrong.append("nobody was told that nothing can be recorded")
                break
            time.sleep(0.02)
        called = len(stand.model.received)
        time.sleep(rng.uniform(0.2, 2.0))
        if len(stand.model.received) > called:
            wrong.append("I1 calls while the ledger was out of reach")
    finally:
        far.mend()
        stand.witnessed.asks = True
    return wrong
