"""Tags, collections, the bin, notes about models, and how often each was used."""

import json
from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assets", sa.Column("deleted", sa.Double(), nullable=True))
    op.add_column("assets", sa.Column("was_folder", sa.String(length=16), nullable=True))
    op.add_column("assets", sa.Column("was_path", sa.String(length=1000), nullable=True))
    op.create_index("ix_assets_newest", "assets", ["user_id", "created"], unique=False)
    op.create_table(
        "asset_tags",
        sa.Column("asset_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_asset_tags_asset_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("asset_id", "name", name=op.f("pk_asset_tags")),
    )
    op.create_index(op.f("ix_asset_tags_name"), "asset_tags", ["name"], unique=False)
    op.create_table(
        "binned_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("asset_id", sa.String(length=64), nullable=False),
        sa.Column("job_id", sa.String(length=64), nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.Column("tag", sa.String(length=16), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["assets.id"], name=op.f("fk_binned_events_asset_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_binned_events_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_binned_events")),
    )
    op.create_index(op.f("ix_binned_events_asset_id"), "binned_events", ["asset_id"], unique=False)
    op.create_index(op.f("ix_binned_events_job_id"), "binned_events", ["job_id"], unique=False)
    op.create_table(
        "collections",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_collections_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collections")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_collections_user_id_name")),
    )
    op.create_table(
        "collection_assets",
        sa.Column("collection_id", sa.String(length=64), nullable=False),
        sa.Column("asset_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["assets.id"], name=op.f("fk_collection_assets_asset_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["collections.id"], name=op.f("fk_collection_assets_collection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("collection_id", "asset_id", name=op.f("pk_collection_assets")),
    )
    op.create_index(op.f("ix_collection_assets_asset_id"), "collection_assets", ["asset_id"], unique=False)
    op.create_table(
        "model_notes",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("folder", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=1000), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_model_notes_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "folder", "name", name=op.f("pk_model_notes")),
    )
    uses = op.create_table(
        "model_uses",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("jobs", sa.Integer(), nullable=False),
        sa.Column("last", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_model_uses_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "path", name=op.f("pk_model_uses")),
    )
    _count(uses)


def _count(uses: sa.Table) -> None:
    """Count the uses of models by the jobs that are known."""
    connection = op.get_bind()
    done = connection.execute(sa.text("SELECT user_id, models, ended FROM jobs WHERE state = 'done'"))
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    for user, models, ended in done:
        for path in json.loads(models):
            times[user, path].append(ended or 0.0)
    if times:
        rows = [
            {"user_id": user, "path": path, "jobs": len(ends), "last": max(ends)}
            for (user, path), ends in times.items()
        ]
        connection.execute(sa.insert(uses), rows)
