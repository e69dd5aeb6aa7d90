"""Help: every topic is found by its words, and names what to do and where to read more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.glossary import TERMS
from hotpatch_gui.domain.hotpatch import HotpatchStatus
from hotpatch_gui.domain.update_error_list import ERRORS
from hotpatch_gui.models.help_topics import SHORTCUTS, topic_groups
from hotpatch_gui.views.dialogs.about import AboutDialog
from hotpatch_gui.views.dialogs.help import HelpDialog


@pytest.fixture
def dialog(qapp: QApplication) -> Iterator[HelpDialog]:
    with Stage("light") as stage:
        stage.start()
        QTest.keyClick(stage.window, Qt.Key.Key_F1)
        (made,) = stage.window.findChildren(HelpDialog)
        yield made


def shown(dialog: HelpDialog) -> list[str]:
    """The titles of the listed topics."""
    return [
        head.child(n).text(0)
        for head in dialog._heads
        for n in range(head.childCount())
        if not head.isHidden() and not head.child(n).isHidden()
    ]


def test_each_status_and_error_has_a_help_topic() -> None:
    counts = [len(group.topics) for group in topic_groups()]
    assert counts == [len(TERMS), len(HotpatchStatus), len(ERRORS), len(SHORTCUTS)]
    for group in topic_groups():
        assert all(topic.title and topic.text for topic in group.topics), group.title
    errors = topic_groups()[2].topics
    assert all(topic.step and topic.page.startswith("https://") for topic in errors)


def test_a_code_is_found_with_its_step_and_its_page(
    dialog: HelpDialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    QTest.keyClicks(dialog.search, "0x80240022")
    assert len(shown(dialog)) == 1
    (error,) = [e for e in ERRORS if e.code.lower() == "0x80240022"]
    assert dialog.text.text().replace("\u200b", "") == error.meaning_text
    assert dialog.step.text().replace("\u200b", "") == error.step
    dialog.page.click()
    assert opened == [error.source]


def test_searching_narrows_the_topics_and_reports_no_match(dialog: HelpDialog) -> None:
    everything = shown(dialog)
    dialog.search.setText("restart BASELINE")
    assert 0 < len(shown(dialog)) < len(everything)
    assert dialog.title.text() in shown(dialog)
    dialog.search.setText("<b>nothing</b>")
    assert shown(dialog) == []
    assert dialog.title.text() == "Nothing found"
    assert not dialog.page.isVisible()
    dialog.search.clear()
    assert shown(dialog) == everything


def test_the_keyboard_leads_from_the_search_to_a_topic_and_to_about(dialog: HelpDialog) -> None:
    assert dialog.search.hasFocus() or dialog.focusWidget() is dialog.search
    dialog.search.setText("hotpatch train")
    QTest.keyClick(dialog.search, Qt.Key.Key_Tab)
    assert dialog.focusWidget() is dialog.topics
    QTest.keyClick(dialog.topics, Qt.Key.Key_Down)
    item = dialog.topics.currentItem()
    assert item is not None
    assert dialog.title.text() == item.text(0)
    dialog.findChild(object, "helpAbout").click()
    assert dialog.findChildren(AboutDialog)
