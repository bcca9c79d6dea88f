"""the foreign batch number of each assignment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('assignment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('foreign_batch_no', sa.String(length=80), nullable=False, server_default=''))
    # What was imported before knew one number per batch.
    op.execute(
        "UPDATE assignment SET foreign_batch_no = "
        "(SELECT batch.foreign_batch_no FROM batch WHERE batch.id = assignment.batch_id)"
    )
    with op.batch_alter_table('assignment', schema=None) as batch_op:
        batch_op.alter_column('foreign_batch_no', server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('assignment', schema=None) as batch_op:
        batch_op.drop_column('foreign_batch_no')
