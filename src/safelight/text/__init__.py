"""From a prompt to conditioning: emphasis syntax, tokens, chunks, embeddings, weights.

The path of a prompt, once its choices are drawn: `prompt_schedule` splits it over the steps, `syntax` or `a1111`
weighs its parts, `tokenizer` makes chunks of 77 tokens, `encode` runs the towers over them.
"""
