"""The tables, as SQLAlchemy Core sees them. Alembic's migrations make them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

registry_version = Table(
    "registry_version",
    metadata,
    Column("one", Boolean, primary_key=True),
    Column("version", BigInteger, nullable=False),
)

agency = Table(
    "agency",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("applicability", Text, nullable=False),
)
person = Table(
    "person",
    metadata,
    Column("id", Text, primary_key=True),
    Column("agency", Text, ForeignKey("agency.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
)
use_case = Table(
    "use_case",
    metadata,
    Column("id", Text, primary_key=True),
    Column("agency", Text, ForeignKey("agency.id"), nullable=False),
    Column("title", Text, nullable=False),
    Column("purpose", Text, nullable=False),
)
api_key = Table(
    "api_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("agency", Text, ForeignKey("agency.id"), nullable=False),
    Column("owner", Text, ForeignKey("person.id"), nullable=False),
    Column("use_case", Text, ForeignKey("use_case.id"), nullable=False),
    Column("actor", Text, nullable=False),
    Column("secret_digest", LargeBinary, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("revoked", Boolean, nullable=False),
    Column("denial_style", Text, nullable=False),
    Column("reroute", Boolean, nullable=False),
    Column("models", JSONB, nullable=False),
)
model = Table(
    "model",
    metadata,
    Column("id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("upstream_model", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("lineage", JSONB, nullable=False),
    Column("hosting_country", Text, nullable=False),
    Column("scope", JSONB, nullable=False),
    Column("banned", Boolean, nullable=False),
    Column("secret_env", Text, nullable=False),
)
confirmation = Table(
    "confirmation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("model", Text, ForeignKey("model.id"), nullable=False),
    Column("body", JSONB, nullable=False),
)
agency_pack = Table(
    "agency_pack",
    metadata,
    Column("agency", Text, ForeignKey("agency.id"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("text", Text, nullable=False),
)

ledger_head = Table(
    "ledger_head",
    metadata,
    Column("agency", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("integrated", BigInteger, nullable=False),
    Column("public_key", Text, nullable=False),
)
ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("agency", Text, primary_key=True),
    Column("idx", BigInteger, primary_key=True),
    Column("request_id", Uuid, nullable=False),
    Column("attempt", SmallInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    UniqueConstraint("request_id", "attempt", "type"),
)
ledger_tile = Table(
    "ledger_tile",
    metadata,
    Column("agency", Text, primary_key=True),
    Column("level", SmallInteger, primary_key=True),
    Column("idx", BigInteger, primary_key=True),
    Column("hashes", LargeBinary, nullable=False),
)
ledger_checkpoint = Table(
    "ledger_checkpoint",
    metadata,
    Column("agency", Text, primary_key=True),
    Column("size", BigInteger, primary_key=True),
    Column("note", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)
worker = Table(
    "worker",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("started", BigInteger, nullable=False),
)

denied_turn = Table(
    "denied_turn",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("decision_id", Uuid, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Index("ix_denied_turn_expires", "expires"),
)

unreleased_document = Table(
    "unreleased_document",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("agency", Text, ForeignKey("agency.id"), nullable=False),
    Column("title", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("consent", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("approved_at", BigInteger, nullable=False),
    Column("release_at", BigInteger, nullable=False),
)
unreleased_print = Table(
    "unreleased_print",
    metadata,
    Column("print", BigInteger, primary_key=True, autoincrement=False),
    Column("agency", Text, primary_key=True),
    Column(
        "document",
        Uuid,
        ForeignKey("unreleased_document.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Index("ix_unreleased_print_document", "document"),
)
unreleased_version = Table(
    "unreleased_version",
    metadata,
    Column("agency", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
)

uploaded_file = Table(
    "uploaded_file",
    metadata,
    Column("id", Text, primary_key=True),
    Column("agency", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Index("ix_uploaded_file_key", "key"),
    Index("ix_uploaded_file_expires", "expires"),
)
