"""registers submitted to a superior agency's draw."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("draw_department", schema=None) as batch_op:
        batch_op.add_column(sa.Column("joined_by", sa.String(length=36), server_default="", nullable=False))
    with op.batch_alter_table("draw_unit", schema=None) as batch_op:
        batch_op.create_index("ix_draw_unit_agency", ["agency_id", "draw_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("draw_unit", schema=None) as batch_op:
        batch_op.drop_index("ix_draw_unit_agency")
    with op.batch_alter_table("draw_department", schema=None) as batch_op:
        batch_op.drop_column("joined_by")
