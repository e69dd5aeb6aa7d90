"""The dialog that creates a new machine in Azure: its password, what Azure will do, and its progress."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton, QWidget

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.deployments import (
    Deployment,
    WhatIfChange,
    deployment_of,
    rejection_reason,
)
from hotpatch_gui.domain.new_machine import NewMachine, password_fault
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.problems import ProblemKind
from hotpatch_gui.models import deployments
from hotpatch_gui.models.checked import CheckedModel
from hotpatch_gui.models.new_machine_form import summary_of
from hotpatch_gui.models.resource_groups import ResourceGroup
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.tokens import ROW_PX
from hotpatch_gui.translation import translated, translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.form import Form
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.points import Point, Points
from hotpatch_gui.views.widgets.problem_field import ProblemField

from .install.parts import fit_names, list_of
from .surface import SurfaceDialog

if TYPE_CHECKING:
    from hotpatch_gui.domain.problems import Problem

tr = translator("DeployDialog")

SIZE_PX = (720, 480)
ALL_ROOM = 100
"""The stretch of the list; without it, the rest of the dialog stays at the top."""
INTRODUCTION = tr.mark(
    "Enter a password, then select Check to see what Azure would create. Nothing is created yet."
)
_TABLES = frozenset({"deployments"})

_REJECTIONS = (
    ProblemKind.REJECTED,
    ProblemKind.FORBIDDEN,
    ProblemKind.NOT_FOUND,
    ProblemKind.CONFLICT,
)
"""After other problems it isn't known whether Azure would create the machine."""


