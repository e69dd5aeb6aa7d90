"""Display text and glyphs of updates and installations."""

from __future__ import annotations

from collections.abc import Mapping

from hotpatch_gui.domain.machines import PatchMode, PatchSettings
from hotpatch_gui.domain.records import RESTART_STATUSES, RunStatus
from hotpatch_gui.domain.releases import ReleaseKind
from hotpatch_gui.domain.settings import Orchestration
from hotpatch_gui.domain.updates import Classification, RestartBehavior
from hotpatch_gui.store.history_rows import (
    InstallationRunRow,
    KbMachineRow,
    KbRow,
    RunUpdateRow,
    UpdateRow,
)
from hotpatch_gui.store.machine_columns import ARC
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translated, translator

from .display_text import NOTHING

tr = translator("UpdateText")

RUN_GLYPHS = {
    RunStatus.SUCCEEDED: Glyph.OK,
    RunStatus.COMPLETED_WITH_WARNINGS: Glyph.WARNING,
    RunStatus.FAILED: Glyph.ERROR,
    RunStatus.IN_PROGRESS: Glyph.RUNNING,
}
RESTART_GLYPHS = {
    RestartBehavior.ALWAYS: Glyph.RESTART,
    RestartBehavior.CAN_REQUEST: Glyph.WARNING,
    RestartBehavior.UNKNOWN: Glyph.UNKNOWN,
}
_UPDATE_STATES = {
    "Unknown": tr.mark("Unknown"),
    "Installed": tr.mark("Installed"),
    "Failed": tr.mark("Failed"),
    "Excluded": tr.mark("Excluded"),
    "NotSelected": tr.mark("Not selected"),
    "Pending": tr.mark("Pending"),
}
UPDATE_STATE_GLYPHS = {
    "Installed": Glyph.OK,
    "Failed": Glyph.ERROR,
    "Pending": Glyph.WARNING,
}


def update_state_text(state: str) -> str:
    """The display name of a PatchInstallationState; other values are shown unchanged."""
    return translated(_UPDATE_STATES.get(state, state))


def classification_text(value: str) -> str:
    """The classification's display text."""
    known = Classification.parse(value)
    return known.label if known else value


def release_text(kind: str | None) -> str:
    """The release kind's display text."""
    known = next((k for k in ReleaseKind if k.value == kind), None)
    return known.display_name if known else NOTHING


def release_count(kind: ReleaseKind, counts: Mapping[ReleaseKind, int]) -> str:
    """The number of releases of a kind, such as ``2 hotpatches``."""
    count = counts.get(kind, 0)
    match kind:
        case ReleaseKind.PLANNED_BASELINE:
            return tr("%n planned baseline(s)", count)
        case ReleaseKind.UNPLANNED_BASELINE:
            return tr("%n unplanned baseline(s)", count)
        case ReleaseKind.HOTPATCH:
            return tr("%n hotpatch(es)", count)
    return tr("%n out-of-band update(s)", count)


def run_status(row: InstallationRunRow) -> RunStatus:
    """The run's status."""
    return RunStatus.parse(row.status)


def run_status_text(row: InstallationRunRow) -> str:
    """The run's status as text, with the code of its last error, or that its window was exceeded."""
    label = run_status(row).label
    if _is_incomplete(row):
        return tr("Incomplete, window exceeded")
    if row.window_exceeded:
        return tr("{label}, window exceeded", label=label)
    return f"{label} ({row.error_code})" if row.error_code else label


def run_glyph(row: InstallationRunRow) -> Glyph | None:
    """The glyph of ``run_status_text``."""
    return Glyph.WARNING if _is_incomplete(row) else RUN_GLYPHS.get(run_status(row))


def _is_incomplete(row: InstallationRunRow) -> bool:
    """Whether a failed run only had too little time: no update failed."""
    is_failed = run_status(row) is RunStatus.FAILED
    return is_failed and bool(row.window_exceeded) and row.failed == 0


def run_error_text(row: InstallationRunRow) -> str:
    """The run's last error with its code; empty without one."""
    code, message = row.error_code or "", row.error or ""
    if not message:
        return code
    return message if code in message else f"{code}: {message}"


def restart_status_text(value: str | None) -> str:
    """The run's restart status as text."""
    return translated(RESTART_STATUSES.get(value or "", value or NOTHING))


def started_by_text(value: str | None) -> str:
    """Who started the run."""
    return {"User": tr("User"), "Platform": tr("Azure, automatic")}.get(
        value or "", value or NOTHING
    )


def kb_state_text(row: KbMachineRow) -> str:
    """The state of an update on a machine: by the last assessment, then by the last run."""
    if row.is_missing and row.has_unknown:
        return tr("Missing, result unknown")
    if row.is_missing and row.is_installing:
        return tr("Missing, installation in progress")
    if row.is_missing:
        return tr("Missing, failed") if row.state == "Failed" else tr("Missing")
    return tr("Failed") if row.state == "Failed" else tr("Installed")


def kb_state_glyph(row: KbMachineRow) -> Glyph:
    """The glyph of ``kb_state_text``."""
    if row.is_missing and row.has_unknown:
        return Glyph.UNKNOWN
    if row.is_missing and row.is_installing:
        return Glyph.RUNNING
    if row.state == "Failed":
        return Glyph.ERROR
    return Glyph.WARNING if row.is_missing else Glyph.OK


def servers_text(products: str | None) -> str:
    """The products of an update's machines: ``Server 2025``, or ``2022, 2025``."""
    years = sorted(p.removeprefix("WS") for p in (products or "").split(",") if p)
    return tr("Server {year}", year=years[0]) if len(years) == 1 else ", ".join(years) or NOTHING


def restart_of(row: UpdateRow | KbRow | RunUpdateRow) -> RestartBehavior:
    """The update's restart behavior."""
    return RestartBehavior.parse(row.restart)


def installed_by(row: UpdateRow) -> str:
    """Who installs the update on its machine, by the machine's settings."""
    return {
        Orchestration.SAFE_DEPLOYMENT: tr("Azure") if _is_automatic(row) else tr("Manual"),
        Orchestration.CUSTOMER_SCHEDULES: tr("Schedule"),
        Orchestration.WINDOWS_AUTOMATIC: tr("Windows"),
        Orchestration.MANUAL: tr("Manual"),
        None: tr("Not known"),
    }[_orchestration(row)]


def installed_by_tip(row: UpdateRow) -> str:
    """``installed_by`` as a sentence."""
    how = _orchestration(row)
    if how is Orchestration.SAFE_DEPLOYMENT and not _is_automatic(row):
        return tr("Automatic guest patching installs only Critical and Security updates.")
    return how.meaning(is_arc=row.machine_kind == ARC) if how else tr("Not known")


def _is_automatic(row: UpdateRow) -> bool:
    known = Classification.parse(row.classification)
    return known is not None and known.installed_automatically


def _orchestration(row: UpdateRow) -> Orchestration | None:
    """How the machine is patched; automatic guest patching is only for virtual machines."""
    bypass = None if row.bypass_safety_checks is None else bool(row.bypass_safety_checks)
    settings = PatchSettings(
        patch_mode=PatchMode.parse(row.patch_mode), bypass_safety_checks=bypass
    )
    how = Orchestration.of(settings)
    is_arc = row.machine_kind == ARC
    return Orchestration.MANUAL if is_arc and how is Orchestration.SAFE_DEPLOYMENT else how
