"""Pictures and captions as training is shown them: read, checked, cut to size, drawn in order, and kept as latents."""
