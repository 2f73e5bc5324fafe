"""A training run as a folder: its settings, its log, its samples and its files; read and written without torch."""
