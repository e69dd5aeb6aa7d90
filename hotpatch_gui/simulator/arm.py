"""HTTP layer of the simulated Azure: requests to Resource Manager and Resource Graph, and responses in Azure's shapes.

Source: azure-rest-api-specs, Microsoft.Compute and Microsoft.ResourceGraph.
"""

from __future__ import annotations

import base64
import json
import re
import sqlite3
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from email.utils import format_datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from . import arc, deployments, graph, maintenance_api, vm_creation
from .arm_error import ArmError
from .cloud import VM, SimulatedCloud, SimulatedOperation
from .guest import Guest
from .install_parameters import parse_install_parameters
from .kql import KqlQuery, QueryError
from .responses import RETRY_AFTER_S, Call, Response, polling_headers
from .vm import instance_view, iso, model, result
from .vm_settings import read_settings

RATE_HEADER = "x-ms-simulated-rate"
"""Simulated seconds per second, which a real cloud never sends."""
MAX_PAGE = 1000
MAX_QUERIES = 16
"""Responses kept for their further pages."""
DEFAULT_PAGE = 100
API_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")


Fault = Callable[[str, str], Response | Exception | None]
"""The response to (method, path), or None to let the request through."""

_VM = r"/subscriptions/(?P<sub>[^/]+)/resourceGroups/(?P<rg>[^/]+)/providers/Microsoft\.Compute/virtualMachines"
_GROUP = r"/subscriptions/(?P<sub>[^/]+)/resource[gG]roups/(?P<rg>[^/]+)"
_ROUTES: list[tuple[str, re.Pattern[str], str]] = [
    (method, re.compile(pattern + "/?", re.IGNORECASE), name)
    for method, pattern, name in (
        (
            "GET",
            r"/subscriptions/(?P<sub>[^/]+)/providers/Microsoft\.Compute/virtualMachines",
            "list_all",
        ),
        ("GET", _VM, "list_group"),
        ("GET", _VM + r"/(?P<vm>[^/]+)", "get"),
        ("PATCH", _VM + r"/(?P<vm>[^/]+)", "update"),
        ("GET", _VM + r"/(?P<vm>[^/]+)/instanceView", "instance_view"),
        ("POST", _VM + r"/(?P<vm>[^/]+)/assessPatches", "assess"),
        ("POST", _VM + r"/(?P<vm>[^/]+)/installPatches", "install"),
        ("POST", _VM + r"/(?P<vm>[^/]+)/restart", "restart"),
        ("POST", _VM + r"/(?P<vm>[^/]+)/start", "start"),
        (
            "GET",
            (
                r"/subscriptions/(?P<sub>[^/]+)/providers/Microsoft\.Compute/locations/(?P<loc>[^/]+)"
                r"/operations/(?P<op>[^/]+)"
            ),
            "operation",
        ),
        (
            "GET",
            _GROUP
            + r"(/providers/[^/]+//?[^/]+/[^/]+)?/providers/Microsoft\.Authorization/permissions",
            "permissions",
        ),
        ("POST", r"/providers/Microsoft\.ResourceGraph/resources", "query"),
    )
]
MAX_REMEMBERED_REQUESTS = 1000
"""Remembered requests, so that equal ones get different IDs."""


