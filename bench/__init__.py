"""Benchmarks: the gateway beside its peers, in one run on one machine. Never a test."""
