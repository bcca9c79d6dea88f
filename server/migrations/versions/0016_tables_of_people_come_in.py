"""tables of people come in like tables of units."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('inspector', schema=None) as batch_op:
        batch_op.add_column(sa.Column('origins', sa.JSON(), server_default='{}', nullable=False))
        batch_op.add_column(sa.Column('import_id', sa.String(length=36), nullable=True))

    with op.batch_alter_table('leading_group', schema=None) as batch_op:
        batch_op.add_column(sa.Column('origins', sa.JSON(), server_default='{}', nullable=False))
        batch_op.add_column(sa.Column('import_id', sa.String(length=36), nullable=True))

    with op.batch_alter_table('registry_import', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=12), server_default='units', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('registry_import', schema=None) as batch_op:
        batch_op.drop_column('kind')

    with op.batch_alter_table('leading_group', schema=None) as batch_op:
        batch_op.drop_column('import_id')
        batch_op.drop_column('origins')

    with op.batch_alter_table('inspector', schema=None) as batch_op:
        batch_op.drop_column('import_id')
        batch_op.drop_column('origins')

