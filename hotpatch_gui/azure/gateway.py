"""Everything this program asks of Azure, in the domain's terms. Lives on the worker thread."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from azure.core.polling import LROPoller
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.resourcegraph import ResourceGraphClient

from hotpatch_gui.domain.clock import Clock, CloudClock
from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.operations import OperationKind
from hotpatch_gui.domain.problems import ProblemError
from hotpatch_gui.domain.records import Assessment, InstallationRun, RunUpdate
from hotpatch_gui.domain.schedules import Schedule
from hotpatch_gui.domain.updates import Update

from . import parse
from .clouds import Cloud
from .credentials import NoAuthentication, SignIn
from .errors import as_problems, nonsense
from .operations import Look, begin, look
from .policies import ClockWatch, OwnHostOnly
from .resource_graph import Page, ResourceGraph

log = logging.getLogger(__name__)
CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 10, 60
BLOCK_BYTES = 1 << 18
"""Read from a connection at a time; the SDK's own 4,096 take longer than reading the JSON."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Where and as whom: one cloud, its subscriptions, the way to sign in.

    ``transport`` makes the in-process transport of the demo; None is the network.
    """

    cloud: Cloud
    subscription_ids: tuple[str, ...]
    sign_in: str = "browser"
    tenant: str | None = None
    transport: Callable[[], Any] | None = None


@dataclass(frozen=True, slots=True)
class AssessmentPage:
    """Rows of one page, by machine id (lower case); ``unreadable`` were left out."""

    assessments: list[tuple[str, Assessment]]
    updates: list[tuple[str, Update]]
    unreadable: int
    total: int


@dataclass(frozen=True, slots=True)
class InstallationPage:
    """``updates`` are (machine id, run id, update)."""

    runs: list[tuple[str, InstallationRun]]
    updates: list[tuple[str, str, RunUpdate]]
    unreadable: int
    total: int


@dataclass(frozen=True, slots=True)
class MachinePage:
    machines: list[Machine]
    unreadable: int
    total: int


@dataclass(frozen=True, slots=True)
class HealthPage:
    """(machine id, availability state, since when)."""

    states: list[tuple[str, str, datetime | None]]
    unreadable: int
    total: int


@dataclass(frozen=True, slots=True)
class Reading:
    """One machine read through ARM: settings, power, and the summaries of its instance view."""

    machine: Machine
    assessment: Assessment | None
    run: InstallationRun | None


class Gateway:
    """Reads and acts. Every method raises ProblemError and nothing else of Azure's.

    Args:
        clock: now, for the times of what is fetched; a CloudClock is kept by the answers.
        prompt: hears what the user has to do to sign in, and "" once that is done.
    """

    def __init__(
        self, connection: Connection, clock: Clock, prompt: Callable[[str], None] = lambda _: None
    ) -> None:
        self._clock = clock
        self._connection = connection
        self._sign_in = SignIn(connection.cloud, connection.sign_in, connection.tenant, prompt)
        self._credential = self._sign_in.credential
        self._options = self._client_options(connection, clock)
        self._graph_client = ResourceGraphClient(self._credential, **self._options)
        self._graph = ResourceGraph(self._graph_client, connection.subscription_ids)
        self._compute: dict[str, ComputeManagementClient] = {}

    def close(self) -> None:
        self._graph_client.close()
        for client in self._compute.values():
            client.close()

    def sign_in(self) -> None:
        """Ask the user to sign in, where that is needed; may take as long as the user does."""
        with as_problems("signing in"):
            self._sign_in.now()

    @property
    def wait_s(self) -> float:
        """Seconds until Resource Graph's quota allows another page."""
        return self._graph.wait_s

    def subscriptions(self) -> list[tuple[str, str]]:
        """(id, display name) of the connection's subscriptions."""
        rows = [row for page in self._graph.pages("subscriptions") for row in page.rows]
        pairs = ((parse.text(r.get("subscriptionId")), parse.text(r.get("name"))) for r in rows)
        return [(i.lower(), name or i) for i, name in pairs if i]

    def machine_pages(self) -> Iterator[MachinePage]:
        """Iterators like this one can be asked again for a page that failed with a ``ProblemError``."""
        return map(self._machine_page, self._graph.pages("machines"))

    def assessment_pages(self, machine_id: str | None = None) -> Iterator[AssessmentPage]:
        return map(_assessment_page, self._graph.pages("assessments", machine_id))

    def installation_pages(self, machine_id: str | None = None) -> Iterator[InstallationPage]:
        return map(_installation_page, self._graph.pages("installations", machine_id))

    def health_pages(self) -> Iterator[HealthPage]:
        """Machines that Resource Health calls anything else than available: what a rollout looks at, too."""
        return map(_health_page, self._graph.pages("health"))

    def schedules(self) -> tuple[dict[str, Schedule], dict[str, str]]:
        """Maintenance configurations of in-guest scope by id, and their ids by machine, all in lower case."""
        found: dict[str, Schedule] = {}
        assigned: dict[str, str] = {}

        def take(row: Mapping[str, Any]) -> None:
            found[parse.required(row.get("id"), "id").lower()] = parse.schedule(row)

        def assign(row: Mapping[str, Any]) -> None:
            machine = parse.machine_id_of(parse.required(row.get("machine"), "machine"))
            assigned[machine] = parse.required(row.get("schedule"), "schedule").lower()

        for page in self._graph.pages("schedules"):
            _take_rows(page.rows, take)
        for page in self._graph.pages("assignments") if found else ():
            _take_rows(page.rows, assign)
        return found, assigned

    def _machine_page(self, page: Page) -> MachinePage:
        now = self._clock()
        machines: list[Machine] = []

        def take(row: Mapping[str, Any]) -> None:
            _is_update(row["type"], _MACHINE)
            machines.append(parse.machine(row, now))

        bad = _take_rows(page.rows, take)
        return MachinePage(machines, bad, page.total)

    def read_machine(self, machine: Machine) -> Reading:
        """One machine with its instance view, through ARM."""
        with as_problems(f"reading {machine.name}"):
            body = self._client(machine).virtual_machines.get(
                machine.resource_group, machine.name, expand="instanceView"
            )
            raw = dict(body)
            if str(raw.get("id")).casefold() != machine.resource_id.casefold():
                raise ProblemError(nonsense(f"reading {machine.name}"))
            view = parse.mapping(parse.mapping(raw.get("properties")).get("instanceView"))
            row = parse.resource_row(raw, machine.subscription_id)
            found = replace(
                parse.machine(row, self._clock()), agent_ready=parse.agent_ready(view),
                update_domain=parse.whole(view.get("platformUpdateDomain")),
            )  # fmt: skip
            status = parse.mapping(view.get("patchStatus"))
            summary = parse.mapping(status.get("availablePatchSummary"))
            last = parse.mapping(status.get("lastPatchInstallationSummary"))
            run = (
                parse.graph_run(last, None)
                if last.get("installationActivityId") and last.get("startTime")
                else None
            )
            return Reading(found, parse.view_assessment(summary), run)

    def begin(self, kind: OperationKind, machine: Machine, request: str | None) -> Look:
        """Send the operation, once. ``request`` is the JSON made in ``bodies``, for those that have one."""
        with as_problems(f"asking for “{kind.label}” on {machine.name}"):
            return begin(self._call(kind, machine, request))

    def look(self, kind: OperationKind, machine: Machine, request: str | None, token: str) -> Look:
        with as_problems(f"following “{kind.label}” on {machine.name}"):
            return look(self._call(kind, machine, request), token)

    def _call(
        self, kind: OperationKind, machine: Machine, request: str | None
    ) -> Callable[..., LROPoller[Any]]:
        operations = self._client(machine).virtual_machines
        group, name = machine.resource_group, machine.name
        body = json.loads(request) if request else {}
        match kind:
            case OperationKind.ASSESS:
                return partial(operations.begin_assess_patches, group, name)
            case OperationKind.INSTALL:
                return partial(operations.begin_install_patches, group, name, body)
            case OperationKind.RESTART:
                return partial(operations.begin_restart, group, name)
        return partial(operations.begin_update, group, name, body)

    def _client(self, machine: Machine) -> ComputeManagementClient:
        subscription = machine.subscription_id
        if subscription not in self._compute:
            self._compute[subscription] = ComputeManagementClient(
                self._credential, subscription, **self._options
            )
        return self._compute[subscription]

    def _client_options(self, connection: Connection, clock: Clock) -> dict[str, Any]:
        policies: list[Any] = [OwnHostOnly(connection.cloud.host)]
        if isinstance(clock, CloudClock):
            policies.append(ClockWatch(clock))
        options: dict[str, Any] = {
            "base_url": connection.cloud.endpoint,
            "credential_scopes": [connection.cloud.scope],
            "per_retry_policies": policies,
            "retry_total": 0,
            "connection_timeout": CONNECT_TIMEOUT_S,
            "read_timeout": READ_TIMEOUT_S,
            "permit_redirects": False,
            "connection_data_block_size": BLOCK_BYTES,
        }
        if not connection.cloud.needs_sign_in:
            options["authentication_policy"] = NoAuthentication()
        if connection.transport is not None:
            options["transport"] = connection.transport()
        return options


