"""The tables. Times are seconds since 1970; documents are JSON texts, handed on as they are wherever possible."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
ID = String(64)
NAME = String(255)
COUNTED = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only what it calls INTEGER

USERS = Table(
    "users",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("name", NAME, nullable=False, unique=True),
    Column("password", Text),  # argon2 hash; none: cannot sign in with one
    Column("admin", Boolean, nullable=False, default=False),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("created", Double, nullable=False),
    Column("device_seconds_a_day", Double),  # quota; none: unlimited
    Column("bytes_kept", BigInteger),  # quota; none: unlimited
)

TOKENS = Table(
    "tokens",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", NAME, nullable=False),
    Column("hash", ID, nullable=False, unique=True),  # SHA-256: tokens are drawn, not chosen, so that is enough
    Column("created", Double, nullable=False),
    Column("used", Double),
    Column("expires", Double),
)

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("hash", ID, primary_key=True),  # SHA-256 of what the cookie holds
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created", Double, nullable=False),
    Column("expires", Double, nullable=False),
)

JOBS = Table(
    "jobs",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("user_id", ID, ForeignKey("users.id"), nullable=False),
    Column("state", String(16), nullable=False),  # queued running done failed cancelled
    Column("priority", Integer, nullable=False, default=0),  # higher goes first
    Column("number", Double, nullable=False),  # lower goes first among equals
    Column("batch_id", ID, index=True),
    Column("client_id", NAME, nullable=False, default=""),  # who is told over a socket of ComfyUI's kind
    Column("title", NAME, nullable=False, default=""),
    Column("targets", Text),  # ids of the nodes to run for; none: all that save or show something
    Column("outputs", Text, nullable=False),  # ids of the nodes that save or show something
    Column("notes", Text, nullable=False),  # for the record in saved files
    Column("models", Text, nullable=False),  # paths of the model files that it names
    Column("estimate", Double),  # seconds it will take; none: unknown
    Column("created", Double, nullable=False),
    Column("started", Double),  # the first time
    Column("ended", Double),
    Column("device_seconds", Double, nullable=False, default=0.0),  # of all attempts
    Column("crashes", Integer, nullable=False, default=0),  # engines that died under it
    Column("restarts", Integer, nullable=False, default=0),  # servers that did
    Column("engine", NAME, nullable=False, default=""),
    Column("error", Text),  # the event `failed`
    # long ones last: what stands before them is read without them
    Column("workflow", Text, nullable=False),  # API format
    Column("extra", Text, nullable=False),  # what came with it, such as the graph editor's document
    Index("ix_jobs_queue", "state", "priority", "number"),
    Index("ix_jobs_user", "user_id", "state", "ended"),
    Index("ix_jobs_history", "state", "ended"),
    Index("ix_jobs_created", "user_id", "created", "number"),
)

EVENTS = Table(
    "events",
    METADATA,
    Column("id", COUNTED, primary_key=True, autoincrement=True),
    Column("job_id", ID, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("time", Double, nullable=False),
    Column("tag", String(16), nullable=False),
    Column("data", Text, nullable=False),  # the event as JSON
    Index("ix_events_job", "job_id", "id"),
    sqlite_autoincrement=True,  # an id is never given again, or a replay would skip events
)

ASSETS = Table(
    "assets",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("user_id", ID, ForeignKey("users.id"), nullable=False),
    Column("folder", String(16), nullable=False),  # input output temp; bin for what was deleted
    Column("path", String(1000), nullable=False),  # below the user's folder, `/` between its parts; in the bin its id
    Column("kind", String(16), nullable=False),  # images latents files
    Column("mime", NAME, nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    Column("bytes", BigInteger, nullable=False),
    Column("created", Double, nullable=False),
    Column("job_id", ID, index=True),  # that made it; the file stays where the job is deleted
    Column("node", NAME, nullable=False, default=""),
    Column("prompt", Text, nullable=False, default=""),
    Column("checkpoint", NAME, nullable=False, default=""),
    Column("favourite", Boolean, nullable=False, default=False),
    Column("deleted", Double),  # when it was put into the bin; none: it is not there
    Column("was_folder", String(16)),  # where it was before
    Column("was_path", String(1000)),
    UniqueConstraint("user_id", "folder", "path"),
    Index("ix_assets_list", "user_id", "folder", "created"),
    Index("ix_assets_newest", "user_id", "created"),
)

ASSET_TAGS = Table(
    "asset_tags",
    METADATA,
    Column("asset_id", ID, ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True),
    Column("name", NAME, primary_key=True, index=True),
)

BINNED_EVENTS = Table(  # what jobs told of a file that is in the bin, until it is restored
    "binned_events",
    METADATA,
    Column("id", COUNTED, primary_key=True, autoincrement=False),  # as in `events`
    Column("asset_id", ID, ForeignKey("assets.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("job_id", ID, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("time", Double, nullable=False),
    Column("tag", String(16), nullable=False),
    Column("data", Text, nullable=False),
)

JOB_INPUTS = Table(  # the pictures that a job's workflow names; stays for what it made where the job is deleted
    "job_inputs",
    METADATA,
    Column("job_id", ID, primary_key=True),
    Column("folder", String(16), primary_key=True),  # where the picture was when the job was queued
    Column("path", String(1000), primary_key=True),
    Column("asset_id", ID, index=True),  # that was there, and may be gone since; none: it was not in the books
)

COLLECTIONS = Table(
    "collections",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("user_id", ID, ForeignKey("users.id"), nullable=False),
    Column("name", NAME, nullable=False),
    Column("created", Double, nullable=False),
    UniqueConstraint("user_id", "name"),
)

COLLECTION_ASSETS = Table(
    "collection_assets",
    METADATA,
    Column("collection_id", ID, ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True),
    Column("asset_id", ID, ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True, index=True),
)

MODEL_NOTES = Table(
    "model_notes",
    METADATA,
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("folder", String(40), primary_key=True),
    Column("name", String(1000), primary_key=True),  # as the folder lists it
    Column("notes", Text, nullable=False, default=""),
    Column("tags", Text, nullable=False, default="[]"),  # a JSON list
)

MODEL_USES = Table(
    "model_uses",
    METADATA,
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("path", Text, primary_key=True),  # of the file
    Column("jobs", Integer, nullable=False),  # that are done, those that were forgotten since included
    Column("last", Double, nullable=False),
)

CLIP_MODELS = Table(
    "clip_models",
    METADATA,
    Column("id", COUNTED, primary_key=True, autoincrement=True),
    Column("sha256", ID, nullable=False, unique=True),  # of the file: another model may have its name
    Column("name", NAME, nullable=False),
    Column("dims", Integer, nullable=False),  # numbers of a vector
)

VECTORS = Table(  # what a CLIP saw in a picture
    "vectors",
    METADATA,
    Column("id", COUNTED, primary_key=True, autoincrement=True),
    Column("asset_id", ID, ForeignKey("assets.id", ondelete="CASCADE"), nullable=False),
    Column("model_id", COUNTED, ForeignKey("clip_models.id", ondelete="CASCADE"), nullable=False),
    Column(
        "user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False
    ),  # the asset's, which never changes
    Column("changed", Double, nullable=False),  # of the file that was looked at
    Column("bits", LargeBinary),  # the sign of each number, eight in a byte
    Column("problem", Text, nullable=False, default=""),  # why the picture has none
    Column("vector", LargeBinary),  # of length one, float32, little-endian
    UniqueConstraint("asset_id", "model_id"),
    Index("ix_vectors_bits", "model_id", "user_id", "bits"),
    sqlite_autoincrement=True,  # a row that came later has a higher id
)

WORKFLOWS = Table(
    "workflows",
    METADATA,
    Column("id", ID, primary_key=True),
    Column("user_id", ID, ForeignKey("users.id"), nullable=False),
    Column("name", NAME, nullable=False),
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False),
    Column("version", Integer, nullable=False),  # the newest
    UniqueConstraint("user_id", "name"),
)

WORKFLOW_VERSIONS = Table(
    "workflow_versions",
    METADATA,
    Column("workflow_id", ID, ForeignKey("workflows.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("document", Text, nullable=False),
    Column("note", Text, nullable=False, default=""),
    Column("created", Double, nullable=False),
)

PREFERENCES = Table(
    "preferences",
    METADATA,
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("key", NAME, primary_key=True),
    Column("value", Text, nullable=False),
)

STATE = Table(
    "state",
    METADATA,
    Column("key", NAME, primary_key=True),  # such as `paused`
    Column("value", Text, nullable=False),
)
