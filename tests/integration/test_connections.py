"""Several connections in one window: signed in over TLS, each with its subscriptions, in one list."""

from __future__ import annotations

import logging
import select
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel

from helpers.tls import BEHIND_PROXY, CLIENT, SECRET, TENANT, WHO, Proxy, SecureAzure, secure_azure
from hotpatch_gui.application.targets import azure_target
from hotpatch_gui.application.user_actions import NextSession
from hotpatch_gui.captures.stage import Stage, stopped_simulator
from hotpatch_gui.domain.connections import Connection, SignInMethod
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.simulator.clock import SteppedClock
from hotpatch_gui.simulator.fleet import EPOCH
from hotpatch_gui.store import connections
from hotpatch_gui.store.database import FILE_NAME, open_reader
from hotpatch_gui.system import logs
from hotpatch_gui.views.dialogs.connect import ConnectDialog
from hotpatch_gui.views.dialogs.connections import ConnectionsDialog
from hotpatch_gui.views.dialogs.question import QuestionDialog
from hotpatch_gui.views.dialogs.welcome import WelcomeDialog

OTHER = "00000000-0000-4000-8000-0000000000fa"


@pytest.fixture
def azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SecureAzure]:
    simulator = stopped_simulator(SteppedClock(EPOCH))
    with secure_azure(simulator, tmp_path / "keys") as made:
        monkeypatch.setenv("SSL_CERT_FILE", str(made.root))
        yield made
    simulator.cloud.close()


