"""The glossary in Help."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from hotpatch_gui.domain.glossary import TERMS
from hotpatch_gui.theme.theme import Theme
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT
from hotpatch_gui.translation import translated, translator
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.scroll_area import ScrollArea

from .surface import SurfaceDialog

tr = translator("GlossaryDialog")

TERM_PX = 170


class GlossaryDialog(SurfaceDialog):
    """Explains the terms."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, "glossaryDialog", tr("Glossary"), parent)
        terms = QWidget()
        terms.setObjectName("surface")
        grid = QGridLayout(terms)
        grid.setContentsMargins(0, 0, 12, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(12)
        grid.setColumnMinimumWidth(0, round(TERM_PX * theme.scale))
        grid.setColumnStretch(1, 1)
        top = Qt.AlignmentFlag.AlignTop
        for row, (term, meaning) in enumerate(TERMS):
            grid.addWidget(label(theme, translated(term), weight=SEMIBOLD_WEIGHT), row, 0, top)
            grid.addWidget(label(theme, translated(meaning), wrap=True), row, 1, top)
        scroll = ScrollArea(terms)
        scroll.setAccessibleName(tr("Glossary"))
        self.column.addWidget(scroll, 1)
        closer = self.closer()
        self.finish((680, 560), closer)
        closer.setFocus()
