"""The dialog that adds a dynamic scope to a schedule, with the machines that match now."""

from __future__ import annotations

import re
from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QWidget,
)

from hotpatch_gui.domain.machine_filter import Choice, Dimension
from hotpatch_gui.domain.schedules import Scope
from hotpatch_gui.models import schedule_targets
from hotpatch_gui.models.filters import tag_names
from hotpatch_gui.models.query_channel import QueryChannel
from hotpatch_gui.models.schedule_form import NAME
from hotpatch_gui.models.schedule_targets import ScopePreview
from hotpatch_gui.models.schedules import ScheduleEntry
from hotpatch_gui.theme.lengths import px
from hotpatch_gui.theme.tokens import SEMIBOLD_WEIGHT
from hotpatch_gui.translation import translator
from hotpatch_gui.views.services import Services
from hotpatch_gui.views.widgets.form import Form
from hotpatch_gui.views.widgets.labels import label

from .filter_values import FilterValuesDialog
from .surface import SurfaceDialog

tr = translator("DynamicScopeDialog")

SIZE_PX = (600, 460)
PAUSE_MS = 200
"""After typing, before the machines are compared again."""
TYPES = ("Microsoft.Compute/virtualMachines", "Microsoft.HybridCompute/machines")


class DynamicScopeDialog(SurfaceDialog):
    """A filter over a subscription. Azure applies it whenever a maintenance window starts."""

    def __init__(
        self,
        services: Services,
        parent: QWidget,
        entry: ScheduleEntry,
        subscriptions: list[tuple[str, str]],
    ) -> None:
        """``subscriptions`` are (ID, name)."""
        title = tr("Add a dynamic scope to {name}", name=entry.name)
        super().__init__(services.theme, "dynamicScopeDialog", title, parent)
        self._s, self._entry = services, entry
        self.name = QLineEdit()
        self.name.setObjectName("scopeName")
        self.subscription = QComboBox()
        self.subscription.setObjectName("scopeSubscription")
        for known, name in subscriptions:
            self.subscription.addItem(name, known)
        commas = tr("All; or names, separated by commas")
        self.groups = self._list_field("scopeGroups", commas)
        self.regions = self._list_field(
            "scopeRegions", tr("All; or regions such as eastus, westus2")
        )
        self.tags = self._list_field("scopeTags", tr("All; or tags such as app=web, stage=test"))
        self.kind = QComboBox()
        self.kind.setObjectName("scopeKind")
        for text, types in (
            (tr("Virtual machines and Arc-enabled servers"), ()),
            (tr("Virtual machines"), TYPES[:1]),
            (tr("Arc-enabled servers"), TYPES[1:]),
        ):
            self.kind.addItem(text, types)
        self.all_tags = QCheckBox(tr("Machines need all of these tags, not only one"))
        self.all_tags.setObjectName("scopeAllTags")
        form = Form()
        form.add(tr("Name"), self.name)
        form.add(tr("Subscription"), self.subscription)
        form.add(tr("Resource groups"), self._with_chooser(self.groups, Dimension.GROUP))
        form.add(tr("Regions"), self._with_chooser(self.regions, Dimension.REGION))
        form.add(tr("Kind"), self.kind)
        form.add(tr("Tags"), _beside(self.tags, self._tag_chooser()))
        form.add("", self.all_tags)
        self.column.addLayout(form)
        self.matching = label(services.theme, weight=SEMIBOLD_WEIGHT, wrap=True)
        self.matching.setObjectName("scopeMatching")
        self.column.addWidget(self.matching)
        self.column.addWidget(
            label(
                services.theme,
                tr(
                    "Azure decides when a maintenance window starts: machines that match then are patched, "
                    "including machines created later. Their update settings must be Customer "
                    "Managed Schedules."
                ),
                role="secondary",
                wrap=True,
            )
        )
        self.column.addStretch(1)
        self.save = QPushButton(tr("Add dynamic scope"))
        self.save.setObjectName("scopeSave")
        self.save.setProperty("primary", True)
        self.save.clicked.connect(self._save)
        self.finish(SIZE_PX, self.save, self.closer(tr("Cancel")))
        self._channel = QueryChannel(
            services.source, self._show_matching, self.matching.setText, self
        )
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._compare)
        for edit in (self.name, self.groups, self.regions, self.tags):
            edit.textChanged.connect(self._on_edited)
        for box in (self.subscription, self.kind):
            box.currentIndexChanged.connect(self._on_edited)
        self.all_tags.toggled.connect(self._on_edited)
        self._on_edited()

    def _chooser(self, name: str, accessible: str) -> QPushButton:
        made = QPushButton(tr("Choose…"))
        made.setObjectName(name)
        made.setAccessibleName(accessible)
        made.setAutoDefault(False)
        return made

    def _with_chooser(self, edit: QLineEdit, dimension: Dimension) -> QHBoxLayout:
        """A field with a button that chooses from the fleet's values."""
        button = self._chooser(
            f"{edit.objectName()}Choose", tr("Choose: {name}", name=dimension.label)
        )

        def choose() -> None:
            FilterValuesDialog(
                self._s,
                dimension,
                self,
                tag="",
                ticked=frozenset(_items(edit.text())),
                apply=lambda choice: edit.setText(", ".join(choice.keys)),
                title=dimension.label,
            ).open()

        button.clicked.connect(choose)
        return _beside(edit, button)

    def _tag_chooser(self) -> QPushButton:
        """A button that lists the fleet's tags, of which values are chosen then."""
        made = self._chooser("scopeChooseTags", tr("Choose tags"))
        menu = QMenu(made)
        for tag in tag_names(self._s.source):
            menu.addAction(tag.replace("&", "&&"), partial(self._choose_tag, tag))
        made.setMenu(menu)
        made.setEnabled(not menu.isEmpty())
        return made

    def _choose_tag(self, tag: str) -> None:
        """Choose values of a tag; other tags stay."""
        selected = dict(self.scope.tags)

        def take(choice: Choice) -> None:
            words = [
                f"{name}={value}"
                for name, values in (selected | {tag: choice.keys}).items()
                for value in values
                if value
            ]
            self.tags.setText(", ".join(words))

        FilterValuesDialog(
            self._s,
            Dimension.TAG,
            self,
            tag=tag,
            ticked=frozenset(selected.get(tag, ())),
            apply=take,
            title=tr("Tag {name}", name=tag),
        ).open()

    def _list_field(self, name: str, hint: str) -> QLineEdit:
        made = QLineEdit()
        made.setObjectName(name)
        made.setPlaceholderText(hint)
        return made

    @property
    def scope(self) -> Scope:
        """The scope as entered. A tag is written as ``name=value``, or as the program shows it: ``name:value``."""
        tags: dict[str, list[str]] = {}
        for word in _items(self.tags.text()):
            name, separator, value = word.partition("=" if "=" in word else ":")
            of = tags.setdefault(name.strip(), [])
            of.extend([value.strip()] if separator else [])
        return Scope(
            self.name.text().strip(),
            self._entry.row.resource_id,
            f"/subscriptions/{self.subscription.currentData() or ''}",
            ("Windows",),
            _items(self.groups.text()),
            self.kind.currentData(),
            _items(self.regions.text()),
            tuple((name, tuple(values)) for name, values in tags.items()),
            self.all_tags.isChecked(),
        )

    def _on_edited(self) -> None:
        is_named = bool(NAME.fullmatch(self.name.text().strip()))
        self.save.setEnabled(is_named and self.subscription.count() > 0)
        self.save.setToolTip(
            ""
            if is_named
            else tr("Enter a name of letters, digits, periods, underscores and hyphens.")
        )
        self.all_tags.setVisible(len(self.scope.tags) > 1)
        self._pause.start()

    def _compare(self) -> None:
        work = partial(
            schedule_targets.preview_scope,
            connection_id=self._entry.row.connection_id,
            scope=self.scope,
        )
        self._channel.query(work)

    def _show_matching(self, found: ScopePreview) -> None:
        self.matching.setText(found.text)

    def _save(self) -> None:
        self.save.setEnabled(False)
        self._s.actions.save_scope(self._entry.row.connection_id, self.scope)
        self.accept()


def _beside(edit: QLineEdit, button: QPushButton) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(px(8))
    row.addWidget(edit, 1)
    row.addWidget(button)
    return row


def _items(text: str) -> tuple[str, ...]:
    return tuple(word for part in re.split(r"[,;\n]", text) if (word := part.strip()))
