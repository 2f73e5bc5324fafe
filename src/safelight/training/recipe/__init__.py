"""Checkpoints made from nothing but drawings: a recipe fetches and draws the data, trains stage by stage, and says of
its results where they came from."""
