"""Networks that are shown a picture and steer the denoiser by it."""
