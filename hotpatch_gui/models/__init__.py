"""Qt item models over store queries, and the text of every view."""
