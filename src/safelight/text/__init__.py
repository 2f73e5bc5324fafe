"""From a prompt to conditioning: emphasis syntax, tokens, chunks, embeddings, weights.

The path of a prompt: `wildcards` resolves choices, `prompt_schedule` splits it over the steps, `syntax` or `a1111`
weighs its parts, `tokenizer` makes chunks of 77 tokens, `encode` runs the towers over them.
"""
