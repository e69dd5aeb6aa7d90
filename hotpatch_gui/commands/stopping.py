"""``stop``: stops an update, as the window's *Stop this update…* does."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotpatch_gui.application.headless import AbandonedError
from hotpatch_gui.domain.kb import normalize_kb
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.permissions import FORBIDDEN_CODES
from hotpatch_gui.models.stop_update import StillInstalling, by_connection, read_still_installing
from hotpatch_gui.store import operations, schedule_changes
from hotpatch_gui.store.schedule_changes import StoredChange
from hotpatch_gui.system.console import plain
from hotpatch_gui.translation import translator
from hotpatch_gui.worker.operation_scheduler import SendPolicy

from .common import POSSIBLY_CARRIED_OUT, CommandError, Exit, print_json, session, write_message

if TYPE_CHECKING:
    from hotpatch_gui.application.headless import Session
    from hotpatch_gui.application.targets import CloudTarget

tr = translator("Stopping")

WAIT_MINUTES = 10.0


def stop(options: argparse.Namespace, folder: Path, target: CloudTarget) -> int:
    """Sync, exclude the KB in all schedules that may install it, cancel queued installations of it, and report those that continue.

    Raises:
        CommandError: it isn't a KB number.
    """
    kb = normalize_kb(options.kb)
    if kb is None:
        raise CommandError(tr("“{kb}” isn't a KB number.", kb=options.kb), Exit.USAGE)
    with session(folder, target, sends=SendPolicy.OWN) as running:
        running.wait_for_sync()
        found = read_still_installing(running.db, kb, target.clock(running.db))
        changes: list[StoredChange] = []
        canceled: list[int] = []
        if not options.dry_run:
            changes = _exclude(running, found, kb)
            canceled = _cancel(running, found)
        if options.json:
            print_json(_as_json(kb, found, changes, canceled))
        else:
            _print(found, changes, canceled)
        codes = schedule_changes.azure_codes(running.db, [change.id for change in changes])
        return Exit.DONE if options.dry_run else _code(found, changes, canceled, codes)


def _exclude(running: Session, found: StillInstalling, kb: str) -> list[StoredChange]:
    """Request the changes of all schedules, and wait for their results."""
    mine: list[int] = []
    try:
        permitted = [
            one
            for one in found.schedules
            if not one.disabled_reason and running.is_connected(one.row.connection_id)
        ]
        for connection_id, schedules in by_connection(permitted).items():
            mine += running.queue(
                partial(running.actions.exclude_update, connection_id, schedules, kb)
            )
        running.wait_for_changes(mine, WAIT_MINUTES)
    except AbandonedError as error:
        mine += running.cancel_changes()
        write_message(str(error))
    return schedule_changes.results(running.db, mine)


def _cancel(running: Session, found: StillInstalling) -> list[int]:
    """Cancel the queued installations; returns those that are canceled."""
    running.actions.cancel(found.queued)
    try:
        running.wait_for(found.queued, WAIT_MINUTES, ends=False)
    except AbandonedError as error:
        write_message(str(error))
    states = operations.states(running.db, found.queued)
    return [i for i, state in states.items() if state is OperationState.CANCELED]


def _as_json(
    kb: str, found: StillInstalling, changes: list[StoredChange], canceled: list[int]
) -> dict[str, Any]:
    return {
        "kb": kb,
        "schedules": [
            {
                "name": one.row.schedule.name,
                "resource_id": one.row.resource_id,
                "disabled_reason": one.disabled_reason,
            }
            for one in found.schedules
        ],
        "changes": [
            {"schedule": c.change.subject, "state": c.state.value, "note": c.note} for c in changes
        ],
        "queued_installations": len(found.queued),
        "canceled_installations": len(canceled),
        "schedules_known": found.is_known,
        "not_stopped": [f"{title}. {detail}" for _, _, title, detail in found.points],
    }


def _print(found: StillInstalling, changes: list[StoredChange], canceled: list[int]) -> None:
    results = {c.change.resource_id.lower(): c for c in changes}
    for one in found.schedules:
        text = one.disabled_reason or tr("may install it, not changed")
        if (result := results.get(one.row.resource_id.lower())) is not None:
            text = f"{result.state.label}. {result.note}".rstrip()
        name = f"{one.row.schedule.name} ({one.row.group})"
        print(plain(tr("Schedule {name}: {text}", name=name, text=text)))
    if found.queued:
        print(
            tr(
                "Queued installations: {canceled:,} of %n canceled.",
                len(found.queued),
                canceled=len(canceled),
            )
        )
    if not found.schedules and not found.queued:
        print(
            tr("No schedule or queued installation installs it.")
            if found.is_known
            else tr("No known schedule or queued installation installs it.")
        )
    for _, _, title, detail in found.points:
        print(plain(f"{title}. {detail}"))


def _code(
    found: StillInstalling,
    changes: list[StoredChange],
    canceled: list[int],
    codes: Mapping[int, str],
) -> Exit:
    """The exit code; schedules that couldn't be read or changed are failures."""
    good = sum(c.state is OperationState.SUCCEEDED for c in changes) + len(canceled)
    unsure = sum(c.state in POSSIBLY_CARRIED_OUT for c in changes)
    wanted = len(found.schedules) + len(found.queued)
    if good == wanted and found.is_known:
        return Exit.DONE
    if good + unsure == wanted and found.is_known:
        return Exit.NOT_KNOWN
    if good or unsure:
        return Exit.PARTLY
    is_forbidden = bool(changes) and all(codes[c.id] in FORBIDDEN_CODES for c in changes)
    return Exit.NOT_PERMITTED if is_forbidden else Exit.FAILED
