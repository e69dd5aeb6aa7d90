"""Before many machines, or one that restarts: which, what it means, Cancel as the default."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QPushButton, QWidget

from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.typed_number import TypedNumber

from .surface import SurfaceDialog

NAMED = 10
SIZE_PX = (520, 220)


class ConfirmDialog(SurfaceDialog):
    """Asks whether to ``do`` what ``verb`` names on these machines; ``meaning`` says what comes of it."""

    def __init__(
        self, theme: Theme, verb: str, rows: Sequence[sqlite3.Row], parent: QWidget, *,
        meaning: str, do: Callable[[Sequence[int]], object],
    ) -> None:  # fmt: skip
        count = len(rows)
        what = f"{verb} {count:,} machine{'' if count == 1 else 's'}"
        super().__init__(theme, "confirmDialog", f"{what}?", parent)
        self._ids, self._do = [r["id"] for r in rows], do
        names = ", ".join(r["display_name"] for r in rows[:NAMED])
        more = f" and {count - NAMED:,} more" if count > NAMED else ""
        self.column.addWidget(label(theme, f"{names}{more}.", wrap=True))
        self.column.addWidget(label(theme, meaning, role="secondary", wrap=True))
        self.typed = TypedNumber(theme, count)
        self.column.addWidget(self.typed)
        self.column.addStretch(1)
        self.yes = QPushButton(what)
        self.yes.setObjectName("confirmYes")
        self.yes.setProperty("primary", True)
        self.yes.clicked.connect(self._act)
        self.typed.textChanged.connect(self._check)
        self.finish(SIZE_PX, self.yes, self.closer("Cancel"))
        self._check()

    def _check(self) -> None:
        self.yes.setEnabled(not self.typed.problem)
        self.yes.setToolTip(self.typed.problem)

    def _act(self) -> None:
        self.yes.setEnabled(False)
        self._do(self._ids)
        self.accept()
