"""The machine list's filters: a menu to add them, and a chip for each that removes it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QInputDialog, QMenu, QPushButton, QVBoxLayout, QWidget

from hotpatch_gui.domain.machine_filter import (
    EVERY_MACHINE,
    Choice,
    Condition,
    Dimension,
    MachineFilter,
)
from hotpatch_gui.models.row_model import plain_tip
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.translation import translator
from hotpatch_gui.views.dialogs.once import open_once
from hotpatch_gui.views.services import Services

tr = translator("FilterBar")

CHIP_PX = 264
"""At most, the width of a chip's text."""


class FilterBar(QWidget):
    """Chips below the list's head. ``button`` is placed by the page.

    Signals:
        filtered (MachineFilter): the user changed the filter.
    """

    filtered = Signal(object)

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._s = services
        self.machine_filter = EVERY_MACHINE
        self.chips: list[QPushButton] = []
        self.button = QPushButton(tr("Filter"))
        self.button.setObjectName("machineFilter")
        self.menu = QMenu(self.button)
        self.menu.setObjectName("machineFilterMenu")
        self.menu.aboutToShow.connect(self._fill_menu)
        self.button.setMenu(self.menu)
        self._column = QVBoxLayout(self)
        self._column.setSpacing(px(4))
        self.hide()

    def set_side_margin(self, side_px: int) -> None:
        """The margin at the left and right."""
        self._column.setContentsMargins(insets(side_px, 0, side_px, 12))

    def show_filter(self, machine_filter: MachineFilter) -> None:
        """Show the filter's chips."""
        self.machine_filter = machine_filter
        for chip in self.chips:
            self._column.removeWidget(chip)
            chip.deleteLater()
        self.chips = [
            self._chip(choice.text, machine_filter.with_choice(choice._replace(keys=())))
            for choice in machine_filter.choices
        ]
        if machine_filter.condition is not None:
            self.chips.append(
                self._chip(machine_filter.condition.label, machine_filter._replace(condition=None))
            )
        self.setVisible(bool(self.chips))

    def _chip(self, text: str, without: MachineFilter) -> QPushButton:
        """A chip; a click applies the filter without it."""
        name = " ".join(text.split())
        chip = QPushButton()
        chip.setObjectName(f"filterChip-{len(self.chips)}")
        chip.setProperty("chip", True)
        self._column.addWidget(chip, 0, Qt.AlignmentFlag.AlignLeft)
        chip.ensurePolished()
        width = round(CHIP_PX * self._s.theme.scale)
        shown = chip.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, width)
        chip.setText(f"{shown.replace('&', '&&')} ✕")
        chip.setToolTip(plain_tip(f"{name}\n{tr('Remove this filter')}"))
        chip.setAccessibleName(tr("Remove the filter {name}", name=name))
        chip.clicked.connect(lambda: self.filtered.emit(without))
        return chip

    def _fill_menu(self) -> None:
        from hotpatch_gui.models.filters import tag_names  # noqa: PLC0415 - after the first paint

        for menu in self.menu.findChildren(QMenu):
            menu.deleteLater()  # clear() leaves submenus
        self.menu.clear()
        for dimension in Dimension:
            if dimension is not Dimension.TAG:
                action = self.menu.addAction(f"{dimension.label}…")
                action.triggered.connect(partial(self.open_values, dimension))
        names = tag_names(self._s.source)
        tags = self.menu.addMenu(Dimension.TAG.label)
        tags.setEnabled(bool(names))
        for name in names:
            action = tags.addAction(f"{name.replace('&', '&&')}…")
            action.triggered.connect(partial(self.open_values, Dimension.TAG, name))
        only = self.menu.addMenu(tr("Show only"))
        for condition in Condition:
            action = only.addAction(condition.label)
            action.setCheckable(True)
            action.setChecked(self.machine_filter.condition is condition)
            action.triggered.connect(partial(self._toggle, condition))
        self._add_saved()

    def _add_saved(self) -> None:
        saved = self._s.preferences.filters
        self.menu.addSeparator()
        for name in saved:
            action = self.menu.addAction(name.replace("&", "&&"))
            action.triggered.connect(partial(self._apply_saved, name))
        save = self.menu.addAction(tr("Save filter…"))
        save.setEnabled(self.machine_filter != EVERY_MACHINE)
        self.menu.setToolTipsVisible(True)
        save.setToolTip("" if save.isEnabled() else tr("Choose a filter or search first."))
        save.triggered.connect(self._save)
        delete = self.menu.addMenu(tr("Delete saved filter"))
        delete.setEnabled(bool(saved))
        for name in saved:
            action = delete.addAction(name.replace("&", "&&"))
            action.triggered.connect(partial(self._delete, name))
        clear = self.menu.addAction(tr("Clear filters"))
        clear.setEnabled(self.machine_filter != EVERY_MACHINE)
        clear.triggered.connect(lambda: self.filtered.emit(MachineFilter(self.machine_filter.text)))

    def open_values(self, dimension: Dimension, tag: str = "") -> None:
        """Choose values of a dimension."""
        from hotpatch_gui.views.dialogs.filter_values import FilterValuesDialog  # noqa: PLC0415 - after the first paint

        same = (c for c in self.machine_filter.choices if (c.dimension, c.tag) == (dimension, tag))
        ticked = frozenset(key for c in same for key in c.keys)
        open_once(
            self,
            lambda: FilterValuesDialog(
                self._s, dimension, self.window(), tag=tag, ticked=ticked, apply=self._apply
            ),
        )

    def _apply(self, choice: Choice) -> None:
        self.filtered.emit(self.machine_filter.with_choice(choice))

    def _toggle(self, condition: Condition) -> None:
        was = self.machine_filter.condition is condition
        self.filtered.emit(self.machine_filter._replace(condition=None if was else condition))

    def _apply_saved(self, name: str) -> None:
        from hotpatch_gui.models.filters import from_text  # noqa: PLC0415 - after the first paint

        found = from_text(self._s.preferences.filters.get(name, ""))
        if found is None:
            self._s.outcomes.add(
                Glyph.ERROR,
                tr("The saved filter “{name}” can't be read", name=name),
                tr("The current filter is unchanged. Delete the saved one and save it again."),
            )
        else:
            self.filtered.emit(found)

    def _save(self) -> None:
        from hotpatch_gui.models.filters import to_text  # noqa: PLC0415 - after the first paint

        dialog = QInputDialog(self.window())
        dialog.setObjectName("saveFilterDialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(tr("Save filter"))
        dialog.setLabelText(tr("Name of the filter; an existing one of this name is replaced:"))

        def save(name: str) -> None:
            if name.strip():
                saved = {**self._s.preferences.filters, name.strip(): to_text(self.machine_filter)}
                self._s.preferences.filters = saved

        dialog.textValueSelected.connect(save)
        dialog.open()

    def _delete(self, name: str) -> None:
        self._s.preferences.filters = {
            n: text for n, text in self._s.preferences.filters.items() if n != name
        }
