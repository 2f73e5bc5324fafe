"""What CLIP saw in pictures, as vectors, and which CLIP that was."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    counted = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "clip_models",
        sa.Column("id", counted, autoincrement=True, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("dims", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clip_models")),
        sa.UniqueConstraint("sha256", name=op.f("uq_clip_models_sha256")),
    )
    op.create_table(
        "vectors",
        sa.Column("id", counted, autoincrement=True, nullable=False),
        sa.Column("asset_id", sa.String(length=64), nullable=False),
        sa.Column("model_id", counted, nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("changed", sa.Double(), nullable=False),
        sa.Column("bits", sa.LargeBinary(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_vectors_asset_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["model_id"], ["clip_models.id"], name=op.f("fk_vectors_model_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_vectors_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vectors")),
        sa.UniqueConstraint("asset_id", "model_id", name=op.f("uq_vectors_asset_id_model_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_vectors_bits", "vectors", ["model_id", "user_id", "bits"], unique=False)
