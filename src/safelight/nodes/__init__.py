"""The built-in nodes: thin, typed, documented; one file per concept."""
