"""The check that the scenes rely on can fail."""

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from helpers.layout import cut_off


def test_a_text_that_is_cut_off_is_found(qapp) -> None:
    root = QWidget()
    text = QLabel("word " * 40)
    text.setWordWrap(True)
    QVBoxLayout(root).addWidget(text)
    root.resize(200, 400)
    root.grab()
    assert cut_off(root) == []
    text.setFixedHeight(12)
    root.grab()
    assert cut_off(root) == [text.text()]
