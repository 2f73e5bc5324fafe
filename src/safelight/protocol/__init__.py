"""What crosses a process: commands to a worker, events from it. Frozen, tagged, without torch."""
