"""``assess`` and ``install``: with the window's engine and rules."""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotpatch_gui.application.headless import AbandonedError
from hotpatch_gui.domain.installs import (
    FleetReview,
    InstallRequest,
    RequestError,
    RestartSetting,
    harmless_kbs,
    plan,
)
from hotpatch_gui.domain.kb import KbTextError, parse_kbs
from hotpatch_gui.domain.operations import OperationKind, OperationState
from hotpatch_gui.domain.permissions import FORBIDDEN_CODES
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.models import display_text
from hotpatch_gui.models.permitted_actions import disabled_reason, is_permitted
from hotpatch_gui.store import assessments, machines, operations
from hotpatch_gui.store.database import FILE_NAME, open_reader
from hotpatch_gui.store.machine_rows import MachineRow
from hotpatch_gui.store.rows import OperationRow
from hotpatch_gui.system.console import plain
from hotpatch_gui.translation import translator
from hotpatch_gui.worker.operation_scheduler import SendPolicy

from .common import (
    POSSIBLY_CARRIED_OUT,
    CommandError,
    Exit,
    connection_ids,
    ids,
    print_json,
    session,
    write_message,
)
from .named import named_machines
from .parsers import ASSESS_MINUTES, CONFIRMED_ABOVE, INSTALL_MINUTES

if TYPE_CHECKING:
    from hotpatch_gui.application.headless import Session
    from hotpatch_gui.application.targets import CloudTarget

tr = translator("Acting")

ALREADY_REQUESTED = tr.mark(
    "The same operation is already queued, in progress, or has an unknown result."
)
ENDED_BEFORE = tr.mark("The command ended before it was requested.")


def assess(options: argparse.Namespace, folder: Path, target: CloudTarget) -> int:
    """Assess machines."""

    def send(session: Session, ids: Sequence[int]) -> list[int]:
        return session.queue(lambda: session.actions.assess(ids))

    return _act(options, folder, target, OperationKind.ASSESS, send)


def install(options: argparse.Namespace, folder: Path, target: CloudTarget) -> int:
    """Install updates on machines, or show what would be installed.

    Raises:
        CommandError: the request isn't valid.
    """
    try:
        request = _request(options)
    except (RequestError, KbTextError) as error:
        raise CommandError(str(error), Exit.USAGE) from error

    def send(session: Session, ids: Sequence[int]) -> list[int]:
        review = _review(session.db, request, ids)
        write_message(review.sentence)
        if options.dry_run:
            planned.extend(_planned(session.db, review))
            return []
        return session.queue(lambda: session.actions.install(ids, request))

    planned: list[dict[str, Any]] = []
    return _act(options, folder, target, OperationKind.INSTALL, send, planned=planned)


def _request(options: argparse.Namespace) -> InstallRequest:
    is_only = options.only is not None
    if is_only and (options.classification or options.include):
        raise RequestError(tr("--only can't be combined with --classification or --include."))
    if is_only and not parse_kbs(options.only):
        raise RequestError(tr("Name at least one KB number after --only."))
    usual = [] if is_only else [Classification.CRITICAL.value, Classification.SECURITY.value]
    names = options.classification or usual
    classes = [Classification.parse(name) for name in names]
    if None in classes:
        raise RequestError(
            tr(
                "Unknown classification “{names}”. Choose from {known}.",
                names=names[classes.index(None)],
                known=", ".join(c.value for c in Classification),
            )
        )
    return InstallRequest(
        frozenset(c for c in classes if c is not None),
        parse_kbs(options.only if is_only else options.include),
        parse_kbs(options.exclude),
        options.no_restarts,
        None,
        RestartSetting(options.reboot),
        options.minutes,
    )


def _review(db: sqlite3.Connection, request: InstallRequest, ids: Sequence[int]) -> FleetReview:
    offers = {machine_id: list(assessments.offered(db, machine_id)) for machine_id in ids}
    harmless = harmless_kbs(update for offer in offers.values() for update in offer)
    plans = {
        row.id: plan(
            request,
            offers[row.id],
            restart_pending=bool(row.restart_pending),
            is_known=display_text.is_listed(row),
            harmless=harmless,
        )
        for row in machines.read_rows(db, ids)
    }
    return FleetReview(request, plans)


