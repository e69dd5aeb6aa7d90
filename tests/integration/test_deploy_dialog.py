"""Creating a machine from the window: checked first, created on request, and followed to its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.models.work import is_any_queued_or_in_progress
from hotpatch_gui.simulator.responses import Response
from hotpatch_gui.views.dialogs.deploy import DeployDialog
from hotpatch_gui.views.dialogs.new_machine import NewMachineDialog
from hotpatch_gui.views.pages.activity import ActivityPage
from hotpatch_gui.views.pages.coverage import CoveragePage
from hotpatch_gui.worker import deployments

PASSPHRASE = "Correct-horse-1"


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployments, "FOLLOW_S", 0.02)


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    with Stage("light") as made:
        made.start()
        yield made


def form_of(stage: Stage, name: str = "vm-dep-01", group: str = "rg-web") -> NewMachineDialog:
    stage.window.show_page("coverage")
    stage.settle()
    page = stage.window.page("coverage")
    assert isinstance(page, CoveragePage)
    page.new.click()
    (form,) = stage.window.findChildren(NewMachineDialog)
    form.name.setText(name)
    form.group.setCurrentText(group)
    form.region.setCurrentText("westus2")
    form.admin.setText("operator")
    stage.settle()
    return form


def dialog_of(stage: Stage, **of: str) -> DeployDialog:
    form = form_of(stage, **of)
    form.deploy.click()
    stage.settle()
    (dialog,) = form.findChildren(DeployDialog)
    return dialog


def enter(dialog: DeployDialog, password: str = PASSPHRASE, again: str | None = None) -> None:
    dialog.password.edit.setText(password)
    dialog.again.edit.setText(password if again is None else again)


def check(stage: Stage, dialog: DeployDialog) -> None:
    dialog.check.click()
    stage.until(lambda: not dialog._is_checking)
    stage.settle()


def said(dialog: DeployDialog) -> str:
    """Without the places where a long name may break."""
    texts = " ".join(text.text() for text in dialog.points.findChildren(QLabel))
    return texts.replace("\u200b", "")


def test_a_machine_is_checked_created_and_listed(stage: Stage) -> None:
    dialog = dialog_of(stage)
    assert not dialog.check.isEnabled()
    enter(dialog)
    assert (dialog.check.isEnabled(), dialog.create_.isEnabled()) == (True, False)
    check(stage, dialog)
    texts = [dialog.model.index(n, 2).data() for n in range(dialog.model.rowCount())]
    assert texts == ["to be created"] * 3
    assert dialog.create_.isEnabled()
    assert said(dialog).startswith("Checked ")
    dialog.create_.click()
    stage.until(lambda: "You can close this dialog; Azure continues." in said(dialog))
    assert is_any_queued_or_in_progress(stage.app.source)
    stage.settle()
    assert stage.window.status_bar.work.full_text == "Creating vm-dep-01"
    assert not dialog.create_.isEnabled()
    stage.clock.advance(minutes=10)
    stage.until(lambda: "Azure created vm-dep-01." in said(dialog))
    assert dialog.password.problem.text() == "", "the field is empty because it was sent"
    assert not is_any_queued_or_in_progress(stage.app.source)
    stage.until(lambda: not stage.window.status_bar.progress.isVisible())
    assert not stage.window.status_bar.work.isVisible(), "no earlier operation's result is shown"
    stage.until(
        lambda: [o.title for o in stage.app.outcomes.items] == ["Create vm-dep-01: succeeded"]
    )
    dialog.reject()
    (outcome,) = stage.app.outcomes.items
    ((button, show),) = outcome.actions
    assert button == "Show machine"
    db = stage.app.source.db
    assert db is not None

    def hotpatch() -> str:
        row = db.execute("SELECT hotpatch_status FROM machines WHERE name='vm-dep-01'").fetchone()
        return row[0] if row is not None else ""

    stage.until(lambda: hotpatch() == "Pending evaluation")
    show()
    stage.settle()
    assert stage.window.pages.currentWidget() is stage.window.page("machines")
    assert stage.window.machines.list.selected_ids == [
        row[0] for row in db.execute("SELECT id FROM machines WHERE name='vm-dep-01'")
    ]
    (number,) = db.execute("SELECT id FROM machines WHERE name='vm-dep-01'").fetchone()
    stage.app.actions.assess([number])
    stage.until(lambda: stage.operation_states() == [OperationState.RUNNING])
    stage.clock.advance(minutes=10)
    stage.until(lambda: stage.operation_states() == [OperationState.SUCCEEDED])
    stage.until(lambda: hotpatch() == "Enabled")
    stage.window.show_page("activity")
    activity = stage.window.page("activity")
    assert isinstance(activity, ActivityPage)
    model = activity.changes.model
    assert [str(model.index(0, n).data()) for n in range(3)] == [
        "Succeeded",
        "Create machine",
        "vm-dep-01",
    ]


def test_only_the_checked_input_is_created(stage: Stage) -> None:
    dialog = dialog_of(stage)
    enter(dialog)
    check(stage, dialog)
    dialog.password.edit.setText(f"{PASSPHRASE}2")
    assert not dialog.create_.isEnabled(), "another password wasn't checked"
    assert dialog.again.problem.text() == "The passwords differ."
    assert not dialog.check.isEnabled()
    enter(dialog, "abc")
    assert "8 to 123 characters" in dialog.password.problem.text()


@pytest.mark.expects_log
def test_existing_resources_are_not_changed(stage: Stage) -> None:
    dialog = dialog_of(stage, name="vm-web-01")
    enter(dialog)
    check(stage, dialog)
    assert said(dialog).startswith("Can't be created It may change existing resources: vm-web-01")
    assert not dialog.create_.isEnabled()


@pytest.mark.expects_log
def test_a_rejection_is_plain_text_and_names_missing_permissions(stage: Stage) -> None:
    def refuse(method: str, path: str) -> Response | None:
        if not path.endswith("/validate"):
            return None
        error = {"code": "AuthorizationFailed", "message": "No <b>right</b>."}
        return Response(403, {"error": error})

    stage.simulator.faults.append(refuse)
    dialog = dialog_of(stage)
    enter(dialog)
    check(stage, dialog)
    assert "No <b>right</b>." in said(dialog)
    assert "Microsoft.Resources/deployments/validate/action" in said(dialog)
    assert not dialog.create_.isEnabled()
    assert dialog.check.isEnabled(), "it can be tried again"


def test_an_unknown_resource_group_cannot_be_chosen(stage: Stage) -> None:
    form = form_of(stage, group="rg-nowhere")
    assert form.save.isEnabled(), "the file can be written"
    assert not form.deploy.isEnabled()
    assert "has a machine in this resource group" in form.deploy.toolTip()


@pytest.mark.expects_log
def test_an_unstored_deployment_is_not_reported_as_sent(stage: Stage) -> None:
    dialog = dialog_of(stage)
    enter(dialog)
    check(stage, dialog)
    stage.app.actions.allow_changes(1, changes_allowed=False)
    dialog.create_.click()
    stage.until(lambda: "Nothing was sent to Azure." in said(dialog))
    assert dialog.password.edit.isEnabled()
    assert dialog.password.edit.text() == "", "the password isn't kept"
    assert not dialog.create_.isEnabled()


def test_return_checks_and_does_not_close_the_dialog(stage: Stage) -> None:
    dialog = dialog_of(stage)
    enter(dialog, "abc")
    QTest.keyClick(dialog.password.edit, Qt.Key.Key_Return)
    assert dialog.isVisible()
    enter(dialog)
    QTest.keyClick(dialog.again.edit, Qt.Key.Key_Return)
    stage.until(dialog.create_.isEnabled)
    QTest.keyClick(dialog.again.edit, Qt.Key.Key_Return)
    assert dialog.isVisible()


@pytest.mark.expects_log
def test_a_deployment_can_be_edited_after_a_failure(stage: Stage) -> None:
    no = {"error": {"code": "QuotaExceeded", "message": "No cores."}}
    stage.simulator.faults.append(
        lambda method, path: Response(400, no) if method == "PUT" else None
    )
    dialog = dialog_of(stage)
    enter(dialog)
    check(stage, dialog)
    dialog.create_.click()
    stage.until(lambda: "No cores." in said(dialog))
    assert dialog.password.edit.isEnabled()
    enter(dialog)
    assert dialog.check.isEnabled()


def test_closing_during_a_deployment_reports_that_azure_continues(stage: Stage) -> None:
    dialog = dialog_of(stage)
    enter(dialog)
    check(stage, dialog)
    dialog.create_.click()
    stage.until(lambda: "Azure accepted the deployment." in said(dialog))
    dialog.reject()
    assert [o.title for o in stage.app.outcomes.items] == ["Azure is creating vm-dep-01"]
