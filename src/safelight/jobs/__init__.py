"""A job's life: admission, queue, dispatch to engines, retry, cancelling, and the stream of what happens."""
