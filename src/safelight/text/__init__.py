"""From a prompt to conditioning: embeddings, and the runs of the towers over the chunks that `prompts` has made."""
