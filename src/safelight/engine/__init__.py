"""Starts engine processes, sends them commands and receives what they report."""