@pytest.fixture
def empty(qapp: QApplication, tmp_path: Path, azure: SecureAzure) -> Iterator[Stage]:
    """The program on an empty folder of Azure's, with its log."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    logs.start_log(tmp_path / "data")
    with Stage("light", folder=tmp_path / "data", target=azure_target()) as made:
        made.app.start()
        made.until(lambda: made.app.source.db is not None)
        yield made
    for handler in [h for h in root.handlers if h not in before]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


def names(stage: Stage) -> list[str]:
    assert stage.app.source.db is not None
    rows = stage.app.source.db.execute(
        "SELECT name FROM machines WHERE deleted_at IS NULL ORDER BY name"
    )
    return [row[0] for row in rows]


def stored(stage: Stage) -> list[Connection]:
    assert stage.app.source.db is not None
    return connections.read_all(stage.app.source.db)


@pytest.mark.expects_log
def test_a_connection_is_added_in_the_window_by_device_code(
    empty: Stage, azure: SecureAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = empty
    azure.identity.waits = 2
    dialog = ConnectDialog(stage.app.services, stage.window)
    dialog.open()
    assert not dialog.connect_button.isEnabled()
    dialog.name.setText("Contoso")
    dialog.cloud.setCurrentIndex(dialog.cloud.findData("custom"))
    assert "https address" in dialog.problem.text(), "nothing was typed into the field yet"
    for field, wrong, why in (
        ("endpoint", "http://stack.example", "https address"),
        ("tenant", "contoso example", "ID or a domain"),
        ("client_id", "my-app", "A client ID looks like"),
    ):
        edit = getattr(dialog, field)
        edit.setText(wrong)
        below = dialog.findChild(QLabel, f"{edit.objectName()}Problem")
        assert why in below.text()
        assert below.isVisible()
        assert edit.property("invalid")
        assert not dialog.connect_button.isEnabled()
        assert dialog.problem.text() == "", "it is shown once"
        edit.clear()
        dialog.check()
        assert not below.isVisible()
    dialog.endpoint.setText(azure.cloud.endpoint)
    dialog.authority.setText(f"https://{azure.cloud.authority}")
    dialog.method.setCurrentIndex(dialog.method.findData(SignInMethod.DEVICE_CODE))
    dialog.tenant.setText(TENANT)
    dialog.client_id.setText(CLIENT)
    assert dialog.connect_button.isEnabled()
    dialog.connect_button.click()
    notice = stage.window.notice
    stage.until(lambda: "enter the code AB12-CD34" in notice.headline.text())
    stage.until(lambda: len(names(stage)) == 16)
    stage.until(lambda: f"Signed in as {WHO}" in stage.window.status_bar.connection.full_text)
    assert not notice.isVisible()
    assert (
        stage.window.header.subscription.full_text
        == "Contoso / Hybrid subscription, Production subscription"
    )
    (mine,) = stored(stage)
    assert mine.account == WHO
    assert not mine.changes_allowed, "read-only until the user turns actions on"
    stage.settle()
    for path in stage.folder.iterdir():
        content = path.read_bytes()
        assert SECRET.encode() not in content, path.name
        assert not any(token.encode() in content for token in azure.identity.given), path.name


@pytest.mark.expects_log
def test_an_expired_sign_in_prompts_once_and_keeps_the_view(
    empty: Stage, azure: SecureAzure
) -> None:
    stage = empty
    stage.app.actions.save_connection(azure.principal())
    stage.until(lambda: len(names(stage)) == 16)
    stage.sync()
    azure.identity.refuses = "AADSTS700082"
    azure.identity.given.clear()  # what was handed out holds no longer
    stage.app.actions.sync()
    notice = stage.window.notice
    stage.until(notice.isVisible)
    assert "Azure didn't accept the sign-in (401)" in notice.headline.text()
    assert notice.button.text() == "Sign in"
    assert len(names(stage)) == 16
    assert stage.window.machines.model.rowCount() == 16
    requested = len(azure.identity.requested)
    azure.identity.refuses = ""
    stage.app.actions.sync_every(0.1 / 60)
    stage.idle()
    assert len(azure.identity.requested) == requested, (
        "nobody is asked again until somebody signs in"
    )
    # azure-identity keeps a token until it ends; a new sign-in is another credential
    stage.app.actions.save_connection(stored(stage)[0]._replace(tenant="contoso.example"))
    stage.until(lambda: len(azure.identity.requested) > requested)
    stage.until(lambda: not notice.isVisible())


@pytest.mark.expects_log
def test_machines_of_two_tenants_are_in_one_list(
    empty: Stage, azure: SecureAzure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = empty
    simulator = stopped_simulator(SteppedClock(EPOCH))
    for guest in simulator.cloud.guests.values():
        guest.subscription, guest.name = OTHER, f"fab-{guest.name}"
    simulator.cloud.guests = {g.name: g for g in simulator.cloud.guests.values() if not g.is_arc}
    simulator.cloud.subscriptions = {OTHER: "Fabrikam production"}
    with secure_azure(simulator, tmp_path / "fabrikam") as fabrikam:
        both = tmp_path / "both.pem"
        both.write_text(azure.root.read_text() + fabrikam.root.read_text())
        monkeypatch.setenv("SSL_CERT_FILE", str(both))
        stage.app.actions.save_connection(azure.principal())
        stage.app.actions.save_connection(
            fabrikam.principal("Fabrikam")._replace(changes_allowed=True)
        )
        stage.until(lambda: len(names(stage)) == 28)
        stage.sync()
        assert len(names(stage)) == 28, "the one's sync does not make the other's machines gone"
        header = stage.window.header.subscription.full_text
        assert header == "Contoso / 2 subscriptions · Fabrikam / 1 subscription"
        db = stage.app.source.db
        assert db is not None
        (number,) = db.execute("SELECT id FROM machines WHERE name='fab-vm-web-02'").fetchone()
        stage.request.assess([number])
        stage.until(lambda: stage.operation_states() == [OperationState.RUNNING])
        simulator.cloud.clock.advance(minutes=10)
        stage.until(lambda: stage.operation_states() == [OperationState.SUCCEEDED])
        assert simulator.cloud.received == {"assess": 1}
        assert not azure.simulator.cloud.received
        mine, theirs = (
            {h["Authorization"] for h in a.seen if "Authorization" in h} for a in (azure, fabrikam)
        )
        assert mine.isdisjoint(theirs), "each cloud gets only its own tokens"
        stage.app.actions.remove_connection(stored(stage)[1].id)
        stage.until(lambda: len(names(stage)) == 16)
        assert [c.name for c in stored(stage)] == ["Contoso"]
        kept = db.execute(
            "SELECT count(*) FROM installations i JOIN machines m ON m.id=i.machine_id WHERE m.deleted_at IS NOT NULL"
        )
        assert kept.fetchone()[0] > 0, "history stays"
    simulator.cloud.close()


@pytest.mark.expects_log
def test_the_dialog_selects_subscriptions_allows_changes_and_signs_out(
    empty: Stage, azure: SecureAzure
) -> None:
    stage = empty
    azure.simulator.cloud.subscriptions[OTHER] = "Another"
    azure.simulator.cloud.guests["vm-web-02"].subscription = OTHER
    mine = azure.principal()._replace(method=SignInMethod.DEVICE_CODE, certificate=None)
    stage.app.actions.save_connection(mine)
    stage.until(lambda: len(names(stage)) == 16)
    stage.sync()
    stage.window.open_connections()
    dialog = stage.window.findChild(ConnectionsDialog)
    assert dialog is not None
    assert dialog.list.topLevelItem(0).text(2) == f"{WHO} (Device code)"
    item = dialog.subscriptions.topLevelItem(0)
    assert (item.text(0), item.text(1)) == ("Another", OTHER)
    item.setCheckState(0, Qt.CheckState.Unchecked)
    stage.until(lambda: len(names(stage)) == 15)
    assert "vm-web-02" not in names(stage)
    stage.until(lambda: stored(stage)[0].subscription_ids != ())
    dialog.changes_allowed.click()
    stage.until(lambda: stored(stage)[0].changes_allowed)
    assert "Another" in {n for _, n, _ in connections.subscriptions(stage.app.source.db, 1)}
    assert dialog.buttons["sign-in"].text() == "Sign out"
    dialog.buttons["sign-in"].click()
    stage.until(lambda: dialog.list.topLevelItem(0).text(2) == "Not signed in")
    assert stored(stage)[0].record is None
    assert len(names(stage)) == 15, "what was read stays"
    azure.identity.requested.clear()
    stage.app.actions.sync()
    stage.idle()
    assert not azure.identity.requested, "signed out, nothing is asked of anybody"
    stage.until(lambda: stage.window.notice.button.text() == "Sign in")
    stage.window.notice.button.click()
    stage.until(lambda: stored(stage)[0].account == WHO)
    dialog.buttons["remove"].click()
    question = dialog.findChild(QuestionDialog)
    assert question is not None
    assert "nothing changes in Azure" in question.consequence.text()
    question.yes.click()
    stage.until(lambda: not stored(stage))
    assert not names(stage)


def test_changing_name_and_permission_needs_no_sign_in(empty: Stage, azure: SecureAzure) -> None:
    """Only what was changed in the dialog is sent."""
    stage = empty
    mine = azure.principal()._replace(method=SignInMethod.DEVICE_CODE, certificate=None)
    stage.app.actions.save_connection(mine)
    stage.until(lambda: len(names(stage)) == 16)
    stage.sync()
    azure.identity.requested.clear()
    dialog = ConnectDialog(stage.app.services, stage.window, stored(stage)[0])
    dialog.open()
    dialog.name.setText("Renamed")
    dialog.changes_allowed.setChecked(True)
    dialog.connect_button.click()
    stage.until(lambda: stored(stage)[0].name == "Renamed")
    stage.until(lambda: stored(stage)[0].changes_allowed)
    stage.idle()
    assert stored(stage)[0].account == WHO
    assert not azure.identity.requested
    again = ConnectDialog(stage.app.services, stage.window, stored(stage)[0])
    again.open()
    stage.request.allow_changes(1, changes_allowed=False)
    again.name.setText("Once more")
    again.connect_button.click()
    stage.until(lambda: stored(stage)[0].name == "Once more")
    assert not stored(stage)[0].changes_allowed, "what the dialog did not change stays as it is"


@pytest.mark.expects_log
def test_a_connection_that_cannot_be_set_up_does_not_affect_others(
    empty: Stage, azure: SecureAzure, tmp_path: Path
) -> None:
    stage = empty
    lost = azure.principal("Lost")._replace(certificate=str(tmp_path / "lost.pem"))
    stage.app.actions.save_connection(lost)
    stage.until(stage.window.notice.isVisible)
    assert "The connection Lost couldn't be set up" in stage.window.notice.headline.text()
    stage.app.actions.save_connection(azure.principal())
    stage.until(lambda: len(names(stage)) == 16)
    assert "Lost" in stage.window.notice.headline.text(), "and it goes on saying so"


@pytest.mark.expects_log
def test_a_failed_sign_in_keeps_the_demo(stage: Stage, azure: SecureAzure) -> None:
    stage.start()
    stage.window.open_welcome()
    welcome = stage.window.findChild(WelcomeDialog)
    assert welcome is not None
    welcome.azure.click()
    dialog = stage.window.findChild(ConnectDialog)
    assert dialog is not None
    fill(dialog, azure)
    azure.identity.refuses = "AADSTS90002"
    dialog.connect_button.click()
    assert "Signing in" in dialog.problem.text()
    stage.until(lambda: dialog.connect_button.isEnabled() or stage.app.next is not None)
    assert stage.app.next is None, "the demo stays until the first sync has worked"
    assert stage.window.isVisible()
    assert dialog.isVisible()
    assert "The tenant wasn't found (AADSTS90002)" in dialog.problem.text()
    assert [c.cloud.key for c in stored(stage)] == ["demo"], (
        "the demo's file has only the demo's connection"
    )
    dialog.reject()


def fill(dialog: ConnectDialog, azure: SecureAzure, tenant: str = TENANT) -> None:
    dialog.name.setText("Contoso")
    dialog.cloud.setCurrentIndex(dialog.cloud.findData("custom"))
    dialog.endpoint.setText(azure.cloud.endpoint)
    dialog.authority.setText(f"https://{azure.cloud.authority}")
    dialog.method.setCurrentIndex(dialog.method.findData(SignInMethod.CERTIFICATE))
    dialog.tenant.setText(tenant)
    dialog.client_id.setText(CLIENT)
    dialog.certificate.setText(str(azure.certificate))


@pytest.mark.expects_log
def test_the_demo_ends_after_the_first_successful_sync(stage: Stage, azure: SecureAzure) -> None:
    stage.start()
    stage.window.open_welcome()
    welcome = stage.window.findChild(WelcomeDialog)
    assert welcome is not None
    welcome.azure.click()
    dialog = stage.window.findChild(ConnectDialog)
    assert dialog is not None
    fill(dialog, azure)
    azure.identity.refuses = "AADSTS90002"
    dialog.connect_button.click()
    stage.until(lambda: "The tenant wasn't found (AADSTS90002)" in dialog.problem.text())
    assert dialog.isVisible()
    assert "tenant's ID or domain" in dialog.problem.text()
    assert stage.app.next is None
    azure.identity.refuses = ""
    dialog.connect_button.click()
    stage.until(lambda: stage.app.next is not None)
    assert stage.app.next == NextSession(is_azure=True)
    assert not stage.window.isVisible()
    db = open_reader(stage.folder / "azure" / FILE_NAME)
    assert db is not None
    with closing(db):
        (mine,) = connections.read_all(db)
        assert mine.name == "Contoso"
        assert db.execute("SELECT count(*) FROM machines").fetchone()[0] == 16


def test_a_hanging_sign_in_is_canceled_and_stores_nothing(stage: Stage, azure: SecureAzure) -> None:
    """The authority takes the connection and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        stage.start()
        ConnectDialog(stage.app.services, stage.window).open()
        dialog = stage.window.findChild(ConnectDialog)
        assert dialog is not None
        fill(dialog, azure)
        dialog.authority.setText(f"https://127.0.0.1:{silent.getsockname()[1]}")
        dialog.connect_button.click()
        stage.until(lambda: select.select([silent], [], [], 0)[0])
        reached, _ = silent.accept()
        with reached:
            before = time.monotonic()
            dialog.reject()
            assert time.monotonic() - before < 1, "the window does not wait for the response"
            assert stage.window.isVisible()
    assert list((stage.folder / "azure").iterdir()) == [], "so the next start is the demo again"


