"""Settings and window state in an INI file next to the data. A damaged file never prevents the start."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from hotpatch_gui.domain.feeds import PUBLIC_FEED

FILE_NAME = "settings.ini"
ID_DIGITS = 18
YEARS = range(2020, 2200)
"""In which a stored time can be true."""
SMALLEST_SIZE, USUAL_SIZE, LARGEST_SIZE = 80, 100, 200
"""The size of text and controls, in percent."""
DEFAULT_SYNC_MINUTES = 15
DEFAULT_HISTORY_DAYS = 30


class Preferences:
    """Typed access; invalid values count as defaults."""

    def __init__(self, folder: Path) -> None:
        self._store = QSettings(str(folder / FILE_NAME), QSettings.Format.IniFormat)

    @property
    def theme(self) -> str:
        return str(self._store.value("theme", "system"))

    @theme.setter
    def theme(self, choice: str) -> None:
        self._store.setValue("theme", choice)

    @property
    def size_percent(self) -> int:
        """The size of text and controls, in percent of the usual one."""
        return self._whole("size_percent", USUAL_SIZE, SMALLEST_SIZE, LARGEST_SIZE)

    @size_percent.setter
    def size_percent(self, percent: int) -> None:
        self._store.setValue("size_percent", percent)

    @property
    def start_page(self) -> str:
        """The key of the page that a session begins with; empty for the last session's."""
        return str(self._store.value("start_page", ""))

    @start_page.setter
    def start_page(self, key: str) -> None:
        self._store.setValue("start_page", key)

    @property
    def sync_minutes(self) -> int:
        return self._whole("sync_minutes", DEFAULT_SYNC_MINUTES, 1, 1440)

    @sync_minutes.setter
    def sync_minutes(self, minutes: int) -> None:
        self._store.setValue("sync_minutes", minutes)

    @property
    def history_days(self) -> int:
        return self._whole("history_days", DEFAULT_HISTORY_DAYS, 1, 36500)

    @history_days.setter
    def history_days(self, days: int) -> None:
        self._store.setValue("history_days", days)

    @property
    def reads_releases(self) -> bool:
        """Whether Microsoft's release data is read once a day; off by default."""
        return str(self._store.value("reads_releases", "false")).casefold() == "true"

    @reads_releases.setter
    def reads_releases(self, is_on: bool) -> None:
        self._store.setValue("reads_releases", "true" if is_on else "false")

    @property
    def release_feed(self) -> str:
        """The address of Microsoft's Security Update API or a mirror."""
        return str(self._store.value("release_feed", PUBLIC_FEED))

    @property
    def last_closed(self) -> datetime | None:
        """When the window was last closed; None if it wasn't yet."""
        try:
            closed = datetime.fromisoformat(str(self._store.value("last_closed", "")))
        except ValueError:
            return None
        return closed if closed.tzinfo and closed.year in YEARS else None

    @last_closed.setter
    def last_closed(self, moment: datetime) -> None:
        self._store.setValue("last_closed", moment.isoformat())

    @property
    def page(self) -> str:
        """The key of the page that was shown last; empty at the first start."""
        return str(self._store.value("page", ""))

    @page.setter
    def page(self, key: str) -> None:
        self._store.setValue("page", key)

    @property
    def notifies_success(self) -> bool:
        """Whether successes are shown as system notifications."""
        return self._flag("notifies_success")

    @notifies_success.setter
    def notifies_success(self, is_on: bool) -> None:
        self._store.setValue("notifies_success", "true" if is_on else "false")

    @property
    def notifies_failure(self) -> bool:
        """Whether failures and unknown results are shown as system notifications."""
        return self._flag("notifies_failure")

    @notifies_failure.setter
    def notifies_failure(self, is_on: bool) -> None:
        self._store.setValue("notifies_failure", "true" if is_on else "false")

    @property
    def filters(self) -> dict[str, str]:
        """Saved machine filters by name, as stored text."""
        return self._texts("filters")

    @filters.setter
    def filters(self, saved: Mapping[str, str]) -> None:
        self._store.setValue("filters", json.dumps(dict(sorted(saved.items()))))

    @property
    def machine_filter(self) -> str:
        """The machine list's last filter, as stored text; empty if there was none."""
        return str(self._store.value("machine_filter", ""))

    @machine_filter.setter
    def machine_filter(self, text: str) -> None:
        self._store.setValue("machine_filter", text)

    @property
    def machine_view(self) -> dict[str, str]:
        """How the machines were shown last: ``view`` (list or grid), ``sort``, ``group`` and ``tag``."""
        return self._texts("machine_view")

    @machine_view.setter
    def machine_view(self, texts: Mapping[str, str]) -> None:
        self._store.setValue("machine_view", json.dumps(dict(texts)))

    @property
    def selected(self) -> tuple[int, ...]:
        """Row IDs of the machines that were selected last."""
        texts = str(self._store.value("selected", "")).split()
        return tuple(int(t) for t in texts if t.isascii() and t.isdecimal() and len(t) < ID_DIGITS)

    @selected.setter
    def selected(self, machine_ids: Iterable[int]) -> None:
        self._store.setValue("selected", " ".join(map(str, machine_ids)))

    def state(self, name: str) -> QByteArray:
        """A widget's stored state; empty if there is none."""
        value = self._store.value(f"state/{name}")
        return value if isinstance(value, QByteArray) else QByteArray()

    def save_state(self, name: str, state: QByteArray) -> None:
        self._store.setValue(f"state/{name}", state)

    def save(self) -> None:
        self._store.sync()

    def _texts(self, key: str) -> dict[str, str]:
        try:
            found = json.loads(str(self._store.value(key, "{}")))
            return {str(name): str(text) for name, text in found.items()}
        except (ValueError, AttributeError, RecursionError):
            return {}

    def _flag(self, key: str) -> bool:
        """A setting that is on by default."""
        return str(self._store.value(key, "true")).casefold() != "false"

    def _whole(self, key: str, default: int, low: int, high: int) -> int:
        try:
            value = int(str(self._store.value(key, default)))
        except ValueError:
            return default
        return value if low <= value <= high else default
