"""One operation from the queue to its verified end: sent once, followed by its token, never repeated."""
