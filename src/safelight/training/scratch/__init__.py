"""Networks that begin as chance: CLIP by contrast, the image autoencoder by reconstruction, the denoiser as ever."""
