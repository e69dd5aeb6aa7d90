"""A damaged settings file never prevents the start: odd values count as defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotpatch_gui.system.preferences import Preferences


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("selected", "9" * 5000),
        ("selected", "-1 x ٣"),
        ("filters", "[" * 200_000),
        ("filters", "[1]"),
        ("last_closed", "9999-12-31T23:59:59-23:59"),
        ("last_closed", "0001-01-01T00:00:00+14:00"),
        ("last_closed", "2026-08-20T09:00:00"),
    ],
)
def test_invalid_values_count_as_not_set(tmp_path: Path, key: str, value: str) -> None:
    settings = Preferences(tmp_path)
    settings._store.setValue(key, value)
    assert not getattr(settings, key)


def test_stored_settings_are_read_back(tmp_path: Path) -> None:
    settings = Preferences(tmp_path)
    settings.selected = (3, 1)
    settings.filters = {"R&D <b>": "{}", "a": "[]"}
    settings.notifies_success = False
    settings.save()
    again = Preferences(tmp_path)
    assert again.selected == (3, 1)
    assert again.filters == {"R&D <b>": "{}", "a": "[]"}
    assert (again.notifies_success, again.notifies_failure) == (False, True)
