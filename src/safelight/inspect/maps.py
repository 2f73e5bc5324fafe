"""Many pictures on one map: their latents, or what CLIP sees in them, laid out in two dimensions."""

from safelight.maps import MAPS, PlaneMap, pca, umap

__all__ = ["MAPS", "PlaneMap", "pca", "umap"]