@pytest.mark.expects_log
def test_a_failed_sign_in_keeps_the_dialog_open_and_stores_nothing(
    empty: Stage, azure: SecureAzure
) -> None:
    stage = empty
    dialog = ConnectDialog(stage.app.services, stage.window)
    dialog.open()
    fill(dialog, azure)
    azure.identity.refuses = "AADSTS90002"
    dialog.connect_button.click()
    stage.until(lambda: "The tenant wasn't found" in dialog.problem.text())
    assert dialog.isVisible()
    assert dialog.name.text() == "Contoso", "nothing that was typed is lost"
    assert len(stored(stage)) == 1
    dialog.reject()
    stage.until(lambda: not stored(stage))


@pytest.mark.expects_log
def test_closing_the_dialog_cancels_its_sign_in(empty: Stage, azure: SecureAzure) -> None:
    stage = empty
    azure.identity.waits = 10**6
    dialog = ConnectDialog(stage.app.services, stage.window)
    dialog.open()
    fill(dialog, azure)
    dialog.method.setCurrentIndex(dialog.method.findData(SignInMethod.DEVICE_CODE))
    dialog.connect_button.click()
    assert "Signing in" in dialog.problem.text()
    stage.until(lambda: "enter the code AB12-CD34" in stage.window.notice.headline.text())
    dialog.reject()
    stage.until(lambda: not stored(stage))
    stage.until(lambda: not stage.window.notice.isVisible())
    stage.until(lambda: stage.app.engine.is_idle)


