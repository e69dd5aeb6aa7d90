"""Confirmation for many machines or a restart: which, which are skipped and why, and the effect. Cancel has the focus."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QPushButton, QWidget

from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.translation import translator
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.typed_number import TypedNumber

from .surface import SurfaceDialog

tr = translator("ConfirmDialog")

MAX_NAMES = 10
SIZE_PX = (520, 220)
Skipped = Sequence[tuple[str, str]]
"""(machine, reason)."""


class ConfirmDialog(SurfaceDialog):
    """Asks whether to ``do`` it; ``what`` names it, and ``meaning`` is the effect.

    ``machines`` are (row ID, name), ``skipped`` those on which it isn't possible.
    """

    def __init__(
        self,
        theme: Theme,
        what: str,
        machines: Sequence[tuple[int, str]],
        parent: QWidget,
        *,
        meaning: str,
        do: Callable[[Sequence[int]], object],
        skipped: Skipped = (),
    ) -> None:
        count = len(machines)
        super().__init__(theme, "confirmDialog", f"{what}?", parent)
        self._ids, self._do = [i for i, _ in machines], do
        self.column.addWidget(label(theme, f"{_names([name for _, name in machines])}.", wrap=True))
        self.column.addWidget(label(theme, meaning, role="secondary", wrap=True))
        self.skipped = label(theme, _skipped_text(count, skipped), wrap=True)
        self.skipped.setObjectName("confirmSkipped")
        self.skipped.setVisible(bool(skipped))
        self.column.addWidget(self.skipped)
        self.typed = TypedNumber(theme, count)
        self.column.addWidget(self.typed)
        self.column.addStretch(1)
        self.yes = QPushButton(what)
        self.yes.setObjectName("confirmYes")
        self.yes.setProperty("primary", True)
        self.yes.clicked.connect(self._act)
        self.typed.textChanged.connect(self._check)
        self.cancel = self.closer(tr("Cancel"))
        self.finish(SIZE_PX, self.yes, self.cancel)
        self.cancel.setFocus()
        self._check()

    def _check(self) -> None:
        self.yes.setEnabled(not self.typed.problem)
        self.yes.setToolTip(self.typed.problem)

    def _act(self) -> None:
        self.yes.setEnabled(False)
        self._do(self._ids)
        self.accept()


def _names(names: Sequence[str]) -> str:
    more = tr(" and %n more", len(names) - MAX_NAMES) if len(names) > MAX_NAMES else ""
    return f"{', '.join(names[:MAX_NAMES])}{more}"


def _skipped_text(affected: int, skipped: Skipped) -> str:
    """The number of skipped machines, then their names by reason."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for name, reason in skipped:
        by_reason[reason].append(name)
    lines = [f"{_names(names)}: {reason}" for reason, names in by_reason.items()]
    total = affected + len(skipped)
    return "\n".join(
        [tr("{total:,} selected; {count:,} skipped:", total=total, count=len(skipped)), *lines]
    )
