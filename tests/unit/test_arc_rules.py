"""Hotpatching of Arc-enabled servers: license, what the machine makes of it, and what Azure leaves unreported."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from helpers.machines import GOOD
from hotpatch_gui.domain.arc import EDITIONS, Arc, Enablement, License, can_enroll
from hotpatch_gui.domain.evidence import Evidence
from hotpatch_gui.domain.hotpatch import HotpatchStatus, hotpatch_status, is_on
from hotpatch_gui.domain.machines import Image, PatchMode
from hotpatch_gui.domain.power import PowerState
from hotpatch_gui.domain.prerequisites import Verdict, prerequisites_of
from hotpatch_gui.domain.rollout_progress import exclusion_reason
from hotpatch_gui.domain.schedules import NO_SCHEDULES
from hotpatch_gui.domain.settings import Orchestration, SettingsChange, skip_reason
from hotpatch_gui.domain.situation import Situation
from hotpatch_gui.domain.status_text import status_text
from hotpatch_gui.simulator.fleet import EPOCH

S = HotpatchStatus
SERVER = replace(
    GOOD,
    image=Image(),
    os_name="Windows Server 2025 Datacenter",
    os_version="10.0.26100.33222",
    arc=Arc("serverdatacenter"),
)


def server(**fields: object):
    return replace(SERVER, arc=Arc("serverdatacenter")._replace(**fields))


@pytest.mark.parametrize(
    ("state", "enablement", "status"),
    [
        (License.ENABLED, Enablement.ENABLED, S.ENABLED),
        (License.ENABLED, Enablement.DISABLED, S.DISABLED),
        (License.ENABLED, None, S.DISABLED),
        (License.ENABLED, Enablement.PENDING_EVALUATION, S.PENDING),
        (License.ENABLED, Enablement.ACTION_REQUIRED, S.ACTION_REQUIRED),
        (License.DISABLED, Enablement.ENABLED, S.CANCELED),
        (License.ENABLING, None, S.PENDING),
        (License.DISABLING, Enablement.ENABLED, S.PENDING),
        (None, None, S.NOT_ENROLLED),
    ],
)
def test_the_eligibility_follows_the_portals_table(state, enablement, status) -> None:
    assert hotpatch_status(server(license=state, enablement=enablement), assessed=True) is status


def test_without_a_license_the_operating_system_decides() -> None:
    for edition in (*EDITIONS, "ServerDatacenterCore"):
        assert can_enroll("10.0.26100.1742", edition)
    for version, edition in (
        ("10.0.20348.1", "serverdatacenter"),
        ("10.0.26100.1742", "serverturbine"),
        ("10.0.26100.1742", None),
        (None, "serverstandard"),
        ("nonsense", "serverstandard"),
    ):
        assert not can_enroll(version, edition), (version, edition)
    old = replace(server(), os_version="10.0.20348.2000")
    assert hotpatch_status(old, assessed=True) is S.NOT_AVAILABLE


def test_each_combination_has_a_sentence_and_prerequisites_with_a_fix(calendar) -> None:
    for state, enablement in product((None, *License), (None, *Enablement)):
        machine = server(license=state, enablement=enablement)
        status = hotpatch_status(machine, assessed=True)
        found = status_text(Evidence(machine, status, EPOCH), calendar, EPOCH)
        assert found.headline
        assert found.next_step
        assert (status is S.ENABLED) == is_on(machine)
        for finding in prerequisites_of(machine):
            assert finding.detail
            assert finding.fix or finding.verdict is not Verdict.FAIL, finding


def test_a_license_that_is_being_canceled_is_not_an_enrollment(calendar) -> None:
    for state, situation in (
        (License.ENABLING, Situation.ENROLLING),
        (License.DISABLING, Situation.UNENROLLING),
    ):
        machine = server(license=state, enablement=Enablement.ENABLED)
        found = status_text(Evidence(machine, S.PENDING, EPOCH), calendar, EPOCH)
        assert found.situation is situation
        assert ("cancel" in found.text) == (state is License.DISABLING)


def test_a_prerequisite_that_azure_names_is_shown(calendar) -> None:
    machine = server(
        license=License.ENABLED,
        enablement=Enablement.ACTION_REQUIRED,
        error="VBS is not running. (VbsNotRunning)",
    )
    found = status_text(Evidence(machine, S.ACTION_REQUIRED, EPOCH), calendar, EPOCH)
    assert found.situation is Situation.ACTION_REQUIRED
    assert "VBS is not running" in found.headline
    verdicts = {f.check: f for f in prerequisites_of(machine)}
    vbs = verdicts["Virtualization-based security"]
    assert vbs.verdict is Verdict.FAIL
    assert "Secure Boot" in vbs.fix
    enabled = {
        f.check: f
        for f in prerequisites_of(server(license=License.ENABLED, enablement=Enablement.ENABLED))
    }
    assert enabled["Virtualization-based security"].verdict is Verdict.PASS
    silent = {f.check: f for f in prerequisites_of(server())}
    assert silent["Virtualization-based security"].verdict is Verdict.NOT_KNOWABLE, (
        "nothing is claimed"
    )


def test_an_arc_enabled_server_is_restarted_on_the_server(calendar) -> None:
    found = status_text(
        Evidence(server(), S.NOT_ENROLLED, EPOCH, restart_pending=True), calendar, EPOCH
    )
    assert "the server itself" in found.next_step


def test_a_server_that_does_not_report_is_not_called_stopped(calendar) -> None:
    away = replace(server(), power=PowerState.parse("Disconnected"))
    found = status_text(Evidence(away, S.NOT_ENROLLED, EPOCH), calendar, EPOCH)
    assert (
        found.headline == "The machine is disconnected, so it can be neither assessed nor patched."
    )
    assert PowerState.parse("Connected") is PowerState.RUNNING


def test_automatic_guest_patching_excludes_arc_enabled_servers() -> None:
    machine = replace(
        server(), settings=replace(GOOD.settings, patch_mode=PatchMode.AUTOMATIC_BY_PLATFORM)
    )
    assert "only for virtual machines in Azure" in (
        exclusion_reason(machine, NO_SCHEDULES, EPOCH) or ""
    )


def test_changes_that_azure_would_reject_are_skipped_with_a_reason() -> None:
    safe = SettingsChange(Orchestration.SAFE_DEPLOYMENT, hotpatch=False, periodic_assessment=True)
    assert "Safe Deployment" in (skip_reason(Image(), SERVER.settings, safe, SERVER.arc) or "")
    on = SettingsChange(Orchestration.WINDOWS_AUTOMATIC, hotpatch=True, periodic_assessment=True)
    assert "enrolled first" in (skip_reason(Image(), SERVER.settings, on, SERVER.arc) or "")
    enrolled = Arc("serverdatacenter", License.ENABLED)
    assert skip_reason(Image(), SERVER.settings, on, enrolled) is None
