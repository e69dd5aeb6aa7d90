"""Schedules as files: what is written is read back, Bicep keeps foreign text as text, nonsense is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpatch_gui.azure.schedule_files import (
    ScheduleFileError,
    bicep_text,
    json_text,
    read_file,
    read_text,
    write_file,
)
from hotpatch_gui.domain.schedules import Schedule

NIGHTS = Schedule(
    "nights",
    "2026-08-21 22:00",
    180,
    "W. Europe Standard Time",
    "Week Saturday,Sunday",
    "2027-08-21 22:00",
    ("Critical", "Security"),
    ("KB5120228",),
    ("KB5120708",),
    exclude_restarting=True,
    restart="IfRequired",
    location="westeurope",
    azure_id="/subscriptions/s/resourceGroups/g/providers/Microsoft.Maintenance/maintenanceConfigurations/nights",
)


def test_written_schedules_are_read_back(tmp_path: Path) -> None:
    write_file(tmp_path / "one.json", NIGHTS)
    assert read_file(tmp_path / "one.json") == NIGHTS
    write_file(tmp_path / "endless.json", NIGHTS._replace(expires=None))
    assert "expirationDateTime" not in (tmp_path / "endless.json").read_text()
    assert read_file(tmp_path / "endless.json") == NIGHTS._replace(expires=None)


@given(name=st.text(st.characters(exclude_categories=("Cs",)), min_size=1))
def test_foreign_text_stays_text(name: str) -> None:
    odd = NIGHTS._replace(name=name, location=name)
    written = json.loads(json_text(odd))
    assert (written["name"], written["location"]) == (name, name)
    (line,) = [x for x in bicep_text(odd).split("\n") if x.startswith("  name: ")]
    assert line.startswith("  name: '")
    assert line.endswith("'")
    inside = line.removeprefix("  name: '").removesuffix("'")
    assert "'" not in inside.replace("\\\\", "").replace("\\'", "")
    assert "${" not in inside.replace("\\\\", "").replace("\\${", "")


def test_bicep_names_the_version_and_the_values() -> None:
    text = bicep_text(NIGHTS)
    assert text.startswith(
        "resource schedule 'Microsoft.Maintenance/maintenanceConfigurations@2023-04-01' = {\n  name: 'nights'\n"
    )
    assert "      recurEvery: 'Week Saturday,Sunday'\n" in text
    assert "        excludeKbsRequiringReboot: true\n" in text
    assert "          'Critical'\n          'Security'\n" in text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"name": "x"}',
        b'{"name": 7, "properties": {"maintenanceWindow": {}, "maintenanceScope": "InGuestPatch"}}',
        b'{"name": "x", "properties": {"maintenanceWindow": {}, "maintenanceScope": "Host"}}',
        b"[" * 100_000,
    ],
)
def test_invalid_files_are_rejected(content: bytes) -> None:
    with pytest.raises(ScheduleFileError):
        read_text(content)


def test_unreadable_and_unwritable_files_are_reported(tmp_path: Path) -> None:
    with pytest.raises(ScheduleFileError, match="can't be read"):
        read_file(tmp_path / "none.json")
    with pytest.raises(ScheduleFileError, match="can't be written"):
        write_file(tmp_path / "no" / "where.json", NIGHTS)
    with pytest.raises(ScheduleFileError, match="must end with"):
        write_file(tmp_path / "one.txt", NIGHTS)
    (tmp_path / "large.json").write_bytes(b" " * 1_000_001)
    with pytest.raises(ScheduleFileError, match="too large"):
        read_file(tmp_path / "large.json")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("kbNumbersToExclude", ["KB50x4545", "5120708"], "KB50x4545"),
        ("kbNumbersToInclude", ["all"], "all"),
        ("classificationsToInclude", ["Securty"], "Securty"),
    ],
)
def test_unsupported_selections_are_rejected_and_not_dropped(
    key: str, value: list[str], words: str
) -> None:
    body = json.loads(json_text(NIGHTS))
    body["properties"]["installPatches"]["windowsParameters"][key] = value
    with pytest.raises(ScheduleFileError, match=words):
        read_text(json.dumps(body).encode())


def test_linux_parameters_are_rejected() -> None:
    body = json.loads(json_text(NIGHTS))
    body["properties"]["installPatches"]["linuxParameters"] = {
        "classificationsToInclude": ["Other"]
    }
    with pytest.raises(ScheduleFileError, match="linuxParameters"):
        read_text(json.dumps(body).encode())
