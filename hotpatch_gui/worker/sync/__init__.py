"""Bringing what Azure knows into the file: the whole fleet, what has changed of it, or one machine."""
