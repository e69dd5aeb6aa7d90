"""The machines of one update."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from hotpatch_gui.domain.clock import Clock
from hotpatch_gui.domain.phrases import join
from hotpatch_gui.store import lists, unhealthy
from hotpatch_gui.store.history_rows import KbMachineRow
from hotpatch_gui.translation import translator

tr = translator("KbMachinesModel")


@tr.mark_values
class KbState(StrEnum):
    """The machines of an update that are shown."""

    ANY = "Missing, installed or failed"
    MISSING = "Missing"
    INSTALLED = "Installed by the last run"
    FAILED = "Failed in the last run"

    @property
    def label(self) -> str:
        """The display name."""
        return tr(self.value)

    def includes(self, row: KbMachineRow) -> bool:
        """Whether a machine is shown."""
        if self is KbState.MISSING:
            return bool(row.is_missing)
        if self is KbState.INSTALLED:
            return row.state == "Installed"
        return self is KbState.ANY or row.state == "Failed"


class KbMachines(NamedTuple):
    """The machines on which an update is missing, or whose runs installed it or failed to."""

    rows: tuple[KbMachineRow, ...] = ()
    unhealthy: int = 0
    """How many became unhealthy after an installation of it."""

    @property
    def text(self) -> str:
        """On how many it is missing, installed, and failed."""
        if not self.rows:
            return ""
        missing = sum(bool(r.is_missing) for r in self.rows)
        failed = sum(r.state == "Failed" for r in self.rows)
        installed = sum(r.state == "Installed" for r in self.rows)
        became = (
            tr("%n machine(s) became unhealthy after it was installed.", self.unhealthy)
            if self.unhealthy
            else ""
        )
        counts = tr(
            "Missing on {missing:,}. Last run: installed on {installed:,}, failed on {failed:,}.",
            missing=missing,
            installed=installed,
            failed=failed,
        )
        return join(counts, became)

    def showing(self, state: KbState, text: str) -> KbMachines:
        """The machines in a state whose name, resource group or tags contain every word of ``text``."""
        wanted = text.casefold().split()
        return KbMachines(
            tuple(
                row
                for row in self.rows
                if state.includes(row)
                and all(
                    word in f"{row.name}\n{row.resource_group}\n{row.tags}".casefold()
                    for word in wanted
                )
            )
        )

    def missing(self, selected: Sequence[int]) -> list[int]:
        """The selected machines on which it is missing; without a selection, all of them.

        Machines with an installation in progress, or an installation whose result isn't known, are left out.
        """
        wanted = set(selected)
        waiting = [r for r in self.rows if r.is_missing and not r.is_installing]
        return [r.id for r in waiting if not wanted or r.id in wanted]


def read_kb_machines(db: sqlite3.Connection, kb: str | None, name: str, clock: Clock) -> KbMachines:
    """Read the machines of an update."""
    became = unhealthy.by_kb(db, clock()).get(kb, 0) if kb else 0
    return KbMachines(tuple(lists.machines_with(db, kb, name)), became)
