"""The main window: header, rail, pages, status bar and notices."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QPaintEvent, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from hotpatch_gui.domain.changed_tables import ChangedTables
from hotpatch_gui.domain.machine_filter import MachineFilter
from hotpatch_gui.domain.problems import Problem, ProblemKind
from hotpatch_gui.domain.situation import Level
from hotpatch_gui.models.connection_state import (
    combined_sync_state,
    is_connected,
    needs_sign_in,
    problem_level,
)
from hotpatch_gui.models.machine_list import has_several
from hotpatch_gui.models.work import is_any_queued_or_in_progress
from hotpatch_gui.translation import translator

from .dialogs.once import open_once
from .header import Header
from .pages.machines import MachinesPage
from .rail import PAGES, Rail, shortcut
from .services import Services
from .status_bar import StatusBar
from .widgets.banner import Banner
from .widgets.lazy_widget import LazyWidget

tr = translator("MainWindow")

SIZE_PX = (1280, 800)
MINIMUM_PX = (1024, 640)

_NEVER = datetime.min.replace(tzinfo=UTC)


FRAME_PX = (16, 48)
"""Room for the window's frame and title bar."""


def first_size(available: QSize) -> QSize:
    """The window's size at the first start, on a screen with this room."""
    return QSize(*SIZE_PX).boundedTo(available - QSize(*FRAME_PX))


