"""The local SQLite file: the only thing the window and the engine share. All SQL of the program is here."""
