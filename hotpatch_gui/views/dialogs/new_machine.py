"""The dialog of a new machine with hotpatch: its choices, why Azure would accept them, and the file that makes it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QIODevice, QSaveFile, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from hotpatch_gui.domain.installs import RestartSetting
from hotpatch_gui.domain.machine_files import Format, encoded, written
from hotpatch_gui.domain.new_machine import IMAGES, ZONES, NewMachine, SecurityType, faults
from hotpatch_gui.domain.off_peak import windows_zone_names
from hotpatch_gui.domain.settings import Orchestration
from hotpatch_gui.models import new_machine_form
from hotpatch_gui.models.resource_groups import ResourceGroup, named
from hotpatch_gui.models.row_model import plain_tip
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import px
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, SUBTITLE_PX
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.form import Form
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.points import Point, Points
from hotpatch_gui.views.widgets.scroll_area import scrolling

from .deploy import DeployDialog
from .once import open_once
from .surface import SurfaceDialog

tr = translator("NewMachineDialog")

SIZE_PX = (1000, 600)
NOT_KNOWN = tr.mark("No connection that allows changes has a machine in this resource group.")


class NewMachineDialog(SurfaceDialog):
    """Makes the file of a machine, or creates the machine in Azure after a check.

    Args:
        groups: known resource groups and regions, as suggestions.
        draft: what the fields show first; None for the usual choices.
    """

    def __init__(
        self,
        services: Services,
        parent: QWidget,
        groups: Sequence[ResourceGroup],
        draft: NewMachine | None = None,
    ) -> None:
        super().__init__(services.theme, "newMachineDialog", tr("New hotpatch machine"), parent)
        self._s, self._groups = services, groups
        self._make_fields(groups)
        self._make_results()
        self._lay_out()
        copy = QPushButton(tr("Copy"))
        copy.setObjectName("newMachineCopy")
        copy.clicked.connect(self._copy)
        self.save = QPushButton(tr("Save as…"))
        self.save.setObjectName("newMachineSave")
        self.save.setProperty("primary", True)
        self.save.clicked.connect(self._save_as)
        self.deploy = QPushButton(tr("Create in Azure…"))
        self.deploy.setObjectName("newMachineDeploy")
        self.deploy.clicked.connect(self._deploy)
        self._needs_file = (copy, self.save)
        self.finish(SIZE_PX, copy, self.save, self.deploy, self.closer(), default=self.save)
        self._fill(
            draft or NewMachine("", "", "", new_machine_form.USUAL_SIZE, "", time_zone="UTC")
        )
        self._connect()
        self._show()

    def _make_fields(self, groups: Sequence[ResourceGroup]) -> None:
        self.name = self._line("newMachineName", tr("Up to 15 characters"))
        names = list(dict.fromkeys(group.name for group in groups))
        regions = sorted({region for group in groups for region in group.locations})
        self.group = self._choice("newMachineGroup", names, is_editable=True)
        self.region = self._choice("newMachineRegion", regions, is_editable=True)
        self.zone = self._choice("newMachineZone", [tr("None"), *ZONES])
        self.size_ = self._line("newMachineSize", tr("For example, {size}", size="Standard_D2s_v5"))
        self.image = self._choice("newMachineImage", map(new_machine_form.image_label, IMAGES))
        self.security = self._choice("newMachineSecurity", [s.label for s in SecurityType])
        self.hotpatch = QCheckBox(tr("Enable hotpatch"))
        self.hotpatch.setObjectName("newMachineHotpatch")
        self.orchestration = self._choice(
            "newMachineOrchestration", [o.label for o in Orchestration]
        )
        for number, orchestration in enumerate(Orchestration):
            tip = plain_tip(orchestration.meaning())
            self.orchestration.setItemData(number, tip, Qt.ItemDataRole.ToolTipRole)
        self.periodic = QCheckBox(tr("Periodic assessment, every 24 hours"))
        self.periodic.setObjectName("newMachinePeriodic")
        self.restart = self._choice("newMachineRestart", [r.label for r in RestartSetting])
        self.time_zone = self._choice("newMachineTimeZone", windows_zone_names(), is_editable=True)
        self.subnet = self._line("newMachineSubnet", tr("Resource ID; empty for a new network"))
        self.admin = self._line("newMachineAdmin", tr("You enter the password when you deploy"))

    def _line(self, name: str, hint: str) -> QLineEdit:
        made = QLineEdit()
        made.setObjectName(name)
        made.setPlaceholderText(hint)
        return made

    def _choice(
        self, name: str, texts: Sequence[str] | map[str], *, is_editable: bool = False
    ) -> QComboBox:
        made = QComboBox()
        made.setObjectName(name)
        made.setEditable(is_editable)
        made.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        made.addItems(list(texts))
        made.setMinimumContentsLength(12)
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        return made

    def _make_results(self) -> None:
        theme = self._s.theme
        self.points = Points(theme)
        self.points.setObjectName("newMachinePoints")
        self.format = self._choice("newMachineFormat", [f.label for f in Format])
        self.format.setAccessibleName(tr("Kind of file"))
        self.text = QPlainTextEdit()
        self.text.setObjectName("newMachineText")
        self.text.setAccessibleName(tr("File"))
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setMinimumHeight(round(160 * theme.scale))

    def _lay_out(self) -> None:
        form = Form()
        for title, field in (
            (tr("Name"), self.name),
            (tr("Resource group"), self.group),
            (tr("Region"), self.region),
            (tr("Availability zone"), self.zone),
            (tr("Image"), self.image),
            (tr("Size"), self.size_),
            (tr("Security type"), self.security),
            ("", self.hotpatch),
            (tr("Patch orchestration"), self.orchestration),
            ("", self.periodic),
            (tr("Restart"), self.restart),
            (tr("Time zone"), self.time_zone),
            (tr("Subnet"), self.subnet),
            (tr("Administrator"), self.admin),
        ):
            form.add(title, field)
        why = QVBoxLayout()
        why.setSpacing(px(12))
        why.addWidget(self._heading(tr("Checks")))
        why.addWidget(self.points)
        head = QHBoxLayout()
        head.addWidget(self._heading(tr("Template")), 1)
        head.addWidget(self.format)
        right = QVBoxLayout()
        right.setSpacing(px(8))
        right.addWidget(scrolling(tr("Checks"), why), 1)
        right.addLayout(head)
        right.addWidget(self.text, 1)
        parts = QHBoxLayout()
        parts.setSpacing(px(16))
        parts.addWidget(scrolling(tr("Machine"), form), 11)
        parts.addLayout(right, 10)
        self.column.addLayout(parts, 1)

    def _heading(self, text: str) -> QWidget:
        return label(self._s.theme, text, px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT)

    def _fill(self, draft: NewMachine) -> None:
        self.name.setText(draft.name)
        self.group.setCurrentText(draft.resource_group or self.group.currentText())
        self.region.setCurrentText(draft.location or self.region.currentText())
        self.zone.setCurrentText(draft.zone or tr("None"))
        self.size_.setText(draft.size)
        self.image.setCurrentIndex(IMAGES.index(draft.image))
        self.security.setCurrentText(draft.security.label)
        self.hotpatch.setChecked(draft.hotpatch)
        self.orchestration.setCurrentText(draft.orchestration.label)
        self.periodic.setChecked(draft.periodic_assessment)
        self.restart.setCurrentText(draft.restart.label)
        self.time_zone.setCurrentText(draft.time_zone)
        self.subnet.setText(draft.subnet)
        self.admin.setText(draft.admin)

    def _connect(self) -> None:
        for edit in (self.name, self.size_, self.subnet, self.admin):
            edit.textChanged.connect(self._show)
        for editable in (self.group, self.region, self.time_zone):
            editable.currentTextChanged.connect(self._show)
        for box in (
            self.zone,
            self.image,
            self.security,
            self.orchestration,
            self.restart,
            self.format,
        ):
            box.currentIndexChanged.connect(self._show)
        for tick in (self.hotpatch, self.periodic):
            tick.toggled.connect(self._show)

    @property
    def machine(self) -> NewMachine:
        """The machine as entered."""
        return NewMachine(
            self.name.text().strip(),
            self.group.currentText().strip(),
            self.region.currentText().strip(),
            self.size_.text().strip(),
            self.admin.text().strip(),
            IMAGES[self.image.currentIndex()],
            ZONES[self.zone.currentIndex() - 1] if self.zone.currentIndex() > 0 else "",
            tuple(SecurityType)[self.security.currentIndex()],
            self.hotpatch.isChecked(),
            tuple(Orchestration)[self.orchestration.currentIndex()],
            self.periodic.isChecked(),
            tuple(RestartSetting)[self.restart.currentIndex()],
            self.time_zone.currentText().strip(),
            self.subnet.text().strip(),
        )

    @property
    def _format(self) -> Format:
        return tuple(Format)[self.format.currentIndex()]

    def _show(self) -> None:
        """Show whether Azure would accept the machine, and its file if it would."""
        machine = self.machine
        found = faults(machine)
        self.points.show_points([Point(*p) for p in new_machine_form.points(machine, found)])
        self.text.setPlainText("" if found else written(machine, self._format))
        self.text.setPlaceholderText(tr("The file appears when all checks pass.") if found else "")
        for button in self._needs_file:
            button.setEnabled(not found)
            button.setToolTip(plain_tip(found[0].sentence if found else ""))
        why = found[0].sentence if found else "" if self._known else tr(NOT_KNOWN)
        self.deploy.setEnabled(not why)
        self.deploy.setToolTip(plain_tip(why))

    @property
    def _known(self) -> list[ResourceGroup]:
        """The known resource groups with the machine's."""
        return named(self._groups, self.machine.resource_group)

    def _deploy(self) -> None:
        machine, groups = self.machine, self._known
        open_once(self, lambda: DeployDialog(self._s, self, machine, groups))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())

    def _save_as(self) -> None:
        dialog = QFileDialog(self, tr("Save the file"))
        dialog.setObjectName("newMachineFile")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(self._format.file_name)
        dialog.fileSelected.connect(self.write)
        dialog.open()

    def write(self, path: str) -> None:
        """Write the file, and report its path or the error."""
        file = QSaveFile(path)
        content = encoded(self.text.toPlainText(), self._format)
        is_written = (
            file.open(QIODevice.OpenModeFlag.WriteOnly)
            and file.write(content) == len(content)
            and file.commit()
        )
        if is_written:
            self._s.outcomes.add(Glyph.OK, tr("The new machine's file was saved"), path)
        else:
            why = tr("{path}: {why}", path=path, why=file.errorString())
            self._s.outcomes.add(Glyph.ERROR, tr("The file wasn't saved"), why)
