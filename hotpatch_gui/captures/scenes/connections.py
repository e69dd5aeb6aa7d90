"""Scenes of dialogs about connections."""

from __future__ import annotations

from contextlib import closing

from PySide6.QtWidgets import QWidget

from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.clouds import PUBLIC, US_GOVERNMENT
from hotpatch_gui.domain.connections import Connection, SignInMethod
from hotpatch_gui.store import connections, sync_state
from hotpatch_gui.store.database import open_writer, transaction
from hotpatch_gui.views.dialogs.connect import ConnectDialog
from hotpatch_gui.views.dialogs.connections import ConnectionsDialog
from hotpatch_gui.views.dialogs.permissions import PermissionsDialog
from hotpatch_gui.views.dialogs.welcome import WelcomeDialog
from hotpatch_gui.worker.signing import signed_out

from .registry import scene
from .steps import (
    dialog_of,
)


@scene
def first_run(stage: Stage) -> QWidget:
    stage.start()
    stage.window.open_welcome()
    return dialog_of(stage, WelcomeDialog)


@scene
def connection(stage: Stage) -> QWidget:
    stage.start()
    ConnectDialog(stage.app.services, stage.window).open()
    dialog = dialog_of(stage, ConnectDialog)
    dialog.name.setText("Contoso Government")
    dialog.cloud.setCurrentIndex(dialog.cloud.findData("usgov"))
    dialog.method.setCurrentIndex(dialog.method.findData(SignInMethod.CERTIFICATE))
    dialog.tenant.setText("contoso.example")
    dialog.client_id.setText("dashboard-app")
    stage.settle()
    return dialog


@scene
def connections_side_by_side(stage: Stage) -> QWidget:
    """Three connections: signed in, expired and read-only."""
    stage.start()
    db = open_writer(stage.app.source.path)
    now = stage.app.clock()
    with closing(db), transaction(db):
        fabrikam = Connection("Fabrikam", PUBLIC, SignInMethod.BROWSER, changes_allowed=True)
        agency = Connection("Agency", US_GOVERNMENT, SignInMethod.DEVICE_CODE)
        for made, account, problem in (
            (fabrikam, "admin@fabrikam.example", None),
            (agency, "admin@agency.example", signed_out()),
        ):
            number = connections.save(db, made)
            connections.signed_in(db, number, account, None)
            sync_state.sync_ended(db, number, now, problem)
            names = ("Production", "Test", "Shared services")
            pairs = [
                (f"{number}0000000-0000-4000-8000-00000000000{n}", name)
                for n, name in enumerate(names)
            ]
            connections.save_subscriptions(db, number, pairs)
        connections.choose_subscriptions(db, 2, [pairs[0][0].replace("3", "2", 1)])
    stage.app.source.notify(ChangedTables.of("connections", "sync_state"))
    stage.window.open_connections()
    dialog = dialog_of(stage, ConnectionsDialog)
    dialog.list.setCurrentIndex(dialog.list.model().index(1, 0))
    stage.settle()
    return dialog


@scene
def permissions(stage: Stage) -> QWidget:
    """An account that may only read and assess in one resource group, and not install in another."""
    vm = "Microsoft.Compute/virtualMachines"
    stage.simulator.cloud.grants = {
        "rg-legacy": ("*/read", f"{vm}/assessPatches/action"),
        "rg-hybrid": ("*/read", "Microsoft.HybridCompute/machines/*"),
        "rg-data": ("*/read", f"{vm}/assessPatches/action", f"{vm}/restart/action", f"{vm}/write"),
    }
    stage.start()
    stage.window.open_connections()
    dialog_of(stage, ConnectionsDialog).buttons["permissions"].click()
    return dialog_of(stage, PermissionsDialog)
