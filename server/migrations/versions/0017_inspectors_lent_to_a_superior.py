"""inspectors lent to a superior agency."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("inspection_member", schema=None) as batch_op:
        batch_op.add_column(sa.Column("home", sa.String(length=64), server_default="", nullable=False))
    with op.batch_alter_table("draw_person", schema=None) as batch_op:
        batch_op.create_index("ix_draw_person_agency", ["agency_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("draw_person", schema=None) as batch_op:
        batch_op.drop_index("ix_draw_person_agency")
    with op.batch_alter_table("inspection_member", schema=None) as batch_op:
        batch_op.drop_column("home")
