"""What builds, gathers, checks and draws; run as ``python -m tools.NAME``. Never installed."""
