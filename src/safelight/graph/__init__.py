"""The workflow as data: document, formats, catalog, validation, plan, cache keys. Pure functions, no torch."""
