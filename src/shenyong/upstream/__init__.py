"""Upstream: asking models, and the bundled one.

What it is for: `client` calls OpenAI-compatible servers at the registry's URLs; `local` is the
bundled model as a process of its own, and `local_process` starts and watches it.

Invariants:
    * Where a request goes is the registry's to say: no redirect is followed, no proxy taken from
      the environment, nothing of the client's headers passed on.
    * Every wait has an end, and every failure is one of three typed faults.
    * A stream that is closed is stopped at the model.

What it leaves to others: what may be sent (`shenyong.decision`), and what is written
(`shenyong.protocols`).
"""
