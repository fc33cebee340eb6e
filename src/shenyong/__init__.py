"""Shenyong 審用: the Executive Yuan's guideline on generative AI, carried out."""

import os

# Before numpy is loaded: its small sums gain nothing from threads of their own, which spin, take
# processors from other workers, and may add up in another order. Who sets it otherwise, has it so.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
