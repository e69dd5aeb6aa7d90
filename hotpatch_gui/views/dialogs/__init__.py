"""Dialogs: each asks for one thing and says what will happen."""
