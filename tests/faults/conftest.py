"""A house of its own for tests that break it."""
