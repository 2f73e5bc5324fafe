"""How Alembic reaches the database: by the connection that it is handed."""

from alembic import context

from safelight.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=True)
context.run_migrations()
