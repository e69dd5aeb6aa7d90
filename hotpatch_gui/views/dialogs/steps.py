"""A dialog in steps, with Back and Next. Cancel is the default."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import NORMAL_WEIGHT, SEMIBOLD_WEIGHT, TITLE_PX
from hotpatch_gui.translation import translator
from hotpatch_gui.views.widgets.labels import label, line
from hotpatch_gui.views.widgets.screen_room import resize_within_screen

tr = translator("StepsDialog")


class StepsDialog(QDialog):
    """A subclass adds steps, checks them, and performs the action of the last button."""

    def __init__(self, theme: Theme, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setModal(True)
        resize_within_screen(self, 860 * theme.scale, 600 * theme.scale)
        self._names: list[QLabel] = []
        self._name_row = QHBoxLayout()
        self._name_row.setSpacing(px(8))
        self.pages = QStackedWidget()
        self.pages.setObjectName("surface")
        self.problem = label(theme, role="error", wrap=True)
        self.problem.setObjectName("stepProblem")
        self.back = QPushButton(tr("Back"))
        self.next = QPushButton(tr("Next"))
        self.act = QPushButton()
        self.cancel = QPushButton(tr("Cancel"))
        for button, name in (
            (self.back, "stepBack"),
            (self.next, "stepNext"),
            (self.act, "stepAct"),
            (self.cancel, "stepCancel"),
        ):
            button.setObjectName(name)
            button.setAutoDefault(button in (self.back, self.next))  # never the action's button
        self.act.setProperty("primary", True)
        self.cancel.setDefault(True)
        self._lay_out(title)
        self.back.clicked.connect(lambda: self.go_to(self.pages.currentIndex() - 1))
        self.next.clicked.connect(lambda: self.go_to(self.pages.currentIndex() + 1))
        self.act.clicked.connect(self.do_it)
        self.cancel.clicked.connect(self.reject)

    def _lay_out(self, title: str) -> None:
        head = QVBoxLayout()
        head.setContentsMargins(insets(24, 16, 24, 12))
        head.setSpacing(px(12))
        head.addWidget(label(self._theme, title, px=TITLE_PX, weight=SEMIBOLD_WEIGHT))
        head.addLayout(self._name_row)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(insets(24, 12, 24, 16))
        buttons.setSpacing(px(8))
        buttons.addWidget(self.problem, 1)
        for button in (self.back, self.next, self.act, self.cancel):
            buttons.addWidget(button)
        surface = QFrame()
        surface.setObjectName("surface")
        column = QVBoxLayout(surface)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(line())
        column.addWidget(self.pages, 1)
        column.addWidget(line())
        column.addLayout(buttons)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(surface)

    def add_step(self, name: str, page: QWidget) -> None:
        number = len(self._names)
        if number:
            self._name_row.addWidget(label(self._theme, "›", role="secondary"))
        shown = label(self._theme, f"{number + 1}  {name}")
        self._names.append(shown)
        self._name_row.addWidget(shown)
        self.pages.addWidget(page)

    def finish(self) -> None:
        """Finish after the last step was added."""
        self._name_row.addStretch(1)
        self.go_to(0)

    def go_to(self, number: int) -> None:
        if not 0 <= number < self.pages.count():
            return
        self.entering(number)
        self.pages.setCurrentIndex(number)
        last = number == self.pages.count() - 1
        self.back.setVisible(number > 0)
        self.next.setVisible(not last)
        self.act.setVisible(last)
        self.back.setAutoDefault(not last)
        (self.cancel if last else self.next).setDefault(True)
        for index, name in enumerate(self._names):
            name.ensurePolished()
            name.setProperty("role", "" if index == number else "secondary")
            name.style().unpolish(name)
            name.style().polish(name)
            name.setFont(
                self._theme.font(weight=SEMIBOLD_WEIGHT if index == number else NORMAL_WEIGHT)
            )
        self.check()

    def entering(self, number: int) -> None:
        """Called when a step becomes visible."""

    def check(self) -> None:
        """Show the problem, and whether Next is possible."""
        problem = self.find_problem()
        self.problem.setText(problem)
        self.problem.setProperty("role", "secondary" if self.is_incomplete() else "error")
        self.problem.style().unpolish(self.problem)
        self.problem.style().polish(self.problem)
        self.next.setEnabled(not problem)
        self.act.setEnabled(not problem)

    def find_problem(self) -> str:
        """Why Next isn't possible; empty if it is."""
        return ""

    def is_incomplete(self) -> bool:
        """Whether only required input is missing."""
        return False

    def do_it(self) -> None:
        """Perform the last step's action."""
        raise NotImplementedError