_MACHINE = "microsoft.compute/virtualmachines"
_ASSESSMENT, _RUN = f"{_MACHINE}/patchassessmentresults", f"{_MACHINE}/patchinstallationresults"


@lru_cache(maxsize=256)
def _is_update(kind: str, of: str) -> bool:
    """Whether a row is of an update or of ``of`` itself.

    Raises:
        UnreadableError: it is of neither: an answer to another question, as a broken proxy gives.
    """
    plain = kind.casefold()
    if plain not in (of, f"{of}/softwarepatches"):
        raise parse.UnreadableError(f"{kind} is not what was asked for")
    return plain != of


def _health_page(page: Page) -> HealthPage:
    states: list[tuple[str, str, datetime | None]] = []

    def take(row: Mapping[str, Any]) -> None:
        state = parse.required(row.get("state"), "state")
        owner = parse.machine_id_of(parse.required(row.get("machine"), "machine"))
        states.append((owner, state, parse.moment(row.get("since"))))

    return HealthPage(states, _take_rows(page.rows, take), page.total)


def _owner(row: Mapping[str, Any]) -> str:
    """The id of the machine that a row hangs below. Rows of one machine share what comes before their last part."""
    return parse.machine_id_of(row["id"].rpartition("/")[0])


def _take_rows(rows: Iterable[Mapping[str, Any]], take: Callable[[Mapping[str, Any]], None]) -> int:
    """``take`` each row; how many of them could not be read."""
    bad = 0
    for row in rows:
        try:
            take(row)
        except (parse.UnreadableError, LookupError, TypeError, ValueError, AttributeError) as error:
            bad += 1
            log.warning("a row from Azure could not be read: %s", error)
    return bad


