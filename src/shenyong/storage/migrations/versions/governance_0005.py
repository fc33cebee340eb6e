"""Governance: the tree of agencies, delegations, records of officers, rules, probes, witnesses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"

_TEXT, _BIG, _BYTES = sa.Text, sa.BigInteger, sa.LargeBinary


def _table(name: str, *columns: tuple[str, type, bool], key: tuple[str, ...], **more: str) -> None:
    op.create_table(
        name,
        *(sa.Column(column, kind(), nullable=nullable) for column, kind, nullable in columns),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")),
        *(
            sa.ForeignKeyConstraint(
                [column], [target], name=op.f(f"fk_{name}_{column}_{target.split('.')[0]}")
            )
            for column, target in more.items()
        ),
    )


_ADDED: dict[str, tuple[tuple[str, type, str], ...]] = {
    "agency": (("parent", _TEXT, ""),),
    "person": (
        ("also", JSONB, "[]"), ("user_name", _TEXT, ""), ("subject", _TEXT, ""),
        ("external", _TEXT, ""), ("active", sa.Boolean, "true"),
        ("trained_until", _BIG, "0"),
    ),
    "use_case": (
        ("active", sa.Boolean, "true"), ("risk", _TEXT, ""), ("warning", sa.Boolean, "false"),
        ("review_by", _BIG, "0"), ("ground", _TEXT, ""),
    ),
    "api_key": (
        ("max_class", _TEXT, ""), ("budget_tokens", _BIG, "0"), ("budget_requests", _BIG, "0"),
        ("contract", _TEXT, ""), ("old_digest", _BYTES, ""), ("old_until", _BIG, "0"),
        ("created", _BIG, "0"),
    ),
    "model": (
        ("vendor", _TEXT, ""), ("vendor_country", _TEXT, ""), ("controlling_entity", _TEXT, ""),
        ("licence", _TEXT, ""), ("exception", JSONB, "null"),
    ),
}  # fmt: skip


def upgrade() -> None:
    """Apply."""
    for table, columns in _ADDED.items():
        for name, kind, default in columns:
            column = sa.Column(name, kind(), nullable=False, server_default=default)
            op.add_column(table, column)
    _table(
        "delegation",
        ("id", _TEXT, False), ("agency", _TEXT, False), ("person", _TEXT, False),
        ("deputy", _TEXT, False), ("valid_from", _BIG, False), ("until", _BIG, False),
        ("revoked", sa.Boolean, False),
        key=("id",), agency="agency.id", person="person.id", deputy="person.id",
    )  # fmt: skip
    _table(
        "record",
        ("id", sa.Uuid, False), ("kind", _TEXT, False), ("agency", _TEXT, False),
        ("number", _TEXT, False), ("state", _TEXT, False), ("version", _BIG, False),
        ("key", _BYTES, True), ("sealed", _BYTES, False), ("opened_by", _TEXT, False),
        ("created", _BIG, False), ("updated", _BIG, False), ("due", _BIG, False),
        key=("id",), agency="agency.id",
    )  # fmt: skip
    op.create_unique_constraint("uq_record_agency", "record", ["agency", "kind", "number"])
    op.create_index("ix_record_state", "record", ["agency", "kind", "state"])
    _table(
        "record_step",
        ("record", sa.Uuid, False), ("version", _BIG, False), ("at", _BIG, False),
        ("actor", _TEXT, False), ("action", _TEXT, False), ("entry", _BIG, False),
        key=("record", "version"), record="record.id",
    )  # fmt: skip
    _table(
        "agency_rule",
        ("agency", _TEXT, False), ("id", _TEXT, False), ("version", _BIG, False),
        ("text", _TEXT, False), ("digest", _TEXT, False), ("valid_from", _BIG, False),
        ("until", _BIG, False), ("record", sa.Uuid, False),
        key=("agency", "id", "version"), agency="agency.id",
    )  # fmt: skip
    _table(
        "guideline_pack",
        ("digest", _TEXT, False), ("id", _TEXT, False), ("version", _TEXT, False),
        ("sources", JSONB, False), ("imported", _BIG, False), ("valid_from", _BIG, False),
        key=("digest",),
    )  # fmt: skip
    _table(
        "edition",
        ("digest", _TEXT, False), ("pack", _TEXT, False), ("sources", JSONB, False),
        ("own", JSONB, False), ("first_used", _BIG, False),
        key=("digest",),
    )  # fmt: skip
    _table(
        "probe_key",
        ("model", _TEXT, False), ("public_key", _TEXT, False), ("every_seconds", _BIG, False),
        ("holding", sa.Boolean, False),
        key=("model",), model="model.id",
    )  # fmt: skip
    _table(
        "probe",
        ("model", _TEXT, False), ("at", _BIG, False), ("received", _BIG, False),
        ("passed", sa.Boolean, False), ("report", _BYTES, False),
        key=("model", "at"), model="model.id",
    )  # fmt: skip
    _table(
        "cosignature",
        ("agency", _TEXT, False), ("size", _BIG, False), ("witness", _TEXT, False),
        ("line", _TEXT, False), ("at", _BIG, False),
        key=("agency", "size", "witness"),
    )  # fmt: skip
    _table(
        "key_use",
        ("key", _TEXT, False), ("period", _TEXT, False), ("requests", _BIG, False),
        ("tokens", _BIG, False),
        key=("key", "period"),
    )  # fmt: skip


def downgrade() -> None:
    """Undo."""
    for name in ("key_use", "cosignature", "probe", "probe_key", "edition", "guideline_pack",
                 "agency_rule", "record_step", "record", "delegation"):  # fmt: skip
        op.drop_table(name)
    for table, columns in _ADDED.items():
        for name, _, _ in columns:
            op.drop_column(table, name)
