"""Qt item models over store queries: the visible window is fetched, nothing else is held."""
