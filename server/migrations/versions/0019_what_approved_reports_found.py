"""what approved reports found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('report_finding',
    sa.Column('report_id', sa.String(length=36), nullable=False),
    sa.Column('agency_id', sa.String(length=64), nullable=False),
    sa.Column('approved_on', sa.Date(), nullable=False),
    sa.Column('item_codes', sa.JSON(), nullable=False),
    sa.Column('fails', sa.JSON(), nullable=False),
    sa.Column('notes', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['report_id'], ['report.id'], name=op.f('fk_report_finding_report_id')),
    sa.PrimaryKeyConstraint('report_id', name=op.f('pk_report_finding'))
    )
    with op.batch_alter_table('report_finding', schema=None) as batch_op:
        batch_op.create_index('ix_report_finding_day', ['agency_id', 'approved_on'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('report_finding', schema=None) as batch_op:
        batch_op.drop_index('ix_report_finding_day')

    op.drop_table('report_finding')
