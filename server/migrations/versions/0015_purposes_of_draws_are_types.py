"""purposes of draws name every inspection type of which only the people are drawn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('draw', schema=None) as batch_op:
        batch_op.alter_column('purpose', existing_type=sa.String(length=16), type_=sa.String(length=24), existing_nullable=False)


def downgrade() -> None:
    with op.batch_alter_table('draw', schema=None) as batch_op:
        batch_op.alter_column('purpose', existing_type=sa.String(length=24), type_=sa.String(length=16), existing_nullable=False)