@pytest.mark.expects_log
def test_without_a_connection_the_window_offers_to_connect_or_the_demo(
    empty: Stage, azure: SecureAzure
) -> None:
    stage = empty
    blade = stage.window.machines.blade
    stage.until(lambda: blade.empty.headline.text() == "No connection yet")
    assert (blade.empty.button.text(), blade.empty.other.text()) == ("Connect…", "Explore the demo")
    assert stage.window.machines.count_label.text() == "", "not 0: nothing was counted"
    stage.app.actions.save_connection(azure.principal())
    stage.until(lambda: len(names(stage)) == 16)
    stage.until(lambda: stage.window.machines.count_label.text() == "16")
    stage.sync()
    stage.app.actions.remove_connection(stored(stage)[0].id)
    stage.until(lambda: not names(stage))
    stage.settle()
    assert blade.empty.headline.text() == "No connection yet"
    assert "No connection to Azure yet" in stage.window.status_bar.connection.full_text
    blade.empty.button.click()
    dialog = stage.window.findChild(ConnectDialog)
    assert dialog is not None
    dialog.reject()
    blade.empty.other.click()
    assert stage.app.next == NextSession()


def test_the_user_switches_from_azure_to_the_demo(empty: Stage) -> None:
    empty.window.open_connections()
    dialog = empty.window.findChild(ConnectionsDialog)
    assert dialog is not None
    dialog.demo.click()
    assert empty.app.next == NextSession()


@pytest.mark.expects_log
def test_every_call_goes_through_the_systems_proxy(
    empty: Stage, azure: SecureAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure.behind_proxy()
    with Proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.address)
        empty.app.actions.save_connection(azure.principal()._replace(changes_allowed=True))
        empty.until(lambda: len(names(empty)) == 16)
        empty.sync()
        hosts = {azure.cloud.host, azure.identity.address.removeprefix("https://")}
        assert set(proxy.tunnels) == hosts, "the sign-in and Azure, and nothing else"
        assert azure.cloud.host.startswith(BEHIND_PROXY)
