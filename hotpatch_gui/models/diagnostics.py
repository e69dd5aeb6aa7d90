"""Diagnostics for support: versions, locations and recent errors."""

from __future__ import annotations

import platform
import sqlite3
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from hotpatch_gui import __version__
from hotpatch_gui.store import operations, sync_state
from hotpatch_gui.system import logs
from hotpatch_gui.system.preferences import FILE_NAME as SETTINGS_FILE

PACKAGES = (
    "PySide6-Essentials",
    "azure-identity",
    "azure-mgmt-compute",
    "azure-mgmt-hybridcompute",
    "azure-mgmt-maintenance",
    "azure-mgmt-resource-deployments",
    "azure-mgmt-resourcegraph",
)
LAST_FAILURES, LAST_WARNINGS = 10, 20


def versions() -> list[str]:
    """Versions of this program and its libraries."""
    lines = [
        f"Hotpatch Dashboard {__version__}",
        f"Python {platform.python_version()} on {platform.platform()}",
    ]
    for package in PACKAGES:
        try:
            lines.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            lines.append(f"{package} (version not recorded)")
    return lines


def diagnostics(path: Path, db: sqlite3.Connection | None) -> list[str]:
    """Versions, locations, and recent errors with Azure's codes and request IDs.

    Contains no secrets: none is ever stored, and the log has none.
    """
    folder = path.parent
    lines = [*versions(), ""]
    for what, name in (("Data", path.name), ("Settings", SETTINGS_FILE), ("Log", logs.FILE_NAME)):
        size = f"{(folder / name).stat().st_size:,} bytes" if (folder / name).exists() else "none"
        lines.append(f"{what}: {folder / name} ({size})")
    if db is not None:
        lines += [
            f"Sync {state.connection_id}: {state.finished}; {state.problem or 'ok'}"
            for state in sync_state.sync_states(db)
        ]
        lines += ["", "Recent operations that didn't succeed:"]
        lines += [
            f"{row.created_at} {row.kind} {row.state} {row.code or ''} {row.request_id or ''}".rstrip()
            for row in operations.last_failures(db, LAST_FAILURES)
        ] or ["none"]
    return [
        *lines,
        "",
        "Recent warnings in the log:",
        *(logs.warnings_of(folder, LAST_WARNINGS) or ["none"]),
    ]
