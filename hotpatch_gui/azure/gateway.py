"""Everything this program requests from Azure, in the domain's terms.

Methods block; they run on several threads at a time.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from azure.core.exceptions import ResourceNotFoundError
from azure.core.polling import LROPoller
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.hybridcompute import HybridComputeManagementClient
from azure.mgmt.maintenance import MaintenanceManagementClient
from azure.mgmt.resourcegraph import ResourceGraphClient

from hotpatch_gui.domain.clock import Clock, CloudClock
from hotpatch_gui.domain.connections import Connection
from hotpatch_gui.domain.deployments import Deployment, DeploymentProgress
from hotpatch_gui.domain.machines import Machine
from hotpatch_gui.domain.masking import codes_only, hiding
from hotpatch_gui.domain.operations import OperationKind
from hotpatch_gui.domain.permissions import Grant
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.domain.records import Assessment, InstallationRun
from hotpatch_gui.domain.schedule_changes import ScheduleChange
from hotpatch_gui.translation import translator

from . import maintenance, pages, parse, results, values
from .bodies import enroll_body, first_license_body
from .credentials import Account, NoAuthentication, SignInSession
from .errors import as_problems, malformed_response
from .long_running import PollResult, begin, poll
from .pages import (
    AssessmentPage,
    AssignmentPage,
    InstallationPage,
    MachinePage,
    ResourceHealthPage,
    SchedulePage,
)
from .policies import ClockSync, RaiseConflict, RenewedOnce, SameHostPolicy
from .resource_graph import ALL, QueryFilter, ResourceGraph, ResultPage
from .throttle import Throttle, Throttles
from .transport import network_transport

if TYPE_CHECKING:
    from azure.mgmt.resource.deployments import DeploymentsMgmtClient

    from .deployments import CheckResult

tr = translator("Gateway")

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class MachineSnapshot:
    """One machine read through Resource Manager: settings, power and summaries of its instance view."""

    machine: Machine
    assessment: Assessment | None
    run: InstallationRun | None


class Gateway:
    """Reads and acts through one connection. Methods raise only ProblemError; ``sign_out`` can also raise errors of the token store.

    Args:
        clock: the cloud's clock, synchronized from each response's Date header.
        throttles: those of the connection's earlier gateways, because Azure's limits still apply after a sign-out; None for new ones.
        prompt: receives what the user must do to sign in, and "" afterwards.
        transport: creates the demo's in-process transport; None for the network.

    Attributes:
        reads: the limit of read requests to Resource Manager. ``writes`` limits changes, ``queries`` Resource Graph. Callers
        respect them; requests during a pause fail with ProblemError (THROTTLED).

    Raises:
        ValueError, OSError: the connection's settings can't be used, such as a missing certificate.
    """

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        prompt: Callable[[str], None] = lambda _: None,
        transport: Callable[[], Any] | None = None,
        throttles: Throttles | None = None,
    ) -> None:
        self._clock = clock
        self.connection = connection
        self._sign_in = SignInSession(connection, prompt)
        self._credential = self._sign_in.credential
        self._transport = transport() if transport is not None else network_transport()
        arm, graph = throttles or Throttles.begin()
        self.reads, self.writes, self.queries = arm.reads, arm.writes, graph.reads
        self._options = self._client_options(connection, clock, arm)
        of_graph = self._client_options(connection, clock, graph)
        self._graph_client = ResourceGraphClient(
            self._credential, **of_graph, **self._own_policies()
        )
        self._graph = ResourceGraph(self._graph_client, connection.subscription_ids)
        self._compute: dict[str, ComputeManagementClient] = {}
        self._hybrid: dict[str, HybridComputeManagementClient] = {}
        self._grants: dict[str, Any] = {}
        self._maintenance: dict[str, MaintenanceManagementClient] = {}
        self._deployments: dict[str, DeploymentsMgmtClient] = {}
        self._making = threading.Lock()

    def apply_connection(self, connection: Connection) -> bool:
        """Apply changes of the connection and keep the sign-in.

        Returns:
            False if the tenant, cloud, sign-in method, application or certificate changed, which requires a new gateway.
        """
        same = connection.has_same_target(self.connection)
        if same:
            self.connection = connection
            self._graph.subscription_ids = connection.subscription_ids
        return same

    def close(self) -> None:
        """Close the transports and the credential."""
        self._graph_client.close()
        clients: list[Any] = [
            *self._compute.values(),
            *self._hybrid.values(),
            *self._grants.values(),
            *self._maintenance.values(),
            *self._deployments.values(),
        ]
        for client in clients:
            client.close()
        self._transport.session.close()
        self._sign_in.close()

    def account(self) -> Account | None:
        """The signed-in account, without prompting; None if no sign-in is needed."""
        with as_problems(tr("signing in")):
            return self._sign_in.account()

    def sign_in(self) -> Account | None:
        """Sign in. Takes as long as the user does, and may run on its own thread. None if the cloud needs no sign-in."""
        with as_problems(tr("signing in")):
            return self._sign_in.now()

    def sign_out(self) -> None:
        """Delete stored tokens. Another gateway is needed afterwards."""
        self._sign_in.forget()

    def subscriptions(self) -> list[tuple[str, str]]:
        """(lower-case ID, display name) of all readable subscriptions, selected or not."""
        pages = self._graph.pages("subscriptions", of_all=True)
        rows = [row for page in pages for row in page.rows]
        pairs = ((values.text(r.get("subscriptionId")), values.text(r.get("name"))) for r in rows)
        return [(i.lower(), name or i) for i, name in pairs if i]

    def machine_pages(self) -> Iterator[MachinePage]:
        """Virtual machines. If a page fails with ProblemError, the iterator can be resumed."""
        return map(self._machine_page, self._graph.pages("machines"))

    def arc_pages(self) -> Iterator[MachinePage]:
        """Arc-enabled servers, including machines on Azure Local."""
        return map(self._arc_page, self._graph.pages("arc-machines"))

    def assessment_pages(self, filter_fields: QueryFilter = ALL) -> Iterator[AssessmentPage]:
        """Assessment results and their updates."""
        return map(pages.assessment_page, self._graph.pages("assessments", filter_fields))

    def installation_pages(self, filter_fields: QueryFilter = ALL) -> Iterator[InstallationPage]:
        """Installation results and their updates."""
        return map(pages.installation_page, self._graph.pages("installations", filter_fields))

    def resource_health_pages(self) -> Iterator[ResourceHealthPage]:
        """Machines that Resource Health doesn't report as available."""
        return map(pages.resource_health_page, self._graph.pages("health"))

    def schedule_pages(self) -> Iterator[SchedulePage]:
        """All maintenance configurations, because an assignment doesn't show its configuration's kind."""
        return map(pages.schedule_page, self._graph.pages("schedules"))

    def assignment_pages(self) -> Iterator[AssignmentPage]:
        """Assignments of schedules to machines, and dynamic scopes."""
        return map(pages.assignment_page, self._graph.pages("assignments"))

    def _machine_page(self, page: ResultPage) -> MachinePage:
        return self._machines_of(page, pages.VM, parse.machine)

    def _arc_page(self, page: ResultPage) -> MachinePage:
        return self._machines_of(page, pages.ARC, parse.arc_machine)

    def _machines_of(
        self, page: ResultPage, kind: str, read: Callable[[Mapping[str, Any], datetime], Machine]
    ) -> MachinePage:
        now = self._clock()
        machines: list[Machine] = []

        def parse_row(row: Mapping[str, Any]) -> None:
            if row["type"].casefold() != kind:
                raise values.UnreadableError(f"{row['type']} isn't the requested type")
            machines.append(read(row, now))

        bad = pages.parse_rows(page.rows, parse_row)
        return MachinePage(machines, bad, page.total)

    def group_grants(self, subscription_id: str, resource_group: str) -> list[Grant]:
        """The account's permissions on a resource group."""
        with as_problems(
            tr("reading your permissions on {resource_group}", resource_group=resource_group)
        ):
            of = self._authorization(subscription_id).permissions
            return [_grant(p) for p in of.list_for_resource_group(resource_group)]

    def machine_grants(self, machine: Machine) -> list[Grant]:
        """The account's permissions on one machine."""
        space, kind = (
            ("Microsoft.Compute", "virtualMachines")
            if machine.arc is None
            else ("Microsoft.HybridCompute", "machines")
        )
        with as_problems(tr("reading your permissions on {name}", name=machine.name)):
            of = self._authorization(machine.subscription_id).permissions
            found = of.list_for_resource(machine.resource_group, space, "", kind, machine.name)
            return [_grant(p) for p in found]

    def _authorization(self, subscription_id: str) -> Any:
        from azure.mgmt.authorization import (  # noqa: PLC0415 - takes 0.1 s, and the first rows don't need it
            AuthorizationManagementClient,
        )

        make = partial(AuthorizationManagementClient, self._credential, subscription_id)
        return self._client_for(self._grants, subscription_id, make)

    def read_machine(self, machine: Machine) -> MachineSnapshot:
        """Read one machine through Resource Manager; a virtual machine is read with its instance view."""
        return self._read_arc(machine) if machine.arc is not None else self._read_vm(machine)

    def _read_arc(self, machine: Machine) -> MachineSnapshot:
        with as_problems(tr("reading {name}", name=machine.name)):
            raw = dict(self._hybrid_of(machine).machines.get(machine.resource_group, machine.name))
            if str(raw.get("id")).casefold() != machine.resource_id.casefold():
                raise ProblemError(malformed_response(tr("reading {name}", name=machine.name)))
            row = parse.arc_row(raw, machine.subscription_id)
            return MachineSnapshot(parse.arc_machine(row, self._clock()), None, None)

    def _read_vm(self, machine: Machine) -> MachineSnapshot:
        with as_problems(tr("reading {name}", name=machine.name)):
            body = self._client(machine).virtual_machines.get(
                machine.resource_group, machine.name, expand="instanceView"
            )
            raw = dict(body)
            if str(raw.get("id")).casefold() != machine.resource_id.casefold():
                raise ProblemError(malformed_response(tr("reading {name}", name=machine.name)))
            view = values.mapping(values.mapping(raw.get("properties")).get("instanceView"))
            row = parse.resource_row(raw, machine.subscription_id)
            found = replace(
                parse.machine(row, self._clock()),
                agent_ready=parse.agent_ready(view),
                update_domain=values.integer(view.get("platformUpdateDomain")),
            )
            status = values.mapping(view.get("patchStatus"))
            summary = values.mapping(status.get("availablePatchSummary"))
            last = values.mapping(status.get("lastPatchInstallationSummary"))
            run = (
                results.graph_run(last, None)
                if last.get("installationActivityId") and last.get("startTime")
                else None
            )
            return MachineSnapshot(found, results.view_assessment(summary), run)

    def enroll_request(self, machine: Machine) -> str:
        """The JSON that enrolls this server: a change of its license profile, or the creation of its first one."""
        profiles = self._hybrid_of(machine).license_profiles
        with as_problems(tr("reading the license of {name}", name=machine.name)):
            try:
                profiles.get(machine.resource_group, machine.name)
            except ResourceNotFoundError:
                return json.dumps(first_license_body(machine.location))
        return json.dumps(enroll_body())

    def read_target(self, change: ScheduleChange) -> Mapping[str, Any] | None:
        """The configuration or assignment that a change is about; None if there is none."""
        doing = tr("checking “{label}” for {name}", label=change.kind.label, name=change.subject)
        with as_problems(doing):
            return maintenance.read(self._maintenance_of(change.resource_id), change.resource_id)

    def change_schedule(
        self, change: ScheduleChange, old: Mapping[str, Any] | None
    ) -> maintenance.Sent:
        """Send a change of a schedule once; ``old`` is what ``read_target`` returned."""
        doing = tr("requesting “{label}” for {name}", label=change.kind.label, name=change.subject)
        with as_problems(doing):
            return maintenance.send(self._maintenance_of(change.resource_id), change, old)

    def check_deployment(
        self, deployment: Deployment, password: str, *, what_if: bool, token: str = ""
    ) -> CheckResult:
        """Ask whether a deployment is valid, or what it would do; ``token`` continues an earlier question."""
        from . import deployments  # noqa: PLC0415 - only for new machines

        hide = hiding(password)
        with _without(hide, tr("checking the deployment of {name}", name=deployment.machine)):
            client = self._deployments_of(deployment)
            return deployments.check(
                client, deployment, password, hide, what_if=what_if, token=token
            )

    def deploy(self, deployment: Deployment, password: str) -> str:
        """Start a deployment once; returns Azure's request ID."""
        from . import deployments  # noqa: PLC0415 - only for new machines

        doing = tr("requesting the deployment of {name}", name=deployment.machine)
        with _without(hiding(password), doing):
            return deployments.send(self._deployments_of(deployment), deployment, password)

    def read_deployment(
        self, deployment: Deployment, password: str | None
    ) -> DeploymentProgress | None:
        """A deployment's progress; None if Azure reports that it doesn't exist.

        Without its password, which may be in Azure's texts, only error codes are returned.
        """
        from . import deployments  # noqa: PLC0415 - only for new machines

        hide = hiding(password) if password is not None else codes_only
        doing = tr("reading the deployment of {name}", name=deployment.machine)
        with _without(hide, doing):
            return deployments.read(self._deployments_of(deployment), deployment, hide)

    def begin(self, kind: OperationKind, machine: Machine, request: str | None) -> PollResult:
        """Send the operation once. ``request`` is the JSON from ``bodies``, if any."""
        with as_problems(tr("requesting “{label}” on {name}", label=kind.label, name=machine.name)):
            if machine.arc is not None and kind is OperationKind.SETTINGS:
                self._hybrid_of(machine).machines.update(  # no long-running operation
                    machine.resource_group, machine.name, json.loads(request or "{}")
                )
                return PollResult("", True, 0.0, {})
            return begin(self._call(kind, machine, request))

    def poll(
        self, kind: OperationKind, machine: Machine, request: str | None, token: str
    ) -> PollResult:
        """Poll the operation that ``token`` continues."""
        with as_problems(tr("checking “{label}” on {name}", label=kind.label, name=machine.name)):
            return poll(self._call(kind, machine, request), token)

    def _call(
        self, kind: OperationKind, machine: Machine, request: str | None
    ) -> Callable[..., LROPoller[Any]]:
        group, name = machine.resource_group, machine.name
        body = json.loads(request) if request else {}
        if machine.arc is not None:
            return self._arc_call(kind, machine, body)
        operations = self._client(machine).virtual_machines
        match kind:
            case OperationKind.ASSESS:
                return partial(operations.begin_assess_patches, group, name)
            case OperationKind.INSTALL:
                return partial(operations.begin_install_patches, group, name, body)
            case OperationKind.RESTART:
                return partial(operations.begin_restart, group, name)
            case OperationKind.START:
                return partial(operations.begin_start, group, name)
            case OperationKind.SETTINGS:
                return partial(operations.begin_update, group, name, body)
            case OperationKind.ENROLL | OperationKind.UNENROLL:
                raise ValueError(f"{kind} is for Arc-enabled servers only")

    def _arc_call(
        self, kind: OperationKind, machine: Machine, body: dict[str, Any]
    ) -> Callable[..., LROPoller[Any]]:
        client, group, name = self._hybrid_of(machine), machine.resource_group, machine.name
        match kind:
            case OperationKind.ASSESS:
                return partial(client.machines.begin_assess_patches, group, name)
            case OperationKind.INSTALL:
                return partial(client.machines.begin_install_patches, group, name, body)
            case OperationKind.ENROLL:
                call = (
                    client.license_profiles.begin_create_or_update
                    if "location" in body  # only a server's first license profile has one
                    else client.license_profiles.begin_update
                )
                return partial(call, group, name, body)
            case OperationKind.UNENROLL:
                return partial(client.license_profiles.begin_update, group, name, body)
        raise ProblemError(
            Problem(
                ProblemKind.REJECTED,
                tr("Azure doesn't support “{label}” on Arc-enabled servers.", label=kind.label),
                tr("Do this on the server itself."),
                may_have_been_sent=False,
            )
        )

    def _hybrid_of(self, machine: Machine) -> HybridComputeManagementClient:
        subscription = machine.subscription_id
        make = partial(HybridComputeManagementClient, self._credential, subscription)
        return self._client_for(self._hybrid, subscription, make)

    def _client(self, machine: Machine) -> ComputeManagementClient:
        subscription = machine.subscription_id
        make = partial(ComputeManagementClient, self._credential, subscription)
        return self._client_for(self._compute, subscription, make)

    def _maintenance_of(self, resource_id: str) -> MaintenanceManagementClient:
        subscription = maintenance.subscription_of(resource_id)
        make = partial(MaintenanceManagementClient, self._credential, subscription)
        return self._client_for(self._maintenance, subscription, make)

    def _deployments_of(self, deployment: Deployment) -> DeploymentsMgmtClient:
        from azure.mgmt.resource.deployments import DeploymentsMgmtClient  # noqa: PLC0415 - only for new machines

        subscription = deployment.subscription_id
        make = partial(DeploymentsMgmtClient, self._credential, subscription)
        return self._client_for(self._deployments, subscription, make)

    def _client_for(self, made: dict[str, T], subscription_id: str, make: Callable[..., T]) -> T:
        """A subscription's client, created by the first thread that needs it."""
        with self._making:
            if subscription_id not in made:
                made[subscription_id] = make(**self._options, **self._own_policies())
            return made[subscription_id]

    def _own_policies(self) -> dict[str, Any]:
        """A new policy per client: ``RenewedOnce``, unlike those that the clients share, keeps a reference to the next one."""
        return {"per_call_policies": [RenewedOnce(self._sign_in.renew)]}

    def _client_options(
        self, connection: Connection, clock: Clock, throttle: Throttle
    ) -> dict[str, Any]:
        policies: list[Any] = [SameHostPolicy(connection.cloud.host), throttle, RaiseConflict()]
        if isinstance(clock, CloudClock):
            policies.append(ClockSync(clock))
        options: dict[str, Any] = {
            "base_url": connection.cloud.endpoint,
            "credential_scopes": [connection.cloud.scope],
            "per_retry_policies": policies,
            "transport": self._transport,
            "retry_total": 0,
            "permit_redirects": False,
        }
        if not connection.cloud.needs_sign_in:
            options["authentication_policy"] = NoAuthentication()
        return options


@contextmanager
def _without(hide: Callable[[str], str], doing: str) -> Iterator[None]:
    """``as_problems`` with a secret masked, because Azure may repeat a request's values."""
    try:
        with as_problems(doing, hide):
            yield
    except ProblemError as error:
        raise error from None
    except Exception as error:  # noqa: BLE001 - whatever it is, its text may contain the secret
        log.error("%s: a bug, %s", doing, hide(str(error)))
        raise ProblemError(malformed_response(doing)) from None


def _grant(permission: Any) -> Grant:
    return Grant(tuple(permission.actions or ()), tuple(permission.not_actions or ()))
