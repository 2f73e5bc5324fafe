"""Node packs that were written for ComfyUI: their classes made into nodes, and the modules that they import."""
