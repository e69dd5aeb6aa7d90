"""Dialogs: each asks for one thing and shows what will happen."""
