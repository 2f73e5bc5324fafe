"""Which pictures jobs began with, as the books knew them when they were queued."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job_inputs",
        sa.Column("job_id", sa.String(length=64), nullable=False),
        sa.Column("folder", sa.String(length=16), nullable=False),
        sa.Column("path", sa.String(length=1000), nullable=False),
        sa.Column("asset_id", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("job_id", "folder", "path", name=op.f("pk_job_inputs")),
    )
    op.create_index(op.f("ix_job_inputs_asset_id"), "job_inputs", ["asset_id"], unique=False)
