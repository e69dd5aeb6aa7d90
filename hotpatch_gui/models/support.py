"""The text and the attachments of a support request. In English, because Microsoft's support reads it."""

from __future__ import annotations

import sqlite3
import zipfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from hotpatch_gui.domain.hotpatch import hotpatch_status
from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.support import CHOICES
from hotpatch_gui.store import installations, machine_columns, machines, operations
from hotpatch_gui.store.machine_rows import MachineRow
from hotpatch_gui.store.timestamps import to_text
from hotpatch_gui.system import logs

from .diagnostics import diagnostics

SINCE = timedelta(days=30)
MAX_MACHINES, MAX_OPERATIONS, MAX_FAILURES = 20, 200, 20


def request_text(db: sqlite3.Connection, machine_ids: Sequence[int], now: datetime) -> str:
    """The text of the request: facts about each machine, with times in UTC, codes and Azure's request IDs."""
    rows = machines.read_rows(db, machine_ids[:MAX_MACHINES])
    lines = [
        "What happened: ",
        "What was expected: ",
        "Since when: ",
        "",
        *(f"{title}: {text}" for title, text in CHOICES),
        f"Written: {to_text(now)}",
    ]
    if any(row.kind == machine_columns.ARC for row in rows):
        lines.append(
            "Some machines are Arc-enabled servers, for which the article names no service."
        )
    for row in rows:
        lines += ["", *_machine_lines(db, row, now)]
    if len(machine_ids) > len(rows):
        lines += ["", f"And {len(machine_ids) - len(rows)} more machines."]
    return "\n".join(lines) + "\n"


def _machine_lines(db: sqlite3.Connection, row: MachineRow, now: datetime) -> list[str]:
    machine = machine_columns.machine_of(row)
    since = to_text(now - SINCE) or ""
    found = installations.failures(db, row.id, since)
    failures, more = found[:MAX_FAILURES], found[MAX_FAILURES:]
    mine = [o for o in operations.last_failures(db, MAX_OPERATIONS) if o.machine_id == row.id]
    lines = [
        f"Machine: {machine.name}",
        f"Resource ID: {machine.resource_id}",
        f"vmId: {machine.vm_id or 'not reported'}",
        f"Region: {machine.location}, zone {machine.zone or 'none'}",
        f"System: {machine.os_name or 'not reported'}, build {machine.os_version or 'not reported'}",
        f"Image: {machine.image.text}" if machine.arc is None else "Arc-enabled server",
        f"Settings: {_settings(machine)}",
        f"Hotpatch status: {hotpatch_status(machine, assessed=row.assessed_at is not None).value}",
        f"Last assessment: {row.assessed_at or 'none'}",
        *([f"Assessment error: {row.assessment_error}"] if row.assessment_error else []),
        f"Installation errors since {since}:",
        *(f"  {f.started_at} run {f.run_id}: {f.code} {f.message}" for f in failures),
        *([f"  and {len(more)} more, the oldest of {more[-1].started_at}"] if more else ()),
        *(() if failures else ("  none known",)),
        "Updates that failed in them:",
    ]
    failed = installations.failed_updates(db, row.id, since)
    lines += [f"  {kb or 'no KB'}: {name}" for kb, name in failed] or ["  none known"]
    lines.append("Operations without success:")
    lines += [
        f"  {o.created_at} {o.kind}: {o.state} {o.code or ''} x-ms-request-id {o.request_id or 'none'}"
        for o in mine
    ] or ["  none known"]
    return lines


def _settings(machine: Machine) -> str:
    settings = machine.settings
    values = {
        "patchMode": settings.patch_mode,
        "enableHotpatching": settings.hotpatch_enabled,
        "assessmentMode": settings.assessment_mode,
        "bypassPlatformSafetyChecksOnUserSchedule": settings.bypass_safety_checks,
        "rebootSetting": settings.restart_setting,
    }
    return ", ".join(
        f"{name} {'not reported' if value is None else str(value)}"
        for name, value in values.items()
    )


def write_bundle(path: Path, text: str, folder: Path, db: sqlite3.Connection | None) -> None:
    """Write the request's text, the diagnostics and the log as a zip. None of them contains a secret.

    Raises:
        OSError: it can't be written; an earlier file is unchanged.
    """
    part = path.with_name(f".{path.name}.part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("request.txt", text)
        bundle.writestr("diagnostics.txt", "\n".join(diagnostics(folder, db)) + "\n")
        log = folder.parent / logs.FILE_NAME
        if log.is_file():
            bundle.write(log, logs.FILE_NAME)
    part.replace(path)
