"""lost phones, changed keys, quarantine decisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('quarantine_decision',
    sa.Column('h', sa.String(length=43), nullable=False),
    sa.Column('agency_id', sa.String(length=64), nullable=False),
    sa.Column('decision', sa.String(length=8), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('by', sa.String(length=36), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('h', name=op.f('pk_quarantine_decision'))
    )
    with op.batch_alter_table('enrolment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('lost_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('follows', sa.String(length=22), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('rotated_by', sa.String(length=43), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('replaced_by', sa.String(length=22), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('replaced_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('story', sa.String(length=12), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('story_note', sa.String(length=300), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('story_at', sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table('inspection', schema=None) as batch_op:
        batch_op.add_column(sa.Column('proof', sa.JSON(), nullable=False, server_default='{}'))
    # The defaults are only for the rows that were there before.
    with op.batch_alter_table('enrolment', schema=None) as batch_op:
        for name in ('follows', 'rotated_by', 'replaced_by', 'story', 'story_note'):
            batch_op.alter_column(name, server_default=None)
    with op.batch_alter_table('inspection', schema=None) as batch_op:
        batch_op.alter_column('proof', server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('inspection', schema=None) as batch_op:
        batch_op.drop_column('proof')

    with op.batch_alter_table('enrolment', schema=None) as batch_op:
        batch_op.drop_column('story_at')
        batch_op.drop_column('story_note')
        batch_op.drop_column('story')
        batch_op.drop_column('replaced_at')
        batch_op.drop_column('replaced_by')
        batch_op.drop_column('rotated_by')
        batch_op.drop_column('follows')
        batch_op.drop_column('lost_at')

    op.drop_table('quarantine_decision')