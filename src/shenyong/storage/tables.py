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
    Column("parent", Text, nullable=False, server_default=""),
)
person = Table(
    "person",
    metadata,
    Column("id", Text, primary_key=True),
    Column("agency", Text, ForeignKey("agency.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("unit", Text, nullable=False, server_default=""),
    Column("title", Text, nullable=False, server_default=""),
    Column("also", JSONB, nullable=False, server_default="[]"),
    Column("user_name", Text, nullable=False, server_default=""),
    Column("subject", Text, nullable=False, server_default=""),
    Column("external", Text, nullable=False, server_default=""),
    Column("active", Boolean, nullable=False, server_default="true"),
    Column("trained_until", BigInteger, nullable=False, server_default="0"),
)
use_case = Table(
    "use_case",
    metadata,
    Column("id", Text, primary_key=True),
    Column("agency", Text, ForeignKey("agency.id"), nullable=False),
    Column("title", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("active", Boolean, nullable=False, server_default="true"),
    Column("risk", Text, nullable=False, server_default=""),
    Column("warning", Boolean, nullable=False, server_default="false"),
    Column("review_by", BigInteger, nullable=False, server_default="0"),
    Column("ground", Text, nullable=False, server_default=""),
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
    Column("max_class", Text, nullable=False, server_default=""),
    Column("budget_tokens", BigInteger, nullable=False, server_default="0"),
    Column("budget_requests", BigInteger, nullable=False, server_default="0"),
    Column("contract", Text, nullable=False, server_default=""),
    Column("old_digest", LargeBinary, nullable=False, server_default=""),
    Column("old_until", BigInteger, nullable=False, server_default="0"),
    Column("created", BigInteger, nullable=False, server_default="0"),
    Column("rate", BigInteger, nullable=False, server_default="0"),
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
    Column("vendor", Text, nullable=False, server_default=""),
    Column("vendor_country", Text, nullable=False, server_default=""),
    Column("controlling_entity", Text, nullable=False, server_default=""),
    Column("licence", Text, nullable=False, server_default=""),
    Column("exception", JSONB, nullable=False, server_default="null"),
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

account = Table(
    "account",
    metadata,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("password", Text, nullable=False),
    Column("totp", LargeBinary),
    Column("failures", Integer, nullable=False),
    Column("locked_until", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("disabled", Boolean, nullable=False),
)
passkey = Table(
    "passkey",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Index("ix_passkey_person", "person"),
)
web_session = Table(
    "web_session",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("person", Text),
    Column("csrf", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Index("ix_web_session_created", "created"),
)
matter = Table(
    "matter",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("agency", Text, ForeignKey("agency.id"), nullable=False),
    Column("unit", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("responsible", Text, ForeignKey("person.id"), nullable=False),
    Column("stage", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("key", LargeBinary),
    Column("sealed", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    UniqueConstraint("agency", "number", name="uq_matter_agency"),
    Index("ix_matter_unit", "agency", "unit", "stage"),
    Index("ix_matter_responsible", "responsible"),
)
matter_step = Table(
    "matter_step",
    metadata,
    Column("matter", Uuid, ForeignKey("matter.id"), primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("entry", BigInteger, primary_key=True),
)
release = Table(
    "release",
    metadata,
    Column("number", Text, primary_key=True),
    Column("agency", Text, ForeignKey("agency.id"), nullable=False),
    Column("matter", Uuid, ForeignKey("matter.id"), nullable=False),
    Column("entry", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("voided", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("envelope", Text, nullable=False),
    Index("ix_release_at", "agency", "at"),
)
plea = Table(
    "plea",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("agency", Text, ForeignKey("agency.id"), nullable=False),
    Column("unit", Text, nullable=False),
    Column("decision", Uuid, nullable=False),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", BigInteger, nullable=False),
    UniqueConstraint("kind", "decision", "person", name="uq_plea_kind"),
    Index("ix_plea_unit", "agency", "unit", "state"),
    Index("ix_plea_person", "person"),
)
statutes = Table(
    "statutes",
    metadata,
    Column("one", Boolean, primary_key=True),
    Column("as_of", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("laws", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("imported", BigInteger, nullable=False),
)

delegation = Table(
    "delegation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("agency", Text, ForeignKey("agency.id"), nullable=False),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("deputy", Text, ForeignKey("person.id"), nullable=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("revoked", Boolean, nullable=False),
)
record = Table(
    "record",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("agency", Text, ForeignKey("agency.id"), nullable=False),
    Column("number", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("key", LargeBinary),
    Column("sealed", LargeBinary, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    UniqueConstraint("agency", "kind", "number", name="uq_record_agency"),
    Index("ix_record_state", "agency", "kind", "state"),
)
record_step = Table(
    "record_step",
    metadata,
    Column("record", Uuid, ForeignKey("record.id"), primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("entry", BigInteger, nullable=False),
)
agency_rule = Table(
    "agency_rule",
    metadata,
    Column("agency", Text, ForeignKey("agency.id"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("text", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("record", Uuid, nullable=False),
)
guideline_pack = Table(
    "guideline_pack",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("id", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("sources", JSONB, nullable=False),
    Column("imported", BigInteger, nullable=False),
    Column("valid_from", BigInteger, nullable=False),
)
edition = Table(
    "edition",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("pack", Text, nullable=False),
    Column("sources", JSONB, nullable=False),
    Column("own", JSONB, nullable=False),
    Column("first_used", BigInteger, nullable=False),
)
probe_key = Table(
    "probe_key",
    metadata,
    Column("model", Text, ForeignKey("model.id"), primary_key=True),
    Column("public_key", Text, nullable=False),
    Column("every_seconds", BigInteger, nullable=False),
    Column("holding", Boolean, nullable=False),
)
probe = Table(
    "probe",
    metadata,
    Column("model", Text, ForeignKey("model.id"), primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("received", BigInteger, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("report", LargeBinary, nullable=False),
)
cosignature = Table(
    "cosignature",
    metadata,
    Column("agency", Text, primary_key=True),
    Column("size", BigInteger, primary_key=True),
    Column("witness", Text, primary_key=True),
    Column("line", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)
key_use = Table(
    "key_use",
    metadata,
    Column("key", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("requests", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
)
