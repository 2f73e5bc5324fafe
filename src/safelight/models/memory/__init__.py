"""What is done with little memory: weights that wait on the host, layers that come one at a time, smaller pieces."""
