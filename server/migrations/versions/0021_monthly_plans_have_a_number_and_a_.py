"""monthly plans have a number and a signatory."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('monthly_plan', schema=None) as batch_op:
        batch_op.add_column(sa.Column('number', sa.String(length=80), server_default='', nullable=False))
        batch_op.add_column(sa.Column('signatory', sa.String(length=60), server_default='', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('monthly_plan', schema=None) as batch_op:
        batch_op.drop_column('signatory')
        batch_op.drop_column('number')

