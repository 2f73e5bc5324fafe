"""Pictures as prompts."""
