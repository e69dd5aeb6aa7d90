"""Rules of the field: dataclasses, enums and pure functions without Qt, SQLite or Azure."""
