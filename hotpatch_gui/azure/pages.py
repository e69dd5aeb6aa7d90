"""Pages of Resource Graph as domain records. Rows that can't be read are counted and left out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.records import Assessment, InstallationRun, RunUpdate
from hotpatch_gui.domain.schedules import Schedule, Scope
from hotpatch_gui.domain.updates import Update

from . import parse, results, values
from .resource_graph import ResultPage

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AssessmentPage:
    """Rows of one page by lower-case machine ID; ``unreadable`` ones were left out."""

    assessments: list[tuple[str, Assessment]]
    updates: list[tuple[str, Update]]
    unreadable: int
    total: int


@dataclass(frozen=True, slots=True)
class InstallationPage:
    """Runs and (machine ID, run ID, update)."""

    runs: list[tuple[str, InstallationRun]]
    updates: list[tuple[str, str, RunUpdate]]
    unreadable: int
    total: int


@dataclass(frozen=True, slots=True)
class MachinePage:
    """Machines of one page; ``unreadable`` counts this page's rows that couldn't be read, ``total`` the rows of all pages."""

    machines: list[Machine]
    unreadable: int
    total: int


@dataclass(frozen=True, slots=True)
class ResourceHealthPage:
    """Resource Health of one page: (machine ID, availability state, since)."""

    states: list[tuple[str, str, datetime | None]]
    unreadable: int
    total: int


@dataclass(frozen=True, slots=True)
class SchedulePage:
    """Schedules of one page: (lower-case ID, schedule), None for a configuration that doesn't patch guests."""

    schedules: list[tuple[str, Schedule | None]]
    unreadable: int
    total: int


@dataclass(frozen=True, slots=True)
class AssignmentPage:
    """(assignment ID, machine ID, schedule ID), the last two in lower case, and dynamic scopes."""

    assignments: list[tuple[str, str, str]]
    scopes: list[Scope]
    unreadable: int
    total: int


MACHINE_PARTS = 8
"""Parts of a machine's resource ID; subscriptions and resource groups have fewer."""
VM, ARC = "microsoft.compute/virtualmachines", "microsoft.hybridcompute/machines"
_ASSESSMENT, _RUN = "patchassessmentresults", "patchinstallationresults"


@lru_cache(maxsize=256)
def _is_update(kind: str, result_type: str) -> bool:
    """Whether a row of type ``kind`` is an update; False if it is a result (``result_type``) itself.

    Raises:
        UnreadableError: it is neither, as in another query's response from a broken proxy.
    """
    plain = kind.casefold()
    wanted = [f"{machine}/{result_type}" for machine in (VM, ARC)]
    if plain not in (*wanted, *(f"{one}/softwarepatches" for one in wanted)):
        raise values.UnreadableError(f"{kind} isn't the requested type")
    return plain not in wanted


def resource_health_page(page: ResultPage) -> ResourceHealthPage:
    """Parse a page of Resource Health: (resource ID, state, since when)."""
    states: list[tuple[str, str, datetime | None]] = []

    def parse_row(row: Mapping[str, Any]) -> None:
        state = values.required(row.get("state"), "state")
        owner = parse.machine_id_of(values.required(row.get("machine"), "machine"))
        states.append((owner, state, values.moment(row.get("since"))))

    return ResourceHealthPage(states, parse_rows(page.rows, parse_row), page.total)


GUESTS = "InGuestPatch"
"""The ``maintenanceScope`` of configurations that patch guests."""


def schedule_page(page: ResultPage) -> SchedulePage:
    """Parse a page of maintenance configurations."""
    found: list[tuple[str, Schedule | None]] = []

    def parse_row(row: Mapping[str, Any]) -> None:
        is_guest_patching = str(row.get("scope") or GUESTS).casefold() == GUESTS.casefold()
        schedule = parse.schedule(row) if is_guest_patching else None
        found.append((values.required(row.get("id"), "id").lower(), schedule))

    return SchedulePage(found, parse_rows(page.rows, parse_row), page.total)


def assignment_page(page: ResultPage) -> AssignmentPage:
    """Parse a page of configuration assignments into machines' assignments and dynamic scopes."""
    found: list[tuple[str, str, str]] = []
    scopes: list[Scope] = []

    def parse_row(row: Mapping[str, Any]) -> None:
        target = values.required(row.get("machine"), "machine")
        if len(target.strip("/").split("/")) < MACHINE_PARTS or row.get("filter"):
            scopes.append(parse.scope(row))
            return
        schedule = values.required(row.get("schedule"), "schedule").lower()
        found.append((values.required(row.get("id"), "id"), parse.machine_id_of(target), schedule))

    return AssignmentPage(found, scopes, parse_rows(page.rows, parse_row), page.total)


def _owner(row: Mapping[str, Any]) -> str:
    """The machine's ID in a row's ID; ``machine_id_of`` is cached, because a machine's rows share it."""
    return parse.machine_id_of(row["id"].rpartition("/")[0])


def parse_rows(
    rows: Iterable[Mapping[str, Any]], parse_row: Callable[[Mapping[str, Any]], None]
) -> int:
    """Call ``parse_row`` for each row.

    Returns:
        How many couldn't be read.
    """
    bad = 0
    for row in rows:
        try:
            parse_row(row)
        except (
            values.UnreadableError,
            LookupError,
            TypeError,
            ValueError,
            AttributeError,
        ) as error:
            bad += 1
            log.warning("a row from Azure could not be read: %s", error)
    return bad


def assessment_page(page: ResultPage) -> AssessmentPage:
    """Parse a page of assessments and updates."""
    found: list[tuple[str, Assessment]] = []
    updates: list[tuple[str, Update]] = []

    def parse_row(row: Mapping[str, Any]) -> None:
        if _is_update(row["type"], _ASSESSMENT):
            owner = parse.machine_id_of(
                row["id"].rpartition("/")[0]
            )  # inlined, because this is the busiest line
            updates.append((owner, results.graph_update(row["properties"])))
        else:
            found.append(_assessment_row(row))

    return AssessmentPage(found, updates, parse_rows(page.rows, parse_row), page.total)


def installation_page(page: ResultPage) -> InstallationPage:
    """Parse a page of installation runs and updates."""
    runs: list[tuple[str, InstallationRun]] = []
    updates: list[tuple[str, str, RunUpdate]] = []

    def parse_row(row: Mapping[str, Any]) -> None:
        if _is_update(row["type"], _RUN):
            updates.append(_run_update_row(row))
        else:
            runs.append(_run_row(row))

    return InstallationPage(runs, updates, parse_rows(page.rows, parse_row), page.total)


def _assessment_row(row: Mapping[str, Any]) -> tuple[str, Assessment]:
    owner = _owner(row)
    return owner, results.graph_assessment(values.mapping(row.get("properties")), row.get("name"))


def _run_row(row: Mapping[str, Any]) -> tuple[str, InstallationRun]:
    owner = _owner(row)
    return owner, results.graph_run(values.mapping(row.get("properties")), row.get("name"))


def _run_update_row(row: Mapping[str, Any]) -> tuple[str, str, RunUpdate]:
    resource_id = values.required(row.get("id"), "id").lower()
    parts = resource_id.split("/")
    if len(parts) < 11:
        raise values.UnreadableError("the ID isn't that of an update in a run")
    update = results.run_update(values.mapping(row.get("properties")))
    return parse.machine_id_of(resource_id), parts[10], update
