"""How often a key may ask: requests a minute."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Apply."""
    column = sa.Column("rate", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("api_key", column)


def downgrade() -> None:
    """Undo."""
    op.drop_column("api_key", "rate")
