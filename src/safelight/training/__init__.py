"""The forward process as a teacher: what is trained, on what, how wrong it is, and how a run is kept.

It shares prediction, noise schedules, families, CLIP and VAE with generation, so that a loss and a sampler cannot
disagree about what eps or v means.
"""
