"""``connect`` and ``sync``: read from Azure."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from hotpatch_gui.domain.clouds import CUSTOM, cloud_of
from hotpatch_gui.domain.connections import Connection, SignInMethod
from hotpatch_gui.domain.problems import ProblemKind
from hotpatch_gui.models.report import iso
from hotpatch_gui.store import additional_lists, connections, machines, sync_state
from hotpatch_gui.translation import translator

from .common import CommandError, Exit, connection_ids, print_json, session, write_message

if TYPE_CHECKING:
    from hotpatch_gui.application.headless import Session
    from hotpatch_gui.application.targets import CloudTarget

tr = translator("Syncing")


def connect(options: argparse.Namespace, folder: Path, target: CloudTarget) -> int:
    """Create or change a connection and read it.

    Raises:
        CommandError: the options aren't valid.
    """
    if target.seed is not None:
        raise CommandError(
            tr("The simulated Azure has its own connection. Omit --demo and --endpoint."),
            Exit.USAGE,
        )
    o = options
    if o.cloud != CUSTOM and (o.connect_endpoint or o.connect_authority or o.connect_audience):
        raise CommandError(
            tr("--endpoint, --authority and --audience are for --cloud custom."), Exit.USAGE
        )
    try:
        cloud = cloud_of(o.cloud, o.connect_endpoint, o.connect_authority, o.connect_audience)
    except ValueError as error:
        raise CommandError(str(error), Exit.USAGE) from error
    method = SignInMethod(o.method)
    made = Connection(
        o.name.strip(),
        cloud,
        method,
        tenant=o.connect_tenant or None,
        client_id=o.connect_client_id or None,
        certificate=(o.connect_certificate or None) if method is SignInMethod.CERTIFICATE else None,
        subscription_ids=tuple(i.casefold() for i in o.subscription),
        changes_allowed=o.allow_changes,
    )
    for problem in made.problems.values():
        raise CommandError(problem, Exit.USAGE)
    if made.certificate and not Path(made.certificate).is_file():
        raise CommandError(
            tr("There is no certificate file {certificate}.", certificate=made.certificate),
            Exit.USAGE,
        )
    with session(folder, target, only=frozenset()) as running:
        running.wait_for_sync()
        was = {c.name.casefold(): c.id for c in connections.read_all(running.db)}
        made = made._replace(id=was.get(made.name.casefold(), 0))
        running.connect_to(made, changes_allowed=options.allow_changes)
        number = next(c.id for c in connections.read_all(running.db) if c.name == made.name)
        return _print_syncs(options, running, frozenset({number}))


def sync(options: argparse.Namespace, folder: Path, target: CloudTarget) -> int:
    """Read all connections."""
    only = connection_ids(folder, target, options.connection)
    with session(folder, target, only=only) as running:
        running.wait_for_sync()
        running.wait_for_first_polls()
        return _print_syncs(options, running, only)


def _print_syncs(options: argparse.Namespace, running: Session, only: frozenset[int] | None) -> int:

    states = [
        s for s in sync_state.sync_states(running.db) if only is None or s.connection_id in only
    ]
    missing = additional_lists.missing(running.db)
    found = [
        {
            "connection": s.name,
            "account": s.account,
            "finished_at": iso(s.finished),
            "problem": s.problem,
            "next_step": s.next_step,
            "unreadable": s.unreadable,
            "machines": len(machines.present(running.db, s.connection_id)),
            "missing": {m.what: m.problem for m in missing if m.connection == s.name},
        }
        for s in states
    ]
    if options.json:
        kept = {"damaged_file": str(running.set_aside)} if running.set_aside else {}
        print_json({"connections": found} | kept)
    for state, row in zip(states, found, strict=True):
        if state.problem:
            write_message(f"{state.name}: {state.problem} {state.next_step}".strip())
        elif not options.json:
            print(
                tr(
                    "{name}: %n machine(s), read {finished}",
                    row["machines"],
                    name=state.name,
                    finished=row["finished_at"],
                )
            )
        if state.unreadable:
            write_message(
                tr(
                    "{name}: %n rows couldn't be read and were left out.",
                    state.unreadable,
                    name=state.name,
                )
            )
        for what, problem in row["missing"].items():
            write_message(
                tr(
                    "{name}: {what} couldn't be read: {problem} Everything else was read.",
                    name=state.name,
                    what=what,
                    problem=problem,
                )
            )
    bad = [s for s in states if s.problem]
    if not bad:
        return Exit.PARTLY if any(s.unreadable for s in states) else Exit.DONE
    if len(bad) < len(states):
        return Exit.PARTLY
    refused = (ProblemKind.NOT_SIGNED_IN, ProblemKind.TOKEN_REJECTED, ProblemKind.FORBIDDEN)
    return Exit.NOT_PERMITTED if all(s.problem_kind in refused for s in bad) else Exit.FAILED
