"""The window knows what is permitted before a click, and a read-only connection sends nothing."""

from __future__ import annotations

import json
from contextlib import closing

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QTextDocument

from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.store import connections
from hotpatch_gui.store.database import open_writer, transaction
from hotpatch_gui.views.dialogs.connections import ConnectionsDialog
from hotpatch_gui.views.dialogs.install import InstallDialog
from hotpatch_gui.views.dialogs.permissions import PermissionsDialog

VM = "Microsoft.Compute/virtualMachines"
LIMITED = {"rg-web": ("*/read", f"{VM}/assessPatches/action"), "rg-hybrid": ("*/read",)}


@pytest.fixture
def limited(stage: Stage) -> Stage:
    stage.simulator.cloud.grants = dict(LIMITED)
    stage.start()
    return stage


def commands(stage: Stage) -> dict[str, tuple[bool, str]]:
    found = stage.window.machines.blade.commands
    return {
        key: (action.isEnabled(), _shown(action.toolTip()))
        for key, action in found.items()
        if action.isVisible()
    }


def _shown(tip: str) -> str:
    """A tooltip's text as Qt shows it."""
    document = QTextDocument()
    if Qt.mightBeRichText(tip):
        document.setHtml(tip)
    else:
        document.setPlainText(tip)
    return document.toPlainText()


def test_a_command_without_permission_is_disabled_and_names_the_action(limited: Stage) -> None:
    limited.choose("vm-web-02")
    found = commands(limited)
    assert found["assess"][0]
    for key, action in (
        ("install", "installPatches/action"),
        ("restart", "restart/action"),
        ("configure", "write"),
    ):
        assert not found[key][0]
        assert found[key][1].endswith(f"Your account isn't permitted: {VM}/{action} is missing.")
    limited.choose("vm-app-01")
    assert all(enabled for enabled, _ in commands(limited).values())
    limited.choose("vm-dev-01")
    assert commands(limited)["start"][0]
    limited.choose("vm-web-02", "vm-app-01")
    assert commands(limited)["install"][0], "on those of them where it may"
    limited.window.machines.blade.command_bar.open_install()
    dialog = limited.window.findChild(InstallDialog)
    assert dialog is not None
    rows = {limited.window.machines.model.id_at(n) for n in range(16)}
    assert len(dialog.machines.ids) == 1
    assert set(dialog.machines.ids) <= rows
    remarks = {
        dialog.machines.index(n, 0).data(): dialog.machines.index(n, 4).data() for n in range(2)
    }
    assert "installPatches/action is missing" in remarks["vm-web-02"]


@pytest.mark.expects_log
def test_azure_also_rejects_the_operation(limited: Stage) -> None:
    """Disabled buttons are only a convenience: the simulated Azure enforces the same permissions."""
    db = limited.app.source.db
    assert db is not None
    (number,) = db.execute("SELECT id FROM machines WHERE name='vm-web-02'").fetchone()
    limited.request.restart([number])
    limited.until(lambda: limited.operation_states() == [OperationState.FAILED])
    note, code = db.execute("SELECT note, code FROM operations").fetchone()
    assert code == "AuthorizationFailed"
    assert "restart/action" in note


def test_without_allowed_changes_commands_are_disabled_with_a_remedy(stage: Stage) -> None:
    stage.start()
    (mine,) = connections.read_all(stage.app.source.db)
    stage.choose("vm-web-02")
    stage.request.allow_changes(mine.id, changes_allowed=False)
    stage.until(lambda: not commands(stage)["assess"][0])
    for key in ("assess", "install", "restart", "configure"):
        enabled, why = commands(stage)[key]
        assert not enabled
        assert why.endswith("Changes are off for Contoso. Turn them on in Settings › Connections.")
    assert commands(stage)["refresh"][0]


