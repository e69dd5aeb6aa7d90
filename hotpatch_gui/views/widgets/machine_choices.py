"""The choices above the machines: by state, the list's order, and the grid's groups."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from hotpatch_gui.domain.compliance_group import ComplianceGroup
from hotpatch_gui.domain.machine_filter import Dimension, Grouping
from hotpatch_gui.domain.situation import Situation
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services

tr = translator("MachineChoices")

CHOICE_PX = 240
"""At most, the width of a choice."""
LONGEST_BEHIND = tr.mark("Longest behind")
SORTS = (
    (tr.mark("Most urgent"), "urgency", True),
    (LONGEST_BEHIND, "missing", False),
    (tr.mark("Name"), "name", False),
    (tr.mark("Most updates"), "updates", True),
    (tr.mark("Oldest assessment"), "assessed", False),
)


class MachineChoices(QWidget):
    """The list has a state and an order, the grid a state and groups.

    Signals:
        state_chosen (): ``situations`` are others.
        order_chosen (): ``order`` is another.
        groups_chosen (): ``grouping`` is another.
    """

    state_chosen = Signal()
    order_chosen = Signal()
    groups_chosen = Signal()

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._s = services
        self.state = _choice("machineState", tr("Show machines by status"))
        self.state.addItem(tr("All machines"), ())
        for group in ComplianceGroup:
            self.state.addItem(group.label, group.stored)
        self.state.insertSeparator(self.state.count())
        groups = {group.label for group in ComplianceGroup}
        for situation in Situation:
            name = situation.label
            text = tr("Status: {name}", name=name) if name in groups else name
            self.state.addItem(text, (situation.value,))
        self.sort = _choice("machineSort", tr("Sort machines by"))
        for text, key, descending in SORTS:
            self.sort.addItem(tr(text), (key, descending))
        self.group = _choice("machineGroup", tr("Group machines by"))
        self.group.addItem(tr("Not grouped"))
        for dimension in Dimension:
            self.group.addItem(dimension.grouped_label, dimension)
        self.tag = _choice("machineTag", tr("Name of the tag"))
        self._row = QHBoxLayout(self)
        self._row.setSpacing(px(8))
        for box in (self.state, self.sort, self.group, self.tag):
            box.setMaximumWidth(round(CHOICE_PX * services.theme.scale))
            self._row.addWidget(box, 1)
        self._row.addStretch(0)
        self.show_for(as_grid=False)
        self.state.currentIndexChanged.connect(self.state_chosen)
        self.sort.currentIndexChanged.connect(self.order_chosen)
        self.group.currentIndexChanged.connect(self.groups_chosen)
        self.tag.currentIndexChanged.connect(self.groups_chosen)

    def show_for(self, *, as_grid: bool) -> None:
        """Show the choices of the grid or of the list."""
        self.sort.setVisible(not as_grid)
        self.group.setVisible(as_grid)
        self.tag.setVisible(as_grid and self.group.currentData() == Dimension.TAG)

    def set_side_margin(self, side_px: int) -> None:
        """Align the choices with a page or a panel."""
        self._row.setContentsMargins(insets(side_px, 4, side_px, 12))

    @property
    def situations(self) -> tuple[str, ...]:
        """The situations of the state; empty for all."""
        return tuple(self.state.currentData())

    def show_situations(self, situations: tuple[str, ...]) -> bool:
        """Show a state without choosing it; False if no state has these situations, and all machines are shown."""
        choices = [self.state.itemData(n) for n in range(self.state.count())]
        is_known = situations in choices
        with QSignalBlocker(self.state):
            self.state.setCurrentIndex(choices.index(situations) if is_known else 0)
        return is_known

    @property
    def order(self) -> tuple[str, bool]:
        """The list's sort key, and whether it is descending."""
        key, descending = self.sort.currentData()
        return key, descending

    def sort_by_longest_behind(self) -> None:
        """Sort the list by how long a monthly update has been missing."""
        self.sort.setCurrentText(tr(LONGEST_BEHIND))

    @property
    def grouping(self) -> Grouping | None:
        """The grid's groups; a tag also needs a name."""
        selected = self.group.currentData()
        is_tag = selected == Dimension.TAG
        if is_tag and not self.tag.count():
            from hotpatch_gui.models.filters import tag_names  # noqa: PLC0415 - after the first paint

            with QSignalBlocker(self.tag):
                self.tag.addItems(tag_names(self._s.source))
        self.tag.setVisible(is_tag)
        if selected is None:
            return None
        return Grouping(Dimension(selected), self.tag.currentText() if is_tag else "")

    @property
    def stored(self) -> dict[str, str]:
        """The order and the groups, for the next session."""
        return {
            "sort": self.sort.currentText(),
            "group": str(self.group.currentData() or ""),
            "tag": self.tag.currentText(),
        }

    def restore(self, stored: Mapping[str, str]) -> None:
        """Show what ``stored`` was in the last session."""
        self.sort.setCurrentIndex(max(0, self.sort.findText(stored.get("sort", ""))))
        self.group.setCurrentIndex(max(0, self.group.findData(stored.get("group"))))
        if stored.get("tag"):
            _ = self.grouping  # lists the tags
            self.tag.setCurrentText(stored["tag"])


def _choice(name: str, spoken: str) -> QComboBox:
    box = QComboBox()
    box.setObjectName(name)
    box.setAccessibleName(spoken)
    box.setMinimumContentsLength(8)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return box