class SimulatorApi:
    """Responds to requests from a Cloud. Thread-safe.

    Args:
        quota: Resource Graph queries per window and user; Azure's own is 15 in 5 seconds.
    """

    def __init__(
        self,
        cloud: SimulatedCloud,
        *,
        quota: int = 15,
        quota_window_s: float = 5.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.cloud = cloud
        self.faults: list[Fault] = []
        self._quota, self._window = quota, quota_window_s
        self._monotonic = monotonic
        self._asked: deque[float] = deque()
        self._alike: dict[str, int] = {}
        self._routes: list[tuple[str, re.Pattern[str], Callable[[Call], Response]]] = [
            *((verb, pattern, getattr(self, f"_{name}")) for verb, pattern, name in _ROUTES),
            *(
                (verb, pattern, partial(route, cloud))
                for verb, pattern, route in (
                    *arc.ROUTES,
                    *maintenance_api.ROUTES,
                    *vm_creation.ROUTES,
                    *deployments.ROUTES,
                )
            ),
        ]
        self._pages: dict[tuple[str, frozenset[str]], tuple[int, list[dict[str, Any]]]] = {}

    def handle(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Response:
        """Respond to one request. A fault may raise instead, like a broken connection."""
        parts = urlsplit(url)
        path = unquote(parts.path)
        with self.cloud.lock:
            response = self._faulty(method, path)
            if self.cloud.is_closed:  # never answer with unsaved state
                off = ArmError(503, "ServiceUnavailable", "The simulated Azure was switched off.")
                response = Response(503, _error_body(off))
            if response is None:
                try:
                    response = self._route(method, path, parts.query, url, body)
                except ArmError as error:
                    response = Response(error.status, _error_body(error))
                except sqlite3.Error as error:
                    why = f"The simulated Azure's own file could not be used: {error}."
                    response = Response(500, _error_body(ArmError(500, "InternalServerError", why)))
            now = self.cloud.clock.now()
            response.headers = {
                "Date": format_datetime(now, usegmt=True),
                RATE_HEADER: str(self.cloud.clock.rate()),
                "x-ms-request-id": self._request_id(f"{method} {path} {now.isoformat()}"),
                "Content-Type": "application/json; charset=utf-8",
            } | response.headers
            return response

    def _request_id(self, request: str) -> str:
        """A new request ID, the same in every run of a scenario."""
        self._alike[request] = self._alike.get(request, 0) + 1
        if len(self._alike) > MAX_REMEMBERED_REQUESTS:
            self._alike.pop(next(iter(self._alike)))
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{request} {self._alike[request]}"))

    def _faulty(self, method: str, path: str) -> Response | None:
        for fault in self.faults:
            outcome = fault(method, path)
            if isinstance(outcome, Exception):
                raise outcome
            if outcome is not None:
                return outcome
        return None

    def _route(self, method: str, path: str, query: str, url: str, body: bytes | None) -> Response:
        arguments = {k.casefold(): v[0] for k, v in parse_qs(query).items()}
        for verb, pattern, route in self._routes:
            match = pattern.fullmatch(path)
            if match is None or verb != method:
                continue
            if not API_VERSION.fullmatch(arguments.get("api-version", "")):
                raise ArmError(
                    400,
                    "MissingApiVersionParameter",
                    "The api-version query parameter (?api-version=) is required for all requests.",
                )
            values = match.groupdict()
            if "sub" in values and values["sub"].casefold() not in self.cloud.subscriptions:
                raise ArmError(
                    404,
                    "SubscriptionNotFound",
                    f"The subscription '{values['sub']}' could not be found.",
                )
            call = Call(values, arguments, _json(body), _origin(url), self.cloud.settle())
            response = route(call)
            self.cloud.save()
            return response
        raise ArmError(
            404, "InvalidResourceType", f"The resource type could not be found for {method} {path}."
        )

    def _list_all(self, call: Call) -> Response:
        return Response(200, {"value": [model(g) for g in self._guests_of(call)]})

    def _list_group(self, call: Call) -> Response:
        group = call.values["rg"].casefold()
        mine = [g for g in self._guests_of(call) if g.resource_group.casefold() == group]
        return Response(200, {"value": [model(g) for g in mine]})

    def _guests_of(self, call: Call) -> list[Guest]:
        wanted = call.values["sub"].casefold()
        guests = self.cloud.guests.values()
        return [g for g in guests if g.subscription == wanted and not g.is_arc]

    def _get(self, call: Call) -> Response:
        guest = self._guest(call)
        self.cloud.require(guest.resource_group, f"{VM}/read")
        body = model(guest)
        if call.arguments.get("$expand", "").casefold() == "instanceview":
            body["properties"]["instanceView"] = instance_view(self.cloud, guest, call.now)
        return Response(200, body)

    def _instance_view(self, call: Call) -> Response:
        return Response(200, instance_view(self.cloud, self._guest(call), call.now))

    def _assess(self, call: Call) -> Response:
        guest = self._guest(call)
        self.cloud.require(guest.resource_group, f"{VM}/assessPatches/action")
        return _accepted(call, guest, self.cloud.begin_assessment(guest))

    def _install(self, call: Call) -> Response:
        guest = self._guest(call)
        self.cloud.require(guest.resource_group, f"{VM}/installPatches/action")
        parameters = parse_install_parameters(call.body)
        return _accepted(call, guest, self.cloud.begin_installation(guest, parameters, call.body))

    def _restart(self, call: Call) -> Response:
        guest = self._guest(call)
        self.cloud.require(guest.resource_group, f"{VM}/restart/action")
        return _accepted(call, guest, self.cloud.begin_restart(guest))

    def _start(self, call: Call) -> Response:
        guest = self._guest(call)
        self.cloud.require(guest.resource_group, f"{VM}/start/action")
        return _accepted(call, guest, self.cloud.begin_start(guest))

    def _update(self, call: Call) -> Response:
        guest = self._guest(call)
        self.cloud.require(guest.resource_group, f"{VM}/write")
        windows = _get_nested(call.body, "properties", "osProfile", "windowsConfiguration") or {}
        settings = read_settings(guest, windows)

        def change(g: Guest) -> None:
            g.patch_mode, g.assessment_mode = settings["patch_mode"], settings["assessment_mode"]
            g.bypass_safety_checks = settings["bypass"]
            g.restart_setting = settings["restart"]
            g.set_hotpatching(settings["hotpatching"], call.now.date())

        op = self.cloud.begin_settings(guest, change)
        body = model(guest)
        body["properties"]["provisioningState"] = "Updating"
        headers = _operation_headers(call, guest, op)
        headers.pop("Location")
        return Response(200, body, headers)

    def _operation(self, call: Call) -> Response:
        op = self.cloud.operations.get(call.values["op"])
        if op is None:
            raise ArmError(404, "NotFound", "The entity was not found in this Azure location.")
        if call.arguments.get("monitor") == "true":
            if not op.applied:
                guest = self.cloud.guests[op.guest.casefold()]
                return Response(202, None, _operation_headers(call, guest, op))
            return Response(200, result(op))
        body = {"startTime": iso(op.started), "name": op.id, "status": "InProgress"}
        if op.applied:
            body |= {"endTime": iso(op.ends), "status": "Succeeded"}
        return Response(200, body, {} if op.applied else {"Retry-After": str(RETRY_AFTER_S)})

    def _permissions(self, call: Call) -> Response:
        actions = list(self.cloud.granted(call.values["rg"]))
        grant = {"actions": actions, "notActions": [], "dataActions": [], "notDataActions": []}
        return Response(200, {"value": [grant]})

    def _query(self, call: Call) -> Response:
        remaining, resets = self._use_quota()
        headers = {
            "x-ms-user-quota-remaining": str(max(0, remaining)),
            "x-ms-user-quota-resets-after": resets,
        }
        if remaining < 0:
            error = ArmError(
                429,
                "RateLimiting",
                "Please provide below info when asking for support: the query quota is exceeded.",
            )
            return Response(
                429, _error_body(error), headers | {"Retry-After": str(max(1, int(self._window)))}
            )
        options = call.body.get("options") or {}
        wanted = frozenset(s.casefold() for s in call.body.get("subscriptions") or ())
        rows, start = self._rows(
            call, str(call.body.get("query", "")), wanted, options.get("$skipToken")
        )
        size = min(int(options.get("$top") or DEFAULT_PAGE), MAX_PAGE)
        page = rows[start : start + size]
        more = start + size < len(rows)
        parsed = self._parse(str(call.body.get("query", "")))
        token = _token(self.cloud.version, start + size) if more and parsed.projects_id else None
        return Response(
            200, _page(page, len(rows), len(page), token, truncated=more and token is None), headers
        )

    def _rows(
        self, call: Call, text: str, wanted: frozenset[str], token: str | None
    ) -> tuple[list[dict[str, Any]], int]:
        """Rows of the requested subscriptions, or all, and the start of the page."""
        version, start = _read_token(token) if token else (self.cloud.version, 0)
        kept = self._pages.get((text, wanted))
        if token and kept is not None and kept[0] == version:
            return kept[1], start
        query = self._parse(text)
        source = graph.rows(self.cloud, query.table, call.now, graph.QueryScope.of(text))
        if source is None:
            raise ArmError(
                400, "BadRequest", f"Table {query.table} is invalid, unsupported or disallowed."
            )
        mine = (row for row in source if not wanted or row["subscriptionId"] in wanted)
        rows = query.run(mine)
        self._pages.pop((text, wanted), None)
        self._pages[text, wanted] = (version, rows)
        if len(self._pages) > MAX_QUERIES:
            self._pages.pop(next(iter(self._pages)))
        return rows, start

    def _parse(self, text: str) -> KqlQuery:
        try:
            return KqlQuery(text)
        except QueryError as error:
            raise ArmError(400, "BadRequest", f"Please provide a valid query: {error}") from None

    def _use_quota(self) -> tuple[int, str]:
        now = self._monotonic()
        while self._asked and now - self._asked[0] >= self._window:
            self._asked.popleft()
        remaining = self._quota - len(self._asked) - 1
        if remaining >= 0:
            self._asked.append(now)
        wait = max(0.0, self._window - (now - self._asked[0])) if self._asked else 0.0
        return remaining, f"00:00:{int(wait + 0.999):02d}"

    def _guest(self, call: Call) -> Guest:
        return self.cloud.guest(call.values["sub"], call.values["rg"], call.values["vm"])


def _accepted(call: Call, guest: Guest, op: SimulatedOperation) -> Response:
    return Response(202, None, _operation_headers(call, guest, op))


def _operation_headers(call: Call, guest: Guest, op: SimulatedOperation) -> dict[str, str]:
    path = (
        f"/subscriptions/{guest.subscription}/providers/Microsoft.Compute/locations/"
        f"{guest.location}/operations/{op.id}?p={op.id[:8]}"
    )
    return polling_headers(call, path, f"{path}&monitor=true")


def _page(
    data: list[dict[str, Any]],
    total: int,
    count: int,
    token: str | None,
    *,
    truncated: bool = False,
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "totalRecords": total,
        "count": count,
        "resultTruncated": "true" if truncated else "false",
        "facets": [],
        "data": data,
    }
    return body | ({"$skipToken": token} if token else {})


def _token(version: int, offset: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([version, offset]).encode()).decode()


def _read_token(token: str) -> tuple[int, int]:
    try:
        version, offset = json.loads(base64.urlsafe_b64decode(token))
        return int(version), int(offset)
    except ValueError:
        raise ArmError(400, "BadRequest", "The $skipToken is invalid.") from None


def _error_body(error: ArmError) -> dict[str, Any]:
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.target:
        body["target"] = error.target
    if error.details:
        body["details"] = list(error.details)
    return {"error": body}


def _json(body: bytes | None) -> dict[str, Any]:
    if not body:
        return {}
    try:
        value = json.loads(body)
    except ValueError:
        raise ArmError(
            400,
            "InvalidRequestContent",
            "The request content was invalid and could not be deserialized.",
        ) from None
    if not isinstance(value, dict):
        raise ArmError(400, "InvalidRequestContent", "The request content must be an object.")
    return value


def _get_nested(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
