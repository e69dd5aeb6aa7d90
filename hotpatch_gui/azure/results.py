"""Assessments, installations and their updates from Azure's JSON.

Rows that can't be read raise UnreadableError, and callers count them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hotpatch_gui.domain.kb import kb_of_update
from hotpatch_gui.domain.records import (
    RESTART_STATUSES,
    STARTERS,
    UPDATE_STATES,
    Assessment,
    InstallationRun,
    RunStatus,
    RunUpdate,
)
from hotpatch_gui.domain.updates import Classification, RestartBehavior, Update
from hotpatch_gui.translation import translator

from .values import (
    MissingValueError,
    error_list,
    error_text,
    flag,
    integer,
    items,
    mapping,
    moment,
    remembered,
    required,
    spelled,
    text,
)

tr = translator("Results")

COUNT_KEYS = (
    "critical",
    "security",
    "updateRollup",
    "featurePack",
    "servicePack",
    "definition",
    "tools",
    "updates",
    "other",
)


def graph_assessment(properties: Mapping[str, Any], name: Any) -> Assessment:
    """A patchassessmentresults row.

    Raises:
        UnreadableError: its time is missing.
    """
    counts = mapping(properties.get("availablePatchCountByClassification")).get
    readiness = mapping(mapping(properties.get("configurationStatus")).get("vmGuestPatchReadiness"))
    assessed = moment(properties.get("lastModifiedDateTime"))
    if assessed is None:
        raise MissingValueError("lastModifiedDateTime")
    return Assessment(
        activity_id=text(properties.get("assessmentActivityId")) or required(name, "name"),
        status=RunStatus.parse(text(properties.get("status"))),
        assessed=assessed,
        started=moment(properties.get("startDateTime")),
        restart_pending=flag(properties.get("rebootPending")),
        counts=_counts(*map(counts, COUNT_KEYS)),
        support_state=text(readiness.get("detectedVMGuestPatchSupportState")),
        started_by=spelled(properties.get("startedBy"), STARTERS),
        patch_service=text(properties.get("patchServiceUsed")),
        error=error_text(properties.get("errorDetails")),
    )


@remembered
def _counts(*values: Any) -> Mapping[str, int]:
    """Updates by classification; empty if Azure reports no counts."""
    found = [integer(value) for value in values]
    if not any(count is not None for count in found):
        return {}
    return {key: count or 0 for key, count in zip(COUNT_KEYS, found, strict=True)}


def graph_update(properties: Mapping[str, Any]) -> Update:
    """A patchassessmentresults/softwarepatches row."""
    get = properties.get
    classes = get("classifications")
    return _graph_update(
        get("patchId"),
        get("patchName"),
        get("kbId") or get("Kbid"),
        classes[0] if classes and type(classes) is list else None,
        get("rebootBehavior"),
        get("publishedDateTime"),
        get("msrcSeverity"),
        get("version"),
    )


@remembered
def _graph_update(*values: Any) -> Update:
    patch_id, name, kb, classification, restart, published, severity, version = values
    return Update.from_azure(
        patch_id=text(patch_id),
        name=text(name),
        kb_id=text(kb),
        classification=text(classification),
        reboot_behavior=text(restart),
        published=moment(published),
        severity=text(severity),
        version=text(version),
    )


def arm_update(patch: Mapping[str, Any]) -> Update:
    """One of availablePatches in Resource Manager's assessment result."""
    return Update.from_azure(
        patch_id=text(patch.get("patchId")),
        name=text(patch.get("name")),
        kb_id=text(patch.get("kbId")),
        classification=first_text(patch.get("classifications")),
        reboot_behavior=text(patch.get("rebootBehavior")),
        published=moment(patch.get("publishedDate")),
        version=text(patch.get("version")),
    )


def first_text(value: Any) -> str | None:
    """The first text of a list; None if it is empty."""
    found = items(value)
    return text(found[0]) if found else None


