"""The pictures of a run as they are on the disk, with what is said of them; read without decoding a pixel."""
