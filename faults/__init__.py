"""Faults: what happens to servers, brought about under load, and what must hold afterwards.

`python -m faults matrix` brings a real installation (PostgreSQL, the gateway's processes, a model's
server, people at the pages) into each fault of `lines`, ends it, and compares what the model and
the clients saw with the ledger (`checks`). `python -m faults soak` loads it for an hour and looks
for leaks. Both write docs/reliability.md.
"""
