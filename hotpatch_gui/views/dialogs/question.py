"""A question with one action; Cancel has the focus."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QPushButton, QWidget

from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.translation import translator
from hotpatch_gui.views.widgets.labels import label

from .surface import SurfaceDialog

tr = translator("QuestionDialog")

SIZE_PX = (460, 180)


class QuestionDialog(SurfaceDialog):
    """Asks whether to ``act``; ``consequence`` says what happens then."""

    def __init__(
        self,
        theme: Theme,
        title: str,
        parent: QWidget,
        *,
        consequence: str,
        yes: str,
        act: Callable[[], object],
    ) -> None:
        super().__init__(theme, "questionDialog", title, parent)
        self.consequence = label(theme, consequence, wrap=True)
        self.column.addWidget(self.consequence)
        self.column.addStretch(1)
        self._act = act
        self.yes = QPushButton(yes)
        self.yes.setObjectName("questionYes")
        self.yes.clicked.connect(self._accept)
        self.cancel = self.closer(tr("Cancel"))
        self.finish(SIZE_PX, self.yes, self.cancel)
        self.cancel.setFocus()

    def _accept(self) -> None:
        self.accept()
        self._act()
