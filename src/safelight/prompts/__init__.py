"""Prompts as text: emphasis syntax, changes over the steps, tokens and chunks.

`prompt_schedule` splits a prompt over the steps, `syntax` or `a1111` weighs its parts, `tokenizer` makes chunks of 77
tokens, `counting` says how many there are.
"""
