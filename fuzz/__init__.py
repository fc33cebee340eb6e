"""Fuzzing of what meets bytes from outside: reading, inspection, every document format."""
