"""ComfyUI's API, so that clients written for it work unchanged: one file per noun, and the translation of events."""
