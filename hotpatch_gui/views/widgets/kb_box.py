"""A field for pasted KB numbers; invalid ones are underlined."""

from __future__ import annotations

from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit

from hotpatch_gui.domain.kb import KbList, read_kbs, without_kb
from hotpatch_gui.theme.theme import Theme

HEIGHT_PX = 54


class KbBox(QPlainTextEdit):
    """``kbs`` are the valid numbers."""

    def __init__(self, theme: Theme, name: str, spoken: str, hint: str) -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName(name)
        self.setAccessibleName(spoken)
        self.setPlaceholderText(hint)
        self.setTabChangesFocus(True)
        self.setFixedHeight(round(HEIGHT_PX * theme.scale))
        self.textChanged.connect(self._mark)

    @property
    def _read(self) -> KbList:
        return read_kbs(self.toPlainText())

    @property
    def kbs(self) -> tuple[str, ...]:
        return self._read.kbs

    def add_kb(self, kb: str) -> None:
        """Append a number."""
        text = self.toPlainText().rstrip(" ,;\n")
        self.setPlainText(f"{text}, {kb}" if text else kb)

    def remove_kb(self, kb: str) -> None:
        """Remove each spelling of a number; the rest of the text stays."""
        text = self.toPlainText()
        left = without_kb(text, kb)
        if left != text:
            self.setPlainText(left)

    def _mark(self) -> None:
        marked = []
        text = self.toPlainText()
        for start, end, _ in self._read.invalid:
            one = QTextEdit.ExtraSelection()
            cursor, form = QTextCursor(self.document()), QTextCharFormat()
            cursor.setPosition(_place(text, start))
            cursor.setPosition(_place(text, end), QTextCursor.MoveMode.KeepAnchor)
            form.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
            form.setUnderlineColor(QColor(self._theme.tokens.error))
            one.cursor, one.format = cursor, form
            marked.append(one)
        self.setExtraSelections(marked)


def _place(text: str, index: int) -> int:
    """A position in UTF-16 units, which Qt uses and of which an emoji takes two."""
    return len(text[:index].encode("utf-16-le", "surrogatepass")) // 2