def _assessment_page(page: Page) -> AssessmentPage:
    found: list[tuple[str, Assessment]] = []
    updates: list[tuple[str, Update]] = []

    def take(row: Mapping[str, Any]) -> None:
        if _is_update(row["type"], _ASSESSMENT):
            updates.append((_owner(row), parse.graph_update(row["properties"])))
        else:
            found.append(_assessment_row(row))

    return AssessmentPage(found, updates, _take_rows(page.rows, take), page.total)


def _installation_page(page: Page) -> InstallationPage:
    runs: list[tuple[str, InstallationRun]] = []
    updates: list[tuple[str, str, RunUpdate]] = []

    def take(row: Mapping[str, Any]) -> None:
        if _is_update(row["type"], _RUN):
            updates.append(_run_update_row(row))
        else:
            runs.append(_run_row(row))

    return InstallationPage(runs, updates, _take_rows(page.rows, take), page.total)


def _assessment_row(row: Mapping[str, Any]) -> tuple[str, Assessment]:
    owner = _owner(row)
    return owner, parse.graph_assessment(parse.mapping(row.get("properties")), row.get("name"))


def _run_row(row: Mapping[str, Any]) -> tuple[str, InstallationRun]:
    owner = _owner(row)
    return owner, parse.graph_run(parse.mapping(row.get("properties")), row.get("name"))


def _run_update_row(row: Mapping[str, Any]) -> tuple[str, str, RunUpdate]:
    resource_id = parse.required(row.get("id"), "id").lower()
    parts = resource_id.split("/")
    if len(parts) < 11:
        raise parse.UnreadableError("id is not an update's of a run")
    update = parse.run_update(parse.mapping(row.get("properties")))
    return parse.machine_id_of(resource_id), parts[10], update
