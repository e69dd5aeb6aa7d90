"""Requests to Microsoft.Resources: one deployment, validated, foreseen, started and read.

A deployment is followed by its resource ID, so that nothing but its name is needed after a kill.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.resource.deployments import DeploymentsMgmtClient

from hotpatch_gui.domain.deployments import Deployment, Effect, Foreseen, Progress, state_of
from hotpatch_gui.domain.foreign_text import one_line
from hotpatch_gui.domain.machine_files import PASSWORD

from . import values
from .operations import begin, poll

MISSING = "DeploymentNotFound"
"""Azure's code of a deployment that doesn't exist."""
MOST_CAUSES = 5
"""Causes of a failed deployment that its error names."""


def _body(deployment: Deployment, password: str) -> bytes:
    properties = {
        "mode": "Incremental",
        "template": json.loads(deployment.template),
        "parameters": {PASSWORD: {"value": password}},
    }
    return json.dumps({"properties": properties}).encode()


class Answer(NamedTuple):
    """Azure's answer about a deployment that wasn't started: what it would do, or how to ask again.

    Attributes:
        foreseen: by resource; empty for a validation, None if there is no answer yet.
        token: continues the question.
        delay_s: how long to wait before.
    """

    foreseen: tuple[Foreseen, ...] | None
    token: str
    delay_s: float


def check(
    client: DeploymentsMgmtClient,
    deployment: Deployment,
    password: str,
    *,
    foresees: bool,
    token: str = "",
) -> Answer:
    """Ask whether the deployment is valid, or with ``foresees`` what it would do; or ask again with ``token``.

    Raises:
        HttpResponseError: Azure rejected the question, or the deployment isn't valid.
        values.UnreadableError: the answer says neither.
    """
    of = client.deployments
    ask: Callable[..., Any] = of.begin_what_if if foresees else of.begin_validate
    place = (deployment.resource_group, deployment.name)
    call = partial(ask, *place, _body(deployment, password))
    found = poll(call, token) if token else begin(call)
    if not found.done:
        return Answer(None, found.token, found.delay_s)
    if foresees:
        return Answer(_foreseen(found.result), "", 0.0)
    if "error" in found.result or not values.mapping(found.result.get("properties")):
        raise values.UnreadableError("a validation without a result")
    return Answer((), "", 0.0)


def _foreseen(result: Mapping[str, Any]) -> tuple[Foreseen, ...]:
    if str(result.get("status")).casefold() != "succeeded":
        raise values.UnreadableError("a what-if that didn't succeed")
    changes = values.mapping(result.get("properties")).get("changes")
    if not isinstance(changes, list):
        raise values.UnreadableError("a what-if without changes")
    return tuple(
        Foreseen(
            Effect.parse(str(change.get("changeType"))),
            values.required(change.get("resourceId"), "resourceId"),
        )
        for change in map(values.mapping, changes)
    )


def send(client: DeploymentsMgmtClient, deployment: Deployment, password: str) -> str:
    """Start the deployment; returns Azure's request ID.

    Raises:
        ValueError: the response isn't this deployment.
    """
    start: Callable[..., Any] = client.deployments.begin_create_or_update
    call = partial(
        start,
        deployment.resource_group,
        deployment.name,
        _body(deployment, password),
        polling=False,
        cls=lambda response, *_: response.http_response,
    )
    response = call().result()
    _must_be(response.json(), deployment)
    return str(response.headers.get("x-ms-request-id", ""))


def read(client: DeploymentsMgmtClient, deployment: Deployment) -> Progress | None:
    """How the deployment is going; None if Azure says that there is none.

    Raises:
        ValueError: the response isn't this deployment.
    """
    get: Callable[..., Any] = client.deployments.get
    try:
        body = get(deployment.resource_group, deployment.name, cls=_json)
    except ResourceNotFoundError as error:
        if error.error is None or error.error.code != MISSING:  # of a proxy, or of the group
            raise
        return None
    _must_be(body, deployment)
    properties = values.mapping(body.get("properties"))
    state = state_of(str(properties.get("provisioningState")))
    codes, causes = _causes(values.mapping(properties.get("error")))
    return Progress(state, codes, causes)


def _json(response: Any, *_: object) -> Any:
    return response.http_response.json()


def _must_be(body: Mapping[str, Any], deployment: Deployment) -> None:
    found = str(body.get("id") or "")
    if found.casefold() != deployment.resource_id.casefold():
        raise ValueError(f"the response isn't {deployment.resource_id}")


def _causes(error: Mapping[str, Any]) -> tuple[str, str]:
    """The code and text of the innermost errors: a failed deployment wraps those of its resources."""
    found: list[tuple[str, str]] = []

    def collect(one: Mapping[str, Any]) -> None:
        details = [values.mapping(d) for d in values.items(one.get("details"))]
        for detail in details:
            collect(detail)
        if not details and (one.get("code") or one.get("message")):
            found.append((str(one.get("code") or ""), str(one.get("message") or "")))

    collect(error)
    shown = [(one_line(code), one_line(message)) for code, message in found[:MOST_CAUSES]]
    text = " ".join(message or code for code, message in shown)
    return (shown[0][0] if shown else ""), text[: values.MAX_TEXT]