def graph_run(properties: Mapping[str, Any], name: Any) -> InstallationRun:
    """A patchinstallationresults row, Resource Manager's installation result, or an instance view's last installation.

    Some of their property names differ.

    Raises:
        UnreadableError: its time is missing.
    """
    started = moment(properties.get("startDateTime") or properties.get("startTime"))
    if started is None:
        raise MissingValueError("startDateTime")
    return InstallationRun(
        run_id=text(properties.get("installationActivityId")) or required(name, "name"),
        status=RunStatus.parse(text(properties.get("status"))),
        started=started,
        modified=moment(
            properties.get("lastModifiedDateTime") or properties.get("lastModifiedTime")
        ),
        started_by=spelled(properties.get("startedBy"), STARTERS),
        restart_status=spelled(properties.get("rebootStatus"), RESTART_STATUSES),
        window_exceeded=flag(properties.get("maintenanceWindowExceeded")),
        installed=integer(properties.get("installedPatchCount")),
        failed=integer(properties.get("failedPatchCount")),
        pending=integer(properties.get("pendingPatchCount")),
        excluded=integer(properties.get("excludedPatchCount")),
        not_selected=integer(properties.get("notSelectedPatchCount")),
        maintenance_run_id=text(properties.get("maintenanceRunId")),
        errors=error_list(properties.get("errorDetails") or properties.get("error")),
    )


def run_update(patch: Mapping[str, Any]) -> RunUpdate:
    """One update of a run, from Resource Graph (patchName) or Resource Manager (name)."""
    get = patch.get
    return _run_update(
        get("patchId"),
        get("patchName") or get("name"),
        get("kbId"),
        first_text(get("classifications")),
        get("installationState"),
        get("rebootBehavior"),
    )


@remembered
def _run_update(*values: Any) -> RunUpdate:
    patch_id, name, kb_id, class_text, state, restart = values
    kb = kb_of_update(text(kb_id), text(name))
    shown = text(name) or kb or tr("Unnamed update")
    return RunUpdate(
        patch_id=text(patch_id) or f"{kb or ''}|{shown}",
        name=shown,
        kb=kb,
        classification=Classification.parse(class_text),
        classification_text=class_text or "Unclassified",
        state=spelled(state, UPDATE_STATES) or "Unknown",
        restart=spelled(restart, RestartBehavior),
    )


def arm_assessment(body: Mapping[str, Any], finished: datetime) -> Assessment:
    """Resource Manager's assessment result.

    It has no end time: ``finished`` is when Azure reported it.
    """
    updates = tuple(arm_update(mapping(p)) for p in items(body.get("availablePatches")))
    counts = dict.fromkeys(COUNT_KEYS, 0)
    for update in updates:
        counts[count_key(update.classification)] += 1
    return Assessment(
        activity_id=required(body.get("assessmentActivityId"), "assessmentActivityId"),
        status=RunStatus.parse(text(body.get("status"))),
        assessed=finished,
        started=moment(body.get("startDateTime")),
        restart_pending=flag(body.get("rebootPending")),
        counts=counts,
        started_by="User",
        error=error_text(body.get("error")),
        updates=updates,
    )


def arc_assessment(body: Mapping[str, Any]) -> Assessment:
    """An Arc-enabled server's assessment result: counts only, because Resource Graph has the list."""
    return graph_assessment(body, body.get("assessmentActivityId"))


def view_assessment(summary: Mapping[str, Any]) -> Assessment | None:
    """An instance view's availablePatchSummary: counts only; None without one."""
    assessed = moment(summary.get("lastModifiedTime"))
    activity = text(summary.get("assessmentActivityId"))
    if assessed is None or activity is None:
        return None
    return Assessment(
        activity_id=activity,
        status=RunStatus.parse(text(summary.get("status"))),
        assessed=assessed,
        started=moment(summary.get("startTime")),
        restart_pending=flag(summary.get("rebootPending")),
        important=integer(summary.get("criticalAndSecurityPatchCount")),
        other=integer(summary.get("otherPatchCount")),
        error=error_text(summary.get("error")),
    )


def count_key(classification: Classification | None) -> str:
    """The key of a classification in Azure's counts."""
    if classification is None:
        return "other"
    if classification is Classification.UPDATE_ROLLUP:
        return "updateRollup"
    return classification.value[0].lower() + classification.value[1:]
