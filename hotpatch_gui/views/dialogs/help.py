"""Help: terms, statuses, error codes and keys, to be searched; it works offline."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hotpatch_gui.models.help_topics import Topic, topic_groups
from hotpatch_gui.models.row_model import plain_tip
from hotpatch_gui.theme.lengths import insets, px
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT, SUBTITLE_PX
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.focus_ring import FocusRing
from hotpatch_gui.views.widgets.labels import label
from hotpatch_gui.views.widgets.links import LinkButton
from hotpatch_gui.views.widgets.scroll_area import scrolling

from .about import AboutDialog
from .surface import SurfaceDialog

tr = translator("HelpDialog")

SIZE_PX, LIST_PX = (900, 600), 380
TOPIC = Qt.ItemDataRole.UserRole
"""The role of a topic's number."""


class HelpDialog(SurfaceDialog):
    """A list of topics that a search narrows, and the selected one in words."""

    def __init__(self, services: Services, parent: QWidget) -> None:
        super().__init__(services.theme, "helpDialog", tr("Help"), parent)
        self._s = services
        self._groups, self._topics = topic_groups(), list[Topic]()
        theme = services.theme
        self.search = QLineEdit()
        self.search.setObjectName("helpSearch")
        self.search.setAccessibleName(tr("Search help"))
        self.search.setPlaceholderText(tr("Search for a term, a status or an error code"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.topics = QTreeWidget()
        FocusRing(self.topics)
        self.topics.setObjectName("helpTopics")
        self.topics.setAccessibleName(tr("Topics"))
        self.topics.setHeaderHidden(True)
        self.topics.setUniformRowHeights(True)
        self.topics.setFixedWidth(round(LIST_PX * theme.scale))
        self.topics.currentItemChanged.connect(self._show)
        self.title = label(theme, px=SUBTITLE_PX, weight=SEMIBOLD_WEIGHT, wrap=True)
        self.text = label(theme, wrap=True)
        self.step = label(theme, wrap=True)
        for text, name in ((self.title, "Title"), (self.text, "Text"), (self.step, "Step")):
            text.setObjectName(f"help{name}")
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.page = LinkButton(tr("Learn more"))
        self.page.setObjectName("helpPage")
        about = QPushButton(tr("About…"))
        about.setObjectName("helpAbout")
        about.clicked.connect(self._open_about)
        self._lay_out()
        self.finish(SIZE_PX, about, self.closer())
        self._fill()
        self.search.setFocus()

    def _lay_out(self) -> None:
        column = QVBoxLayout()
        column.setContentsMargins(insets(0, 0, 12, 0))
        column.setSpacing(px(8))
        for text in (self.title, self.text, self.step):
            column.addWidget(text)
        column.addWidget(self.page, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(px(24))
        row.addWidget(self.topics)
        row.addWidget(scrolling(tr("Explanation"), column), 1)
        self.column.addWidget(self.search)
        self.column.addLayout(row, 1)

    def _fill(self) -> None:
        for group in self._groups:
            head = QTreeWidgetItem([group.title])
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.topics.addTopLevelItem(head)
            for topic in group.topics:
                item = QTreeWidgetItem(head, [topic.title])
                item.setData(0, TOPIC, len(self._topics))
                item.setToolTip(0, plain_tip(topic.title))
                self._topics.append(topic)
            head.setExpanded(True)
        self._select_first()

    def _filter(self, text: str) -> None:
        """List the topics that fit, and show the first one unless the shown one still fits."""
        for head in self._heads:
            children = _children(head)
            for item in children:
                item.setHidden(not self._topics[item.data(0, TOPIC)].fits(text))
            head.setHidden(all(item.isHidden() for item in children))
        current = self.topics.currentItem()
        if current is None or current.isHidden():
            self._select_first()

    @property
    def _heads(self) -> list[QTreeWidgetItem]:
        found = (self.topics.topLevelItem(n) for n in range(self.topics.topLevelItemCount()))
        return [head for head in found if head is not None]

    def _select_first(self) -> None:
        items = (item for head in self._heads for item in _children(head))
        first = next((item for item in items if not item.isHidden()), None)
        if first is None:
            self.topics.setCurrentIndex(QModelIndex())
        else:
            self.topics.setCurrentItem(first)

    def _show(self, item: QTreeWidgetItem | None) -> None:
        number = item.data(0, TOPIC) if item is not None else None
        topic = (
            self._topics[number]
            if number is not None
            else Topic(tr("Nothing found"), tr("Search for other words."))
        )
        self.title.setText(topic.title)
        self.text.setText(topic.text)
        self.step.setText(topic.step)
        self.step.setVisible(bool(topic.step))
        self.page.set_page(topic.page)

    def _open_about(self) -> None:
        AboutDialog(self._s, self).open()


def _children(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    found = (item.child(n) for n in range(item.childCount()))
    return [child for child in found if child is not None]
