"""One operation from the queue to its true end: sent once, followed by its token, never sent twice."""