class DeployDialog(SurfaceDialog):
    """Checks the deployment, then starts it. If the dialog is closed, Azure continues.

    Args:
        groups: the resource groups with the machine's name for it, at least one.
    """

    def __init__(
        self,
        services: Services,
        parent: QWidget,
        machine: NewMachine,
        groups: Sequence[ResourceGroup],
    ) -> None:
        title = tr("Create {name} in Azure", name=machine.name)
        super().__init__(services.theme, "deployDialog", title, parent)
        self._s, self._machine, self._groups = services, machine, groups
        self._deployment: Deployment | None = None
        self._is_checking = self._is_good = self._is_sent = False
        summary = label(services.theme, summary_of(machine), role="secondary", wrap=True)
        summary.setObjectName("deploySummary")
        self.column.addWidget(summary)
        self._make_fields()
        heads = tuple(map(translated, deployments.HEADS))
        self.model = CheckedModel(heads, round(ROW_PX * services.theme.scale), self)
        self.view = list_of(
            services.theme,
            self.model,
            "deployChanges",
            tr("What Azure will do"),
            (180, 280, 180),
        )
        self.points = Points(services.theme)
        self.points.setObjectName("deployPoints")
        self.column.addWidget(self.points)
        self.column.addWidget(self.view, ALL_ROOM)
        self.column.addStretch(1)
        self.check = self._button("deployCheck", tr("Check"), self._check)
        self.create_ = self._button("deployCreate", tr("Create"), self._create)
        self.close_ = self.closer(tr("Cancel"))
        self.finish(SIZE_PX, self.check, self.create_, self.close_, default=self.check)
        self.password.edit.setFocus()
        services.source.deployment_checked.connect(self._on_checked)
        services.source.deployment_stored.connect(self._on_stored)
        services.source.changed.connect(self._on_changed)
        self._show(Glyph.INFO, tr(INTRODUCTION))

    def _make_fields(self) -> None:
        self.group = QComboBox()
        self.group.setObjectName("deployGroup")
        for group in self._groups:
            self.group.addItem(
                tr(
                    "{group}, {subscription} ({connection})",
                    group=group.name,
                    subscription=group.subscription,
                    connection=group.connection,
                )
            )
        self.group.currentIndexChanged.connect(self._reset)
        self.password, self.again = (
            self._secret("deployPassword"),
            self._secret("deployPasswordAgain"),
        )
        form = Form()
        form.add(tr("Resource group"), self.group)
        for field, name in (
            (self.password, tr("Password of {admin}", admin=self._machine.admin)),
            (self.again, tr("Confirm password")),
        ):
            field.edit.setAccessibleName(name)
            form.add(name, field)
        self.column.addLayout(form)

    def _secret(self, name: str) -> ProblemField:
        edit = QLineEdit()
        edit.setObjectName(name)
        edit.setEchoMode(QLineEdit.EchoMode.Password)
        edit.textChanged.connect(self._reset)
        return ProblemField(self._s.theme, edit)

    def _button(self, name: str, text: str, slot: object) -> QPushButton:
        made = QPushButton(text)
        made.setObjectName(name)
        made.clicked.connect(slot)
        return made

    def _reset(self) -> None:
        """The input changed, so the check's result no longer applies."""
        self._deployment, self._is_checking, self._is_good = None, False, False
        self.model.set_rows([])
        self._show(Glyph.INFO, tr(INTRODUCTION))

    def _show(self, glyph: Glyph, text: str, meaning: str = "") -> None:
        """Show the state, and which buttons are possible; ``meaning`` is the glyph's, if it isn't the usual one."""
        meaning = meaning or {
            Glyph.ERROR: tr("Failed"),
            Glyph.OK: tr("Created"),
            Glyph.UNKNOWN: tr("Not known"),
            Glyph.RUNNING: tr("In progress"),
        }.get(glyph, tr("Note"))
        self.points.show_points([Point(glyph, meaning, meaning, text)])
        password, again = self.password.edit.text(), self.again.edit.text()
        why = "" if self._is_sent else password_fault(password)
        self.password.show_problem(why)
        differs = tr("The passwords differ.") if again and again != password else ""
        self.again.show_problem(differs)
        is_entered = not why and again == password
        for field in (self.group, self.password, self.again):
            field.setEnabled(not self._is_checking and not self._is_sent)
        self.check.setEnabled(is_entered and not self._is_checking and not self._is_sent)
        self.create_.setEnabled(self._is_good and not self._is_sent)
        for button, is_next in ((self.check, not self._is_good), (self.create_, self._is_good)):
            button.setProperty("primary", is_next)
            button.style().unpolish(button)
            button.style().polish(button)
        self.view.setVisible(self.model.rowCount() > 0)

    @property
    def _group(self) -> ResourceGroup:
        return self._groups[self.group.currentIndex()]

    def _check(self) -> None:
        group = self._group
        machine = self._machine._replace(resource_group=group.name)
        self._deployment = deployment_of(machine, group.subscription_id, self._s.clock())
        self._is_checking, self._is_good = True, False
        self._show(Glyph.RUNNING, tr("Azure is checking the deployment…"))
        password = self.password.edit.text()
        self._s.actions.check_deployment(group.connection_id, self._deployment, password)

    def _on_checked(
        self, resource_id: str, changes: tuple[WhatIfChange, ...], problem: Problem | None
    ) -> None:
        if self._deployment is None or self._deployment.resource_id != resource_id:
            return
        self._is_checking = False
        self.model.set_rows(deployments.what_if_rows(changes))
        fit_names(self.view)
        why = problem.text if problem is not None else rejection_reason(self._deployment, changes)
        self._is_good = not why
        good = tr("Azure's check found no problem. Nothing is created yet.")
        if problem is not None and problem.kind not in _REJECTIONS:
            self._show(Glyph.UNKNOWN, why, tr("Not checked"))
        elif why:
            self._show(Glyph.ERROR, why, tr("Can't be created"))
        else:
            self._show(Glyph.OK, good, tr("Checked"))

    def _create(self) -> None:
        assert self._deployment is not None  # the button is disabled until it was checked
        self._is_sent = True
        self._show(Glyph.RUNNING, tr("Sending the deployment to Azure…"))
        self.close_.setText(tr("Close"))
        password = self.password.edit.text()
        self._s.actions.deploy(self._group.connection_id, self._deployment, password)
        for field in (self.password, self.again):
            field.edit.blockSignals(True)
            field.edit.clear()
            field.edit.blockSignals(False)

    def _on_stored(self, is_stored: bool) -> None:
        """If it was rejected, the main window shows why, and it can be entered again."""
        if self._is_sent and not is_stored:
            self._is_sent = False
            self._reset()
            self._show(Glyph.ERROR, tr("Nothing was sent to Azure. Close this dialog to see why."))

    def _on_changed(self, changes: ChangedTables) -> None:
        if not self._is_sent or self._deployment is None or not changes.affects(_TABLES):
            return
        row = deployments.latest(self._s.source, self._deployment.resource_id)
        if row is None:
            return
        if row.state in (OperationState.FAILED, OperationState.CANCELED):
            self._is_sent = False
            self._reset()
        elif row.state is OperationState.SUCCEEDED:
            self.model.set_rows([])
        note = row.note or row.state.label
        if row.state is OperationState.RUNNING:
            note = tr("{note} You can close this dialog; Azure continues.", note=note)
        self._show(deployments.glyph_of(row), note)

    def reject(self) -> None:
        """Close; a deployment that was sent continues, and a notification follows."""
        row = (
            deployments.latest(self._s.source, self._deployment.resource_id)
            if self._is_sent and self._deployment is not None
            else None
        )
        if row is not None and not row.state.is_final:
            machine = row.deployment.machine
            titles = {
                OperationState.QUEUED: tr("{machine} waits to be sent to Azure", machine=machine),
                OperationState.SENT: tr(
                    "{machine} was requested; Azure hasn't answered yet", machine=machine
                ),
                OperationState.RUNNING: tr("Azure is creating {machine}", machine=machine),
            }
            if row.state in titles:
                end = tr("A notification follows when it ends.")
                self._s.outcomes.add(Glyph.INFO, titles[row.state], end)
        super().reject()
