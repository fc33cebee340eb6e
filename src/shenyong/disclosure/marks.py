"""Names of the machine-readable marks in a document's properties.

IPTC's digital source type says that AI took part; ours say which release it is and carry its
confirmation. Source: domain.md 6.1; IPTC Photo Metadata 2023.2 (``Iptc4xmpExt:DigitalSourceType``).
"""

from __future__ import annotations

STATE = "shenyong-state"
NUMBER = "shenyong-number"
LEVEL = "shenyong-disclosure-level"
SOURCE_TYPE = "Iptc4xmpExt:DigitalSourceType"
CONFIRMATION = "shenyong-confirmation"
STATES = {True: "confirmed", False: "unconfirmed"}
"""What `STATE` says."""
FILE_NAME = "shenyong-confirmation.json"
"""The confirmation's name where a format can attach files (PDF)."""
