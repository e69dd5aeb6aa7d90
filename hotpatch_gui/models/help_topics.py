"""The topics of Help: terms, hotpatch statuses, error codes and keyboard shortcuts."""

from __future__ import annotations

from typing import NamedTuple

from hotpatch_gui.domain.glossary import TERMS
from hotpatch_gui.domain.hotpatch import HotpatchStatus
from hotpatch_gui.domain.update_error_list import ERRORS
from hotpatch_gui.store.tables import search_terms
from hotpatch_gui.translation import translated, translator

tr = translator("HelpTopics")

SHORTCUTS = (
    ("F5", tr.mark("Refresh")),
    ("Shift+F5", tr.mark("Read everything again")),
    ("Ctrl+K", tr.mark("Search machines")),
    ("Ctrl+F", tr.mark("Filter the table")),
    ("Ctrl+1 … 9, 0", tr.mark("The pages, from Overview to Activity")),
    ("Ctrl+Shift+A", tr.mark("Assess now")),
    ("Ctrl+I", tr.mark("Install updates now (opens the dialog)")),
    ("Ctrl+U", tr.mark("Update settings")),
    ("Ctrl+E", tr.mark("Export")),
    ("Ctrl+C, Ctrl+Shift+C", tr.mark("Copy rows, with headers")),
    ("Ctrl+,", tr.mark("Settings")),
    ("F1", tr.mark("Help")),
)


class Topic(NamedTuple):
    """One entry.

    Attributes:
        step: what to do; empty if there is nothing to do.
        page: Microsoft's page about it; empty without one.
    """

    title: str
    text: str
    step: str = ""
    page: str = ""

    def fits(self, text: str) -> bool:
        """Whether the topic contains every word of a search."""
        whole = f"{self.title} {self.text} {self.step}".casefold()
        return all(word.casefold() in whole for word in search_terms(text))


class TopicGroup(NamedTuple):
    """Topics of one kind, in the order in which they are shown."""

    title: str
    topics: tuple[Topic, ...]


def topic_groups() -> list[TopicGroup]:
    """All topics, in the user's language."""
    return [
        TopicGroup(
            tr("Terms"), tuple(Topic(translated(name), translated(text)) for name, text in TERMS)
        ),
        TopicGroup(
            tr("Hotpatch status"), tuple(Topic(one.label, one.meaning) for one in HotpatchStatus)
        ),
        TopicGroup(
            tr("Error codes"),
            tuple(
                Topic(f"{e.code} {e.name}".strip(), e.meaning_text, e.step, e.source)
                for e in ERRORS
            ),
        ),
        TopicGroup(
            tr("Keyboard shortcuts"), tuple(Topic(keys, tr(text)) for keys, text in SHORTCUTS)
        ),
    ]
