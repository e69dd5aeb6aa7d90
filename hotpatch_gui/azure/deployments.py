"""Requests to Microsoft.Resources: validate, what-if, start and read one deployment.

A deployment is followed by its resource ID, so that nothing but its name is needed after a kill.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.resource.deployments import DeploymentsMgmtClient

from hotpatch_gui.domain.deployments import (
    Deployment,
    DeploymentProgress,
    Effect,
    WhatIfChange,
    state_of,
)
from hotpatch_gui.domain.foreign_text import one_line
from hotpatch_gui.domain.machine_files import PASSWORD
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.translation import translator

from . import values
from .long_running import begin, poll

tr = translator("AzureDeployments")

MISSING = "DeploymentNotFound"
"""Azure's code of a deployment that doesn't exist."""
MAX_CAUSES, MAX_LEVELS, MAX_CODE = 5, 8, 100
"""Causes of a failed deployment that its error names, levels of errors in errors, and characters of a code."""


def _body(deployment: Deployment, password: str) -> bytes:
    properties = {
        "mode": "Incremental",
        "template": json.loads(deployment.template),
        "parameters": {PASSWORD: {"value": password}},
    }
    return json.dumps({"properties": properties}).encode()


class CheckResult(NamedTuple):
    """Azure's answer about a deployment that wasn't started: what it would do, or how to ask again.

    Attributes:
        changes: by resource; empty for a validation, None if there is no answer yet.
        token: continues the question.
        delay_s: how long to wait before.
    """

    changes: tuple[WhatIfChange, ...] | None
    token: str
    delay_s: float


def check(
    client: DeploymentsMgmtClient,
    deployment: Deployment,
    password: str,
    hide: Callable[[str], str],
    *,
    what_if: bool,
    token: str = "",
) -> CheckResult:
    """Ask whether the deployment is valid, or with ``what_if`` what it would do; or ask again with ``token``.

    ``hide`` masks the password in Azure's texts.

    Raises:
        ProblemError: Azure answered that it would reject the deployment.
        HttpResponseError: Azure rejected the question, or the deployment isn't valid.
        values.UnreadableError: the answer says neither.
    """
    of = client.deployments
    ask: Callable[..., Any] = of.begin_what_if if what_if else of.begin_validate
    place = (deployment.resource_group, deployment.name)
    call = partial(ask, *place, _body(deployment, password))
    found = poll(call, token) if token else begin(call)
    if not found.done:
        return CheckResult(None, found.token, found.delay_s)
    if what_if:
        return CheckResult(_what_if_changes(found.result, hide), "", 0.0)
    _must_be_valid(found.result, deployment, hide)
    return CheckResult((), "", 0.0)


def _must_be_valid(
    result: Mapping[str, Any], deployment: Deployment, hide: Callable[[str], str]
) -> None:
    """Check a validation's answer: nothing but a result without an error is a success."""
    properties = values.mapping(result.get("properties"))
    for part in (result, properties):
        _must_not_have_failed(part.get("error"), hide)
    if str(properties.get("provisioningState")).casefold() != "succeeded":
        raise values.UnreadableError("a validation without a result")
    _must_be(result, deployment)


def _what_if_changes(
    result: Mapping[str, Any], hide: Callable[[str], str]
) -> tuple[WhatIfChange, ...]:
    properties = values.mapping(result.get("properties"))
    for part in (result, properties):
        _must_not_have_failed(part.get("error"), hide)
    for one in map(values.mapping, values.items(properties.get("diagnostics"))):
        if str(one.get("level")).casefold() == "error":
            _must_not_have_failed(one, hide)
    if str(result.get("status")).casefold() != "succeeded":
        raise _rejection("", tr("Azure couldn't find out what the deployment would do."))
    changes, possible = properties.get("changes"), properties.get("potentialChanges") or []
    if not isinstance(changes, list) or not isinstance(possible, list):
        raise values.UnreadableError("a what-if without changes")
    return tuple(
        WhatIfChange(
            Effect.parse(str(change.get("changeType"))),
            one_line(values.required(change.get("resourceId"), "resourceId")),
        )
        for change in map(values.mapping, (*changes, *possible))
    )


def _must_not_have_failed(error: Any, hide: Callable[[str], str]) -> None:
    """Check an answer that has status 200 but may have an error.

    Raises:
        ProblemError: Azure's reason.
    """
    if error:
        code, text = _causes(error, hide)
        reason = text or code or tr("Azure gave no reason.")
        raise _rejection(code, tr("Azure would reject the deployment: {text}", text=reason))


def _rejection(code: str, sentence: str) -> ProblemError:
    step = tr("Change the machine and check again.")
    return ProblemError(
        Problem(ProblemKind.REJECTED, sentence, step, code, may_have_been_sent=False)
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


def read(
    client: DeploymentsMgmtClient, deployment: Deployment, hide: Callable[[str], str]
) -> DeploymentProgress | None:
    """The deployment's progress; None if Azure reports that it doesn't exist.

    ``hide`` masks the password in Azure's texts.

    Raises:
        ValueError: the response isn't this deployment.
        ResourceNotFoundError: a proxy responded, or the resource group doesn't exist.
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
    reported = values.required(properties.get("provisioningState"), "provisioningState")
    code, causes = _causes(properties.get("error"), hide)
    if reported.casefold() == "canceled" and not causes:
        causes = tr("It was canceled in Azure.")
    return DeploymentProgress(state_of(reported), code, causes)


def _json(response: Any, *_: object) -> Any:
    return response.http_response.json()


def _must_be(body: Mapping[str, Any], deployment: Deployment) -> None:
    found = str(body.get("id") or "")
    if found.casefold() != deployment.resource_id.casefold():
        raise ValueError(f"the response isn't {deployment.resource_id}")


def _causes(error: Any, hide: Callable[[str], str]) -> tuple[str, str]:
    """The code and text of the innermost errors: a failed deployment wraps those of its resources."""
    level = [values.mapping(error)]
    for _ in range(MAX_LEVELS):
        inner = [
            values.mapping(detail) for one in level for detail in values.items(one.get("details"))
        ]
        if not inner:
            break
        level = inner[:MAX_CAUSES]
    shown = [(str(one.get("code") or ""), str(one.get("message") or "")) for one in level]
    codes = [one_line(hide(code))[:MAX_CODE] for code, _ in shown]
    texts = (
        one_line(hide(message)) or code for code, (_, message) in zip(codes, shown, strict=True)
    )
    return codes[0], " ".join(filter(None, texts))[: values.MAX_TEXT]
