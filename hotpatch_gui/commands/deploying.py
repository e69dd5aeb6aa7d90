"""``new-machine --check`` and ``--deploy``: what Azure would create, and the deployment itself."""

from __future__ import annotations

import argparse
import getpass
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotpatch_gui.application.headless import AbandonedError
from hotpatch_gui.domain.deployments import deployment_of, rejection_reason
from hotpatch_gui.domain.new_machine import NewMachine, password_fault
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.permissions import FORBIDDEN_CODES
from hotpatch_gui.domain.problems import ProblemKind
from hotpatch_gui.models.resource_groups import read_resource_groups
from hotpatch_gui.store import deployments, machines
from hotpatch_gui.store.deployments import StoredDeployment
from hotpatch_gui.system.console import plain
from hotpatch_gui.translation import translated, translator
from hotpatch_gui.worker.operation_scheduler import SendPolicy

from .common import (
    POSSIBLY_CARRIED_OUT,
    CommandError,
    Exit,
    print_json,
    print_table,
    reading,
    session,
    write_message,
)
from .named import named_resource_group

if TYPE_CHECKING:
    from hotpatch_gui.application.targets import CloudTarget

tr = translator("Deploying")

_LEFT = {
    OperationState.QUEUED: tr.mark(
        "It wasn't sent, and the next start of the program cancels it. Nothing was created."
    ),
    OperationState.SENT: tr.mark(
        "Azure hasn't responded. The next start of the program reads the result."
    ),
}
"""The note on a deployment that hasn't ended when the command does, by its state."""


def deploy(
    options: argparse.Namespace, machine: NewMachine, folder: Path, target: CloudTarget
) -> int:
    """Check the deployment, and with ``--deploy`` make the machine and report how that ended.

    Raises:
        CommandError: the password or the resource group can't be used, Azure would reject the deployment, or it would change
            something that exists.
    """
    password = _password(options)
    with session(folder, target, sends=SendPolicy.OWN) as running:
        running.wait_for_sync()
        group = named_resource_group(
            read_resource_groups(running.db), machine.resource_group, options.subscription
        )
        if not running.is_connected(group.connection_id):
            raise CommandError(tr("The connection isn't ready, so nothing was requested."))
        own = machine._replace(resource_group=group.name)
        deployment = deployment_of(own, group.subscription_id, target.clock(running.db)())
        checked = running.check_deployment(group.connection_id, deployment, password)
        if checked.problem is not None:
            is_forbidden = checked.problem.kind is ProblemKind.FORBIDDEN
            raise CommandError(
                checked.problem.text, Exit.NOT_PERMITTED if is_forbidden else Exit.FAILED
            )
        found: dict[str, Any] = {
            "resource_id": deployment.machine_resource_id,
            "changes": [
                {"resource_id": f.resource_id, "effect": f.effect.value} for f in checked.changes
            ],
        }
        if not options.json:
            rows = [(f.name, f.kind, f.effect.label) for f in checked.changes]
            print_table((tr("Resource"), tr("Type"), tr("Change")), rows)
        why = rejection_reason(deployment, checked.changes)
        if not options.deploy:
            if options.json:
                print_json(found | {"rejection": why})
            elif why:
                write_message(why)
            return Exit.FAILED if why else Exit.DONE
        if why:
            raise CommandError(tr("{why} Nothing was created.", why=why))
        row_id = running.deploy(group.connection_id, deployment, password)
        if row_id is None:
            raise CommandError(tr("Nothing was sent."))
        try:
            running.wait_for_deployment(row_id, options.wait)
        except AbandonedError as error:
            write_message(str(error))
    with reading(folder) as db:  # nothing is sent anymore
        return _report(
            db,
            deployments.read(db, row_id),
            found,
            as_json=options.json,
            is_waiting=options.wait > 0,
        )


def _password(options: argparse.Namespace) -> str:
    """The administrator's password, from standard input or the terminal.

    Raises:
        CommandError: there is none, or Azure would reject it.
    """
    if options.password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = getpass.getpass(tr("Password of {admin}: ", admin=options.admin))
    else:
        raise CommandError(tr("Without a terminal, add --password-stdin."), Exit.USAGE)
    why = password_fault(password)
    if why:
        raise CommandError(why, Exit.USAGE)
    return password


def _report(
    db: sqlite3.Connection,
    row: StoredDeployment,
    found: dict[str, Any],
    *,
    as_json: bool,
    is_waiting: bool,
) -> Exit:
    machine_id = row.deployment.machine_resource_id.lower()
    known = machines.ids(db, [machine_id])
    rows = machines.read_rows(db, list(known.values()))
    status = rows[0].hotpatch_status if rows else ""
    note = f"{row.note} {translated(_LEFT.get(row.state, ''))}".strip()
    if as_json:
        print_json(found | {"state": row.state.value, "note": note, "hotpatch": status or None})
    else:
        print(plain(f"{row.deployment.machine}: {row.state.label}. {note}".rstrip()))
        if row.state is OperationState.SUCCEEDED:
            print(
                plain(tr("Hotpatch: {status}", status=status))
                if status
                else tr("Its hotpatch status isn't known yet; the next sync reads it.")
                if rows
                else tr("Azure's lists don't show it yet; the next sync reads it.")
            )
    if row.state is OperationState.SUCCEEDED:
        return Exit.DONE
    if row.state is OperationState.RUNNING and not is_waiting:
        return Exit.DONE
    if row.state in POSSIBLY_CARRIED_OUT:
        return Exit.NOT_KNOWN
    code = deployments.azure_code(db, row)
    return Exit.NOT_PERMITTED if code in FORBIDDEN_CODES else Exit.FAILED
