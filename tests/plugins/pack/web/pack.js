// A page of the pack, which the engine notes and does not load.
