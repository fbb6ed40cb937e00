"""HTTP: doors, reading a submission out of a request, writing an outcome into an answer. Knows nothing of processes."""