def _planned(db: sqlite3.Connection, review: FleetReview) -> list[dict[str, Any]]:
    """A dry run's report for each machine; ``updates`` is null without a current assessment."""
    rows = machines.read_rows(db, list(review.plans))
    return [
        {
            "machine": row.name,
            "resource_id": row.azure_id,
            "restart": plan.restart_sentence,
            "updates": [{"name": u.name, "kb": u.kb} for u in plan.taken]
            if plan.is_known
            else None,
        }
        for row in rows
        for plan in [review.plans[row.id]]
    ]


def _act(
    options: argparse.Namespace,
    folder: Path,
    target: CloudTarget,
    kind: OperationKind,
    send: Callable[[Session, Sequence[int]], list[int]],
    *,
    planned: Sequence[dict[str, Any]] = (),
) -> int:
    """Sync, make the request, wait for results and report them."""

    if bool(options.machines) == options.all:
        raise CommandError(tr("Name machines or use --all, but not both."), Exit.USAGE)
    only = connection_ids(folder, target, options.connection)
    _check_beforehand(options, folder, only, kind)
    is_dry = getattr(options, "dry_run", False)
    with session(
        folder, target, only=only, sends=SendPolicy.NOTHING if is_dry else SendPolicy.OWN
    ) as running:
        running.wait_for_sync()
        db = running.db
        permitted, refused = _permitted_and_refused(options, db, only, kind)
        confirm(options, len(permitted))
        mine: list[int] = []
        default = ASSESS_MINUTES if kind is OperationKind.ASSESS else INSTALL_MINUTES
        minutes = default if options.wait is None else options.wait
        abandoned = ""
        try:
            mine = send(running, permitted) if permitted else []
            running.wait_for(mine, minutes or ASSESS_MINUTES, ends=bool(minutes))
        except AbandonedError as error:
            abandoned = str(error)
            waited = operations.read_all(db, running.queued)
            mine = running.cancel_queued()
            for note in sorted({row.note for row in waited if row.state == OperationState.QUEUED}):
                if note:
                    write_message(tr("It was waiting: {note}", note=note))
        ended = operations.read_all(db, mine)
        if permitted and not is_dry:
            taken = {row.machine_id for row in ended}
            passed = [i for i in permitted if i not in taken]
            why = tr(ENDED_BEFORE if abandoned else ALREADY_REQUESTED)
            refused += [(row, why) for row in machines.read_rows(db, passed)]
        left_out = _left_out(db, only, kind) if options.all else []
        _print_results(options, ended, refused + (left_out if options.json else []), planned)
        _say_left_out(left_out)
        if abandoned:
            write_message(
                tr(
                    "{abandoned} Operations that Azure has accepted continue; the window and the next sync "
                    "follow them.",
                    abandoned=abandoned,
                )
            )
        return _code(kind, ended, refused, is_waiting=bool(minutes), planned=len(planned))


def _check_beforehand(
    options: argparse.Namespace, folder: Path, only: frozenset[int] | None, kind: OperationKind
) -> None:
    """Use stored data to reject bad usage before any request is sent.

    Raises:
        CommandError: a machine is unknown, or a number isn't confirmed.
    """
    db = open_reader(folder / FILE_NAME)
    if db is None:
        return
    with closing(db):
        if machines.present(db):
            permitted, _ = _permitted_and_refused(options, db, only, kind)
            if options.confirm is None:
                confirm(options, len(permitted))