class MainWindow(QMainWindow):
    """The main window. Lives on the UI thread.

    Pages other than Machines are built when first shown.

    Signals:
        painted (): the first paint was painted.
    """

    painted = Signal()

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self._s = services
        demo = f" ({services.cloud.demo})" if services.cloud.demo else ""
        self.setWindowTitle(tr("Hotpatch Dashboard{demo}", demo=demo))
        self._syncing = self._is_painted = self._is_prompting = self._awaits_overview = False
        self._sign_in_id = 0
        """The connection that the notice's button signs in; 0 for none."""
        self._hides_after_sync = False
        """Whether the next good sync, other than the one that ended at ``_synced_before``, hides the notice."""
        self._synced_before: datetime | None = None
        self.header = Header(services)
        self.rail = Rail(services)
        self.machines = MachinesPage(services, combined_sync_state(services.source))
        self.status_bar = StatusBar(services)
        self.notice = Banner(services.theme)
        self.notice.hide()
        self.pages = QStackedWidget()
        self.pages.addWidget(LazyWidget(self._overview))
        self.pages.addWidget(self.machines)
        for make in (
            self._updates,
            self._history,
            self._calendar,
            self._rollout,
            self._schedules,
            self._planner,
            self._coverage,
            self._activity,
        ):
            self.pages.addWidget(LazyWidget(make))
        self._lay_out()
        self._show_page("machines")
        self._connect()
        self._restore()
        self.show_sync()

    def _lay_out(self) -> None:
        notice = QVBoxLayout()
        notice.setContentsMargins(0, 0, 0, 0)
        notice.addWidget(self.notice)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addLayout(notice)
        right.addWidget(self.pages, 1)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addLayout(right, 1)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addLayout(middle, 1)
        column.addWidget(self.status_bar)
        self.setCentralWidget(body)
        self.setMinimumSize(*MINIMUM_PX)
        self.resize(first_size(self.screen().availableSize()))

    def _connect(self) -> None:
        self.rail.page_selected.connect(self.show_page)
        self.header.search_changed.connect(self._search)
        self.machines.search_restored.connect(self.header.search.setText)
        self.machines.connect_requested.connect(self.open_connect)
        self.machines.update_requested.connect(self._show_update)
        self._s.source.opened.connect(self.show_sync)
        self._s.source.open_failed.connect(self.show_sync)
        self.header.search_left.connect(self._leave_search)
        self.header.settings_requested.connect(self.open_preferences)
        self.header.help_requested.connect(self.open_help)
        self.status_bar.clicked.connect(lambda: self.show_page("activity"))
        self.notice.button.clicked.connect(self._retry)
        self._s.source.changed.connect(self._on_changed)
        for keys, slot in (
            ("Ctrl+K", self._focus_search),
            ("Ctrl+F", self._focus_filter),
            ("Ctrl+,", self.open_preferences),
            ("F1", self.open_help),
            *((shortcut(page), partial(self.show_page, page)) for page in PAGES),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(slot)

    def _restore(self) -> None:
        self.restoreGeometry(self._s.preferences.state("window"))

    def come_to_front(self) -> None:
        """Show the window, because the program was started again."""
        if self.isMinimized():
            self.showNormal()
        self.raise_()
        self.activateWindow()

    def complete_after_first_paint(self) -> None:
        """Load icons, and add the bell and the toasts, which the first paint doesn't show."""
        from .widgets.toasts import Toasts  # noqa: PLC0415 - after the first paint

        self._s.icons.load()
        self.header.load_pictures()
        self.header.add_bell()
        area = self.centralWidget()
        assert area is not None
        self.toasts = Toasts(self._s.theme, self._s.outcomes, area)
        self._s.outcomes.action_requested.connect(self._show_action)
        self._s.outcomes.retry_requested.connect(self._install_again)
        self._s.outcomes.change_requested.connect(self._show_change)
        self._s.outcomes.machine_requested.connect(self._open_machine)

    @property
    def is_syncing(self) -> bool:
        return self._syncing

    def page(self, key: str) -> QWidget:
        """The page with this key, built now if necessary."""
        page = self.pages.widget(PAGES.index(key))
        assert page is not None
        return page.content if isinstance(page, LazyWidget) else page

    def show_start_page(self) -> None:
        """Show the chosen start page, or the last session's, with its filter and selection.

        In the first session, show Overview as soon as more than one machine is known, unless the user goes elsewhere first.
        """
        self.machines.restore(self._s.preferences.machine_filter, self._s.preferences.selected)
        preferences = self._s.preferences
        start_page = preferences.start_page or preferences.page
        if start_page in PAGES:
            self._show_page(start_page)
        else:
            self._awaits_overview = True
            self._show_start_page_now()

    def _show_start_page_now(self) -> None:
        if self._awaits_overview and has_several(self._s.source):
            self._awaits_overview = False
            self._show_page("overview")

    def show_page(self, key: str) -> None:
        self._awaits_overview = False
        _ = self.page(key)
        self._show_page(key)

    def _show_page(self, key: str) -> None:
        self.pages.setCurrentIndex(PAGES.index(key))
        self.rail.choose(key)

    def show_syncing(self, what: str) -> None:
        """Show what a sync is reading; empty when it ended."""
        begins_or_ends = self._syncing != bool(what)
        self._syncing = bool(what)
        self.status_bar.show_syncing(what)
        if begins_or_ends:
            self.show_sync()

    def show_sync(self) -> None:
        """Show problems of the last sync."""
        state = combined_sync_state(self._s.source)
        is_connected_ = is_connected(self._s.source)
        self.machines.show_sync(state, syncing=self._syncing, is_connected=is_connected_)
        if self._is_prompting:
            return  # the user's sign-in comes first
        if state.problem:
            lapsed = needs_sign_in(state)
            self._sign_in_id = state.connection_id if lapsed else 0
            self._notify(
                problem_level(state),
                state.problem,
                state.next_step,
                tr("Sign in") if lapsed else tr("Try again"),
            )
            self._hides_after_sync, self._synced_before = True, _NEVER
        elif self._hides_after_sync and state.finished != self._synced_before:
            self._hides_after_sync = False
            self.notice.hide()

    def show_problem(self, problem: Problem) -> None:
        """Show a problem not caused by a sync."""
        code = f" ({problem.code})" if problem.code and problem.code not in problem.sentence else ""
        sentence, self._sign_in_id = f"{problem.sentence}{code}", problem.connection_id
        if problem.connection_id:
            self._notify(Level.WARNING, sentence, problem.next_step, tr("Sign in"))
        elif problem.kind is ProblemKind.CONFLICT:
            self._notify(Level.WARNING, sentence, problem.next_step)
        else:
            self._notify(Level.ERROR, sentence, problem.next_step, tr("Refresh"))
        self._hides_after_sync = not problem.connection_id
        self._synced_before = combined_sync_state(self._s.source).finished

    def show_prompt(self, text: str) -> None:
        """Show what the user must do to sign in; empty when done."""
        self._is_prompting = bool(text)
        if text:
            self._hides_after_sync = False
            self._notify(
                Level.INFO, text, tr("Waiting for you to sign in. Showing the last known data.")
            )
        else:
            self._sign_in_id = 0
            self._hides_after_sync = False
            self.notice.hide()

    def forget_machines(self) -> None:
        """Close dialogs and clear the selection, because another file replaces the current one."""
        for dialog in self.findChildren(QDialog):
            dialog.reject()
        self.machines.forget()

    def show_set_aside(self, path: Path) -> None:
        """Show that a damaged file was replaced."""
        self._hides_after_sync = False
        self._notify(
            Level.WARNING,
            tr("The data file was damaged and has been replaced."),
            tr(
                "The old one is kept as {name} in {parent}. Machines are read again from Azure; "
                "history older than 30 days is only in the old file.",
                name=path.name,
                parent=path.parent,
            ),
        )

    def open_preferences(self) -> None:
        from .dialogs.preferences import PreferencesDialog  # noqa: PLC0415 - after the first paint

        open_once(self, lambda: PreferencesDialog(self._s, self))

    def open_connections(self) -> None:
        from .dialogs.connections import ConnectionsDialog  # noqa: PLC0415 - after the first paint

        open_once(self, lambda: ConnectionsDialog(self._s, self))

    def open_connect(self) -> None:
        from .dialogs.connect import ConnectDialog  # noqa: PLC0415 - after the first paint

        open_once(self, lambda: ConnectDialog(self._s, self))

    def open_welcome(self) -> None:
        from .dialogs.welcome import WelcomeDialog  # noqa: PLC0415 - only at the first start

        open_once(self, lambda: WelcomeDialog(self._s, self))

    def open_help(self) -> None:
        from .dialogs.help import HelpDialog  # noqa: PLC0415 - after the first paint

        open_once(self, lambda: HelpDialog(self._s, self))

    def open_about(self) -> None:
        from .dialogs.about import AboutDialog  # noqa: PLC0415 - after the first paint

        open_once(self, lambda: AboutDialog(self._s, self))

    def _notify(self, level: Level, headline: str, detail: str, button: str = "") -> None:
        self.notice.show_text(level, headline, detail)
        self.notice.button.setText(button)
        self.notice.button.setVisible(bool(button))
        self.notice.show()

    def _retry(self) -> None:
        """Sign in if the notice asks for it, else sync."""
        if self._sign_in_id:
            self._s.actions.sign_in(self._sign_in_id)
        else:
            self._s.actions.sync()

    def _on_changed(self, changes: ChangedTables) -> None:
        if changes.affects(frozenset({"sync_state", "connections"})):
            self.show_sync()
        if self._awaits_overview and changes.affects(frozenset({"machines"})):
            self._show_start_page_now()

    def _search(self, text: str) -> None:
        self.show_page("machines")
        self.machines.search(text)

    def _leave_search(self) -> None:
        self.show_page("machines")
        self.machines.go_to_first()

    def _focus_search(self) -> None:
        self.header.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.header.search.selectAll()

    def _focus_filter(self) -> None:
        """Focus the visible filter, or the search."""
        fields = (f for f in self.pages.findChildren(QLineEdit) if f.isVisible())
        field = next((f for f in fields if f.objectName().endswith("Search")), self.header.search)
        field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        field.selectAll()

    def _overview(self) -> QWidget:
        from .pages.overview import OverviewPage  # noqa: PLC0415 - built when first shown

        page = OverviewPage(self._s, self._s.preferences.last_closed)
        page.machines_requested.connect(self._show_machines)
        page.page_requested.connect(self._show_page_of)
        return page

    def _show_page_of(self, name: str) -> None:
        """Show the page behind an item of the overview."""
        from .pages.rollout import RolloutPage  # noqa: PLC0415 - built when first shown

        self.show_page(name)
        page = self.page(name)
        if isinstance(page, RolloutPage):
            page.show_next_day()

    def _show_machines(self, machine_filter: MachineFilter) -> None:
        """Show the machines behind a figure; a search ends."""
        self.header.search.clear()
        self.show_page("machines")
        self.machines.show_machines_behind(machine_filter)

    def _show_update(self, kb: str) -> None:
        """Show an update across the fleet."""
        from .pages.updates import UpdatesPage  # noqa: PLC0415 - built when first shown

        self.show_page("updates")
        page = self.page("updates")
        assert isinstance(page, UpdatesPage)
        page.search.setText(kb)

    def _updates(self) -> QWidget:
        from .pages.updates import UpdatesPage  # noqa: PLC0415 - built when first shown

        page = UpdatesPage(self._s)
        page.machine_opened.connect(self._open_machine)
        return page

    def _history(self) -> QWidget:
        from .pages.history import HistoryPage  # noqa: PLC0415 - built when first shown

        page = HistoryPage(self._s)
        page.machine_opened.connect(self._open_machine)
        return page

    def _calendar(self) -> QWidget:
        from .pages.calendar import CalendarPage  # noqa: PLC0415 - built when first shown

        return CalendarPage(self._s, self.machines.selection)

    def _rollout(self) -> QWidget:
        from .pages.rollout import RolloutPage  # noqa: PLC0415 - built when first shown

        page = RolloutPage(self._s)
        page.machine_opened.connect(self._open_machine)
        return page

    def _schedules(self) -> QWidget:
        from .pages.schedules import SchedulesPage  # noqa: PLC0415 - built when first shown

        page = SchedulesPage(self._s)
        page.machine_opened.connect(self._open_machine)
        page.run_opened.connect(self._show_maintenance_run)
        return page

    def _show_maintenance_run(self, run: str) -> None:
        from .pages.history import HistoryPage  # noqa: PLC0415 - built when first shown

        self.show_page("history")
        page = self.page("history")
        if isinstance(page, HistoryPage):
            page.tab.show_maintenance_run(run)

    def _open_machine(self, machine_id: int) -> None:
        self.header.search.clear()
        self.show_page("machines")
        self.machines.choose(machine_id)

    def _planner(self) -> QWidget:
        from .pages.planner import PlannerPage  # noqa: PLC0415 - built when first shown

        return PlannerPage(self._s, self.machines.selection)

    def _coverage(self) -> QWidget:
        from .pages.coverage import CoveragePage  # noqa: PLC0415 - built when first shown

        page = CoveragePage(self._s)
        page.machine_opened.connect(self._open_machine)
        return page

    def _show_action(self, action_id: int) -> None:
        from .pages.activity import ActivityPage  # noqa: PLC0415 - built when first shown

        self.show_page("activity")
        page = self.page("activity")
        assert isinstance(page, ActivityPage)
        page.show_action(action_id)

    def _show_change(self, row_id: int) -> None:
        from .pages.activity import ActivityPage  # noqa: PLC0415 - built when first shown

        self.show_page("activity")
        page = self.page("activity")
        assert isinstance(page, ActivityPage)
        page.show_change(row_id)

    def _install_again(self, action_id: int) -> None:
        """Review the failed installations of an action again."""
        from hotpatch_gui.models.actions import operations_of  # noqa: PLC0415 - after the first paint

        from .dialogs.install.again import review_again  # noqa: PLC0415 - after the first paint

        review_again(self._s, self, operations_of(self._s.source, [action_id]))

    def _activity(self) -> QWidget:
        from .pages.activity import ActivityPage  # noqa: PLC0415 - built when first shown

        page = ActivityPage(self._s)
        page.machine_opened.connect(self._open_machine)
        return page

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._is_painted:
            self._is_painted = True
            QTimer.singleShot(0, self, self.painted.emit)

    def _ask_to_close(self) -> None:
        """Say that Azure continues what is in progress."""
        from .dialogs.question import QuestionDialog  # noqa: PLC0415 - rarely needed

        QuestionDialog(
            self._s.theme,
            tr("Close while operations are in progress?"),
            self,
            consequence=tr(
                "Azure continues the operations that were sent; the program reads their results at the next "
                "start. Queued operations are sent then, except those requested more than an hour before. "
                "Operations in waves, and those set to wait and retry, are sent in any case."
            ),
            yes=tr("Close"),
            act=self.close,
        ).open()

    def closeEvent(self, event: QCloseEvent) -> None:
        if event.spontaneous() and is_any_queued_or_in_progress(self._s.source):
            event.ignore()
            self._ask_to_close()
            return
        self._s.preferences.save_state("window", self.saveGeometry())
        self._s.preferences.last_closed = self._s.clock()
        self._s.preferences.page = PAGES[self.pages.currentIndex()]
        self.machines.save()
        self._s.preferences.save()
        super().closeEvent(event)
