"""The workbench: people's accounts, matters, releases, appeals, approvals, and the statutes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

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


def upgrade() -> None:
    """Apply."""
    for name in ("unit", "title"):
        op.add_column("person", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    _table(
        "account",
        ("person", _TEXT, False), ("password", _TEXT, False), ("totp", _BYTES, True),
        ("failures", sa.Integer, False), ("locked_until", _BIG, False), ("changed", _BIG, False),
        ("disabled", sa.Boolean, False),
        key=("person",), person="person.id",
    )  # fmt: skip
    _table(
        "passkey",
        ("id", _BYTES, False), ("person", _TEXT, False), ("public_key", _BYTES, False),
        ("count", _BIG, False), ("name", _TEXT, False), ("created", _BIG, False),
        key=("id",), person="person.id",
    )  # fmt: skip
    op.create_index("ix_passkey_person", "passkey", ["person"])
    _table(
        "web_session",
        ("digest", _BYTES, False), ("person", _TEXT, True), ("csrf", _TEXT, False),
        ("created", _BIG, False), ("seen", _BIG, False), ("state", _TEXT, False),
        key=("digest",),
    )  # fmt: skip
    op.create_index("ix_web_session_created", "web_session", ["created"])
    _table(
        "matter",
        ("id", sa.Uuid, False), ("agency", _TEXT, False), ("unit", _TEXT, False),
        ("number", _TEXT, False), ("responsible", _TEXT, False), ("stage", _TEXT, False),
        ("version", _BIG, False), ("key", _BYTES, True), ("sealed", _BYTES, False),
        ("created", _BIG, False), ("updated", _BIG, False),
        key=("id",), agency="agency.id", responsible="person.id",
    )  # fmt: skip
    op.create_unique_constraint("uq_matter_agency", "matter", ["agency", "number"])
    op.create_index("ix_matter_unit", "matter", ["agency", "unit", "stage"])
    op.create_index("ix_matter_responsible", "matter", ["responsible"])
    _table(
        "matter_step",
        ("matter", sa.Uuid, False), ("version", _BIG, False), ("at", _BIG, False),
        ("actor", _TEXT, False), ("action", _TEXT, False), ("entry", _BIG, False),
        key=("matter", "version", "entry"), matter="matter.id",
    )  # fmt: skip
    _table(
        "release",
        ("number", _TEXT, False), ("agency", _TEXT, False), ("matter", sa.Uuid, False),
        ("entry", _BIG, False), ("at", _BIG, False), ("voided", _BIG, False),
        ("payload", _BYTES, False), ("envelope", _TEXT, False),
        key=("number",), agency="agency.id", matter="matter.id",
    )  # fmt: skip
    op.create_index("ix_release_at", "release", ["agency", "at"])
    _table(
        "plea",
        ("id", sa.Uuid, False), ("kind", _TEXT, False), ("agency", _TEXT, False),
        ("unit", _TEXT, False), ("decision", sa.Uuid, False), ("person", _TEXT, False),
        ("state", _TEXT, False), ("sealed", _BYTES, False), ("created", _BIG, False),
        ("until", _BIG, False), ("decided_by", _TEXT, False), ("decided_at", _BIG, False),
        key=("id",), agency="agency.id", person="person.id",
    )  # fmt: skip
    op.create_index("ix_plea_unit", "plea", ["agency", "unit", "state"])
    op.create_index("ix_plea_person", "plea", ["person"])
    op.create_unique_constraint("uq_plea_kind", "plea", ["kind", "decision", "person"])
    _table(
        "statutes",
        ("one", sa.Boolean, False), ("as_of", _TEXT, False), ("sha256", _TEXT, False),
        ("laws", sa.Integer, False), ("body", _BYTES, False), ("imported", _BIG, False),
        key=("one",),
    )  # fmt: skip


def downgrade() -> None:
    """Undo."""
    for name in (
        *("statutes", "plea", "release", "matter_step", "matter"),
        *("web_session", "passkey", "account"),
    ):
        op.drop_table(name)
    for name in ("unit", "title"):
        op.drop_column("person", name)
