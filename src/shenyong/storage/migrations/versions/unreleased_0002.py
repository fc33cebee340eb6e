"""The register of what is not released: documents, and their fingerprints."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "unreleased_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.BigInteger(), nullable=False),
        sa.Column("release_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency"], ["agency.id"], name=op.f("fk_unreleased_document_agency_agency")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unreleased_document")),
    )
    op.create_table(
        "unreleased_print",
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("print", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document"],
            ["unreleased_document.id"],
            name=op.f("fk_unreleased_print_document_unreleased_document"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("print", "agency", "document", name=op.f("pk_unreleased_print")),
    )
    op.create_index("ix_unreleased_print_document", "unreleased_print", ["document"])
    op.create_table(
        "unreleased_version",
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("agency", name=op.f("pk_unreleased_version")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("unreleased_version")
    op.drop_index("ix_unreleased_print_document", table_name="unreleased_print")
    op.drop_table("unreleased_print")
    op.drop_table("unreleased_document")
