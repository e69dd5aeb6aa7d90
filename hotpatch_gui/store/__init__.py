"""The local SQLite file, which the window and the engine share. All SQL of the program is here."""
