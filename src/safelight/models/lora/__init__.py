"""LoRA and its relatives: read from files, laid on weights, taken out of differences."""
