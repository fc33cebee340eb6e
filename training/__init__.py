"""Training and measuring the tagger. Not part of the wheel; see docs/tagger.md."""
