"""The dialog that saves or prints a report."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from PySide6.QtWidgets import QCheckBox, QPushButton, QWidget

from hotpatch_gui.models.exports import Make, ReportChoice
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.export import Exporter
from hotpatch_gui.views.widgets.labels import label

from .surface import SurfaceDialog

tr = translator("ReportDialog")

SIZE_PX = (480, 240)


class ReportDialog(SurfaceDialog):
    """Saves or prints the report that ``make`` creates: with or without the audit log, and short or whole."""

    def __init__(
        self,
        services: Services,
        parent: QWidget,
        *,
        name: str,
        content: str,
        make: Callable[[ReportChoice], Make],
        exporter: Exporter,
        day: date | None = None,
        short: str = "",
    ) -> None:
        """``name`` and ``day`` are the suggested file name, ``content`` says what the report contains, ``short`` what a short one
        contains; empty if there is none."""
        super().__init__(services.theme, "reportDialog", tr("Report"), parent)
        self._name, self._day, self._make, self._exporter = name, day, make, exporter
        self.column.addWidget(label(services.theme, content, wrap=True))
        self.audit = QCheckBox(tr("Include the audit log of all machines"))
        self.audit.setObjectName("reportAudit")
        self.column.addWidget(self.audit)
        self.short = QCheckBox(short)
        self.short.setObjectName("reportShort")
        self.short.setVisible(bool(short))
        self.column.addWidget(self.short)
        self.column.addStretch(1)
        self.save = QPushButton(tr("Save as…"))
        self.save.setObjectName("reportSave")
        self.save.setProperty("primary", True)
        self.save.clicked.connect(self._save)
        self.print_button = QPushButton(tr("Print…"))
        self.print_button.setObjectName("reportPrint")
        self.print_button.clicked.connect(self._print)
        cancel = self.closer(tr("Cancel"))
        self.finish(SIZE_PX, self.save, self.print_button, cancel, default=self.save)

    def _save(self) -> None:
        self.accept()
        self._exporter.save_as(self._name, self._make(self._choice), self._day, has_tables=True)

    def _print(self) -> None:
        self.accept()
        self._exporter.print_out(self._make(self._choice))

    @property
    def _choice(self) -> ReportChoice:
        return ReportChoice(self.audit.isChecked(), self.short.isChecked())