@pytest.mark.expects_log
def test_without_allowed_changes_nothing_is_sent(stage: Stage) -> None:
    stage.start()
    db = stage.app.source.db
    (mine,) = connections.read_all(db)
    stage.request.allow_changes(mine.id, changes_allowed=False)
    stage.until(lambda: not connections.read_all(db)[0].changes_allowed)
    (number,) = db.execute("SELECT id FROM machines WHERE name='vm-web-02'").fetchone()
    stage.request.assess([number])
    stage.until(lambda: stage.operation_states() == [OperationState.FAILED])
    assert "Changes are off for Contoso" in db.execute("SELECT note FROM operations").fetchone()[0]
    assert not stage.simulator.cloud.received


def test_the_dialog_names_what_is_missing_and_copies_a_role(limited: Stage) -> None:
    limited.window.open_connections()
    dialog = limited.window.findChild(ConnectionsDialog)
    dialog.buttons["permissions"].click()
    found = limited.window.findChild(PermissionsDialog)
    rows = {
        found.list.topLevelItem(n).text(0): found.list.topLevelItem(n)
        for n in range(found.list.topLevelItemCount())
    }
    assert (
        rows["rg-web"]
        .text(1)
        .startswith("Missing: installPatches/action, restart/action, start/action, write")
    )
    assert rows["rg-web"].text(2) == "–", "there is no Arc-enabled server in it"
    assert rows["rg-hybrid"].text(2).startswith("Missing: assessPatches/action")
    assert rows["rg-app"].text(1) == "All required actions allowed"
    found.findChild(type(dialog.demo), "copyRole").click()
    role = json.loads(QGuiApplication.clipboard().text())
    assert f"{VM}/installPatches/action" in role["Actions"]
    assert len(role["AssignableScopes"]) == 2


def situations(stage: Stage) -> dict[str, str]:
    rows = stage.app.source.db.execute(
        "SELECT name, situation FROM machines WHERE deleted_at IS NULL"
    )
    return {row["name"]: row["situation"] for row in rows}


@pytest.mark.expects_log
def test_five_reasons_for_missing_data_have_five_names(stage: Stage) -> None:
    stage.start()
    stage.simulator.cloud.grants = {"rg-data": ("Microsoft.Storage/*",)}
    stage.sync()
    found = situations(stage)
    named = {
        "vm-new-01": "Never assessed",
        "vm-batch-01": "Assessment too old",
        "vm-dev-01": "Not running",
        "vm-legacy-01": "Hotpatch not available",
        "vm-sql-01": "No permission",
    }
    assert {name: found[name] for name in named} == named
    stage.choose("vm-sql-01")
    banner = stage.window.machines.blade.banner
    assert "can no longer read this machine" in banner.headline.text()
    stage.simulator.cloud.grants = {}
    stage.sync()
    assert situations(stage)["vm-sql-01"] == "Off the hotpatch train", "it is visible again"


def test_machines_of_an_invisible_subscription_are_not_deleted(stage: Stage) -> None:
    stage.start()
    hidden = {"rg-hybrid": (), "rg-branch": ()}
    arcs = {g.resource_group.casefold() for g in stage.simulator.cloud.guests.values() if g.is_arc}
    stage.simulator.cloud.grants = dict.fromkeys(arcs, ()) | hidden
    del stage.simulator.cloud.guests["vm-web-01"]
    stage.sync()
    found = situations(stage)
    assert {n for n, s in found.items() if s == "No permission"} == {
        "srv-hq-01",
        "srv-hq-02",
        "srv-branch-01",
        "hci-app-01",
    }
    assert "vm-web-01" not in found, "it was deleted: Azure answered 404"


def test_names_in_tooltips_are_plain_text(stage: Stage) -> None:
    stage.start()
    name = "<b>it's</b> & <img src=x>"
    with closing(open_writer(stage.app.source.path)) as db, transaction(db):
        db.execute("UPDATE connections SET name=?, changes_allowed=0", (name,))
    stage.app.source.notify(ChangedTables.of("connections"))
    stage.choose("vm-web-02")
    _, why = commands(stage)["assess"]
    assert why == f"Assess now: Changes are off for {name}. Turn them on in Settings › Connections."
