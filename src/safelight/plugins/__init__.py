"""Code of others that adds nodes, samplers, schedulers and model families; nothing that was not enabled is loaded."""
