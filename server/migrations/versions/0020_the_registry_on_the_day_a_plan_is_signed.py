"""the registry on the day a plan is signed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('registry_snapshot',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('agency_id', sa.String(length=64), nullable=False),
    sa.Column('of', sa.String(length=36), nullable=False),
    sa.Column('on', sa.Date(), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('root', sa.String(length=43), nullable=False),
    sa.Column('leaf', sa.Integer(), nullable=False),
    sa.Column('units', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_registry_snapshot')),
    sa.UniqueConstraint('agency_id', 'of', name=op.f('uq_registry_snapshot_agency_id_of'))
    )


def downgrade() -> None:
    op.drop_table('registry_snapshot')
