"""CLIP as a judge and a finder: pictures and texts as vectors that can be compared."""
