"""The door: a program speaks OpenAI's protocol to it, and points 3 and 4 are carried out.

`path` is the way of one request as a generator without I/O: it yields what it wants done
(`commands`) and receives what came of it. `shell` does those things; `app` is the ASGI door;
`operations` answers health, readiness and metrics; `serve` starts the workers.

Invariants (design.md):

1. What is sent to a model was written anew from values that were inspected.
2. A model is called only after the intent is durable, and the answer's end is released only after
   its outcome is. No record, no call.
3. Whatever can't be parsed, inspected, decided or recorded is not forwarded.

What it leaves to others: wire formats (`protocols`), judging (`decision`), SQL (`storage`),
HTTP to models (`upstream`).
"""
