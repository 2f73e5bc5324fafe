"""What people change in a model while it runs; one file for each idea."""