def _permitted_and_refused(
    options: argparse.Namespace,
    db: sqlite3.Connection,
    only: frozenset[int] | None,
    kind: OperationKind,
) -> tuple[list[int], list[tuple[MachineRow, str]]]:
    """Machines on which it is possible, and the others with the reason.

    With ``--all``, only those without permission are among the others.
    """
    rows = machines.read_rows(db, ids(db, only))
    matching = rows if options.all else named_machines(rows, options.machines)
    permitted = [row.id for row in matching if not disabled_reason(row, kind)]
    refused = [(row, disabled_reason(row, kind)) for row in matching if disabled_reason(row, kind)]
    if options.all:
        refused = [(row, why) for row, why in refused if not is_permitted(row, kind)]
    return permitted, refused


def _left_out(
    db: sqlite3.Connection, only: frozenset[int] | None, kind: OperationKind
) -> list[tuple[MachineRow, str]]:
    """The machines that ``--all`` leaves out, with the reason; they don't change the exit code."""
    rows = [r for r in machines.read_rows(db, ids(db, only)) if is_permitted(r, kind)]
    return [(row, why) for row in rows if (why := disabled_reason(row, kind))]


def _say_left_out(left: Sequence[tuple[MachineRow, str]]) -> None:
    """Report how many machines were left out, with one reason."""
    if left:
        row, why = left[0]
        first = tr("{machine}: {why}", machine=row.name, why=why)
        text = tr("%n machine(s) left out; for example, {first}", len(left), first=first)
        write_message(plain(text))


def confirm(options: argparse.Namespace, count: int) -> None:
    """Check that many machines were confirmed.

    Raises:
        CommandError: they weren't, or the number doesn't match.
    """
    is_needed = count > CONFIRMED_ABOVE and not getattr(options, "dry_run", False)
    if options.confirm != count and (is_needed or options.confirm is not None):
        raise CommandError(
            tr(
                "This affects %n machine(s). To confirm, add: --confirm {count}", count, count=count
            ),
            Exit.USAGE,
        )


def _print_results(
    options: argparse.Namespace,
    ended: Sequence[OperationRow],
    refused: Sequence[tuple[MachineRow, str]],
    planned: Sequence[dict[str, Any]],
) -> None:
    found = [
        {
            "machine": row.machine_name,
            "resource_id": row.azure_id,
            "operation": row.kind,
            "state": row.state,
            "note": row.note or "",
            "code": row.code or "",
            "request_id": row.request_id or "",
        }
        for row in ended
    ]
    left = [{"machine": row.name, "resource_id": row.azure_id, "why": why} for row, why in refused]
    if options.json:
        dry = {"planned": planned} if getattr(options, "dry_run", False) else {}
        print_json({"operations": found, "not_requested": left} | dry)
        return
    for one in planned:
        names = ", ".join(u["kb"] or u["name"] for u in one["updates"] or ())
        updates = tr("not known") if one["updates"] is None else names or tr("none")
        print(
            plain(
                tr(
                    "{machine}: updates: {updates}. {restart}",
                    machine=one["machine"],
                    updates=updates,
                    restart=one["restart"],
                )
            )
        )
    for one in found:
        state = OperationState(one["state"]).label
        print(plain(f"{one['machine']}: {state}. {one['note']}".rstrip()))
    for other in left:
        print(
            plain(tr("{machine}: not requested. {why}", machine=other["machine"], why=other["why"]))
        )


def _code(
    kind: OperationKind,
    ended: Sequence[OperationRow],
    refused: Sequence[tuple[MachineRow, str]],
    *,
    is_waiting: bool,
    planned: int,
) -> Exit:

    good_states = {OperationState.SUCCEEDED, *([] if is_waiting else [OperationState.RUNNING])}
    good = sum(row.state in good_states for row in ended)
    unsure = sum(
        row.state in POSSIBLY_CARRIED_OUT and row.state not in good_states for row in ended
    )
    bad = len(ended) - good - unsure + len(refused)
    good += planned
    if not bad:
        return Exit.NOT_KNOWN if unsure else Exit.DONE
    if good or unsure:
        return Exit.PARTLY
    forbidden = sum(row.code in FORBIDDEN_CODES for row in ended)
    forbidden += sum(not is_permitted(row, kind) for row, _ in refused)
    return Exit.NOT_PERMITTED if forbidden == bad else Exit.FAILED
