"""kill -9 of each process at random points (reliability.md F1)."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress

from faults.line import line
from faults.stand import Stand

PAGES = {"pages": True, "public": True}
"""The stand of most lines: two workers, somebody at the pages, the public register."""


def somewhere(rng: random.Random, most: float = 0.6) -> None:
    """Let a random time go by, so that the fault meets every stage of a request."""
    time.sleep(rng.uniform(0.0, most))


@line(
    "kill-worker",
    "工作行程被強制終止（kill -9）",
    "a worker killed (-9)",
    stand=PAGES,
)
def worker(stand: Stand, rng: random.Random) -> None:
    """One of the two; the other serves on, the first process replaces it."""
    somewhere(rng)
    found = stand.host.workers()
    victim = rng.choice(found)
    victim.kill()
    until = time.monotonic() + 60
    while time.monotonic() < until:  # the other answers meanwhile: wait for the new one itself
        now = stand.host.workers()
        if len(now) == len(found) and victim.pid not in {each.pid for each in now}:
            return
        time.sleep(0.02)
        stand.host.ensure()  # a gateway whose workers die in a row ends: as its unit has it


@line(
    "kill-storm",
    "四個工作行程輪流被強制終止，服務不中斷",
    "four workers killed (-9) one after the other, twelve times, while the others serve on",
    stand={"workers": 4, "clients": 8},
    back=60,
)
def storm(stand: Stand, rng: random.Random) -> None:
    """A thousand kills in the time of a hundred rounds. Whoever was only just born is spared:
    Granian takes a worker that dies within 5.5 seconds for one that can't live, and ends."""
    born = dict.fromkeys((each.pid for each in stand.host.workers()), 0.0)
    stand.times = 0
    until = time.monotonic() + 120
    while stand.times < 12 and time.monotonic() < until:
        now = time.monotonic()
        old = [each for each in stand.host.workers() if now - born.setdefault(each.pid, now) > 6]
        if old:
            rng.choice(old).kill()
            stand.times += 1
            stand.load.wait_served(rng.randrange(2, 12), 10)  # it meets a gateway at work
        time.sleep(rng.uniform(0.0, 0.3))


@line(
    "kill-gateway",
    "閘道全部行程同時被強制終止",
    "all processes of the gateway killed (-9) at once",
    back=60,
    stand=PAGES,
)
def gateway(stand: Stand, rng: random.Random) -> None:
    """As a host that goes; started again as its unit would."""
    somewhere(rng)
    stand.host.kill()
    for each in stand.host.listeners():
        each.kill()
    stand.host.launch()


@line(
    "kill-main",
    "閘道主行程被強制終止",
    "the first process of the gateway killed (-9), alone",
    back=60,
    stand=PAGES,
)
def main(stand: Stand, rng: random.Random) -> list[str]:
    """Its workers must end with it, or the next start finds the address taken."""
    somewhere(rng)
    workers = stand.host.workers()
    assert stand.host.process is not None
    os.kill(stand.host.process.pid, signal.SIGKILL)
    stand.host.process.wait()
    until = time.monotonic() + 25
    while any(each.is_running() for each in workers) and time.monotonic() < until:
        time.sleep(0.02)
    left = [each.pid for each in workers if each.is_running()]
    stand.host.sweep()
    stand.host.launch()
    return [f"I5 workers outlive their first process: {left}"] if left else []


@line(
    "kill-register",
    "揭露專區行程被強制終止",
    "the public register's processes killed (-9)",
    stand=PAGES,
)
def register(stand: Stand, rng: random.Random) -> list[str]:
    """The workbench and the gateway don't notice; it is started again."""
    import httpx

    somewhere(rng)
    before = stand.load.served()
    for each in stand.host.listeners():
        with suppress(Exception):
            each.kill()
    began = time.monotonic()
    url = f"http://127.0.0.1:{stand.host.public_port}/"
    while time.monotonic() < began + 45:
        with suppress(httpx.HTTPError):
            if httpx.get(url, timeout=5).status_code == 200:
                break
        time.sleep(0.05)
    else:
        return ["I5 the public register does not come back"]
    return [] if stand.load.served() > before else ["I5 the gateway stood still"]


@line(
    "kill-backend",
    "PostgreSQL 的連線行程被強制終止",
    "one of PostgreSQL's processes killed (-9): it restarts them all",
    stand=PAGES,
)
def backend(stand: Stand, rng: random.Random) -> None:
    """PostgreSQL then ends all its processes and recovers from the log."""
    somewhere(rng)
    victims = [each for each in stand.database.children() if "postgres" in each.name()]
    rng.choice(victims).kill()


@line(
    "kill-postmaster",
    "PostgreSQL 主行程被強制終止",
    "PostgreSQL's first process killed (-9), and started again",
    stand=PAGES,
)
def postmaster(stand: Stand, rng: random.Random) -> None:
    """Recovered from its log, as after a loss of power."""
    somewhere(rng)
    stand.database.stop(signal.SIGKILL)
    somewhere(rng)
    stand.database.start()
