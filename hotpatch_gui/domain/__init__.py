"""The field's rules: dataclasses, enums and pure functions. No Qt, no SQLite, no Azure."""
