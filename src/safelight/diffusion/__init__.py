"""The maths on tensors: prediction, noise schedules, schedulers, samplers, guidance, noise.

Knows nothing of models, graphs or devices.
"""
