"""Arc-enabled servers: the official SDK against the simulated Azure, and our program over the same wire."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from azure.core.exceptions import HttpResponseError

from helpers import sdk
from helpers.simulator import Simulated, simulate
from hotpatch_gui.captures.stage import Stage
from hotpatch_gui.domain.installs import InstallRequest
from hotpatch_gui.domain.operations import OperationKind, OperationState
from hotpatch_gui.domain.permissions import needed
from hotpatch_gui.domain.settings import Orchestration, SettingsChange
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.models.permitted_actions import disabled_reason
from hotpatch_gui.simulator.guest import HYBRID
from hotpatch_gui.store import machines
from hotpatch_gui.worker.commands import Act

GROUP = "rg-hybrid"
SECURITY = InstallRequest(frozenset({Classification.SECURITY}))


@pytest.fixture(scope="module")
def azure() -> Iterator[Simulated]:
    with simulate("--speed", "900", "--quota", "200") as made:
        yield made


def test_the_sdk_reads_assesses_and_installs(azure: Simulated) -> None:
    with sdk.hybrid(azure, HYBRID) as client:
        names = [m.name for m in client.machines.list_by_resource_group(GROUP)]
        assert names == ["srv-hq-01", "srv-hq-02", "srv-branch-01", "hci-app-01"]
        machine = client.machines.get(GROUP, "hci-app-01")
        assert machine.kind == "HCI"
        assert machine.properties.status == "Connected"
        assert (
            machine.properties.license_profile.product_profile.product_features[
                0
            ].subscription_status
            == "Enabled"
        )
        assert (
            machine.properties.os_profile.windows_configuration.patch_settings.status.hotpatch_enablement_status
            == "Disabled"
        )
        found = client.machines.begin_assess_patches(
            GROUP, "srv-hq-02", polling_interval=0.2
        ).result()
        assert found.status == "Succeeded"
        assert found.started_by == "User"
        assert found.patch_service_used == "WU"
        assert found.available_patch_count_by_classification.security >= 1
        assert not hasattr(found, "available_patches"), "only Resource Graph has the list"
        requested = {
            "maximumDuration": "PT2H",
            "rebootSetting": "IfRequired",
            "windowsParameters": {"classificationsToInclude": ["Security"]},
        }
        done = client.machines.begin_install_patches(
            GROUP, "srv-hq-02", requested, polling_interval=0.2
        ).result()
        assert (done.status, done.failed_patch_count) == ("Succeeded", 0)
        assert done.installed_patch_count >= 1
        assert done.reboot_status == "Completed", "without hotpatch the cumulative update restarts"


def test_the_sdk_enrols_opts_out_and_unenrolls(azure: Simulated) -> None:
    with sdk.hybrid(azure, HYBRID) as client:
        slot = (GROUP, "srv-hq-02")
        with pytest.raises(HttpResponseError) as missing:
            client.license_profiles.get(*slot)
        assert missing.value.status_code == 404
        body = {
            "location": "westeurope",
            "properties": {
                "productProfile": {
                    "productType": "WindowsServer",
                    "productFeatures": [{"name": "Hotpatch", "subscriptionStatus": "Enabled"}],
                }
            },
        }
        profile = client.license_profiles.begin_create_or_update(
            *slot, body, polling_interval=0.2
        ).result()
        assert (
            profile.properties.product_profile.product_features[0].subscription_status == "Enabled"
        )
        settings = {
            "properties": {
                "osProfile": {
                    "windowsConfiguration": {"patchSettings": {"enableHotpatching": False}}
                }
            }
        }
        client.machines.update(*slot, settings)
        state = client.machines.get(
            *slot
        ).properties.os_profile.windows_configuration.patch_settings
        assert state.enable_hotpatching is False
        assert state.status.hotpatch_enablement_status in ("PendingEvaluation", "Disabled")
        off = {
            "properties": {
                "productProfile": {
                    "productType": "WindowsServer",
                    "productFeatures": [{"name": "Hotpatch", "subscriptionStatus": "Disable"}],
                }
            }
        }
        client.license_profiles.begin_update(*slot, off, polling_interval=0.2).result()
        (profile,) = client.license_profiles.list(*slot)
        assert (
            profile.properties.product_profile.product_features[0].subscription_status == "Disabled"
        )


def test_requests_that_azure_rejects(azure: Simulated) -> None:
    with sdk.hybrid(azure, HYBRID) as client:
        with pytest.raises(HttpResponseError) as endless:
            client.machines.begin_install_patches(
                GROUP,
                "srv-hq-01",
                {
                    "rebootSetting": "Never",
                    "windowsParameters": {"classificationsToInclude": ["Security"]},
                },
            )
        assert endless.value.status_code == 400, "the duration is required here"
        with pytest.raises(HttpResponseError) as nobody:
            client.machines.get(GROUP, "vm-web-01")
        assert nobody.value.status_code == 404


def ids(stage: Stage) -> dict[str, int]:
    assert stage.app.source.db is not None
    return {r[1]: r[0] for r in stage.app.source.db.execute("SELECT id, name FROM machines")}


def one(stage: Stage, sql: str, *values: object):
    assert stage.app.source.db is not None
    return stage.app.source.db.execute(sql, values).fetchone()


def finish(stage: Stage, *states: OperationState, minutes: int = 30) -> None:
    stage.until(lambda: OperationState.RUNNING in stage.operation_states()[-1:])
    stage.clock.advance(minutes=minutes)
    stage.until(lambda: stage.operation_states()[-len(states) :] == list(states))


def test_arc_servers_are_listed_with_their_state(stage: Stage) -> None:
    stage.start()
    rows = stage.app.source.db.execute(
        "SELECT name, hotpatch_status, situation FROM machines WHERE kind='arc' ORDER BY name"
    )
    assert [tuple(r) for r in rows] == [
        ("hci-app-01", "Disabled", "Hotpatch off"),
        ("srv-branch-01", "Action required", "Action required"),
        ("srv-hq-01", "Enabled", "Updates available"),
        ("srv-hq-02", "Not enrolled", "Not enrolled"),
    ]
    stage.choose("hci-app-01")
    blade = stage.window.machines.blade
    assert (
        blade.subtitle.full_text
        == "Arc-enabled server on Azure Local · rg-hybrid · westeurope · connected"
    )
    assert not blade.commands["restart"].isEnabled()
    assert "start or restart Arc-enabled servers" in blade.commands["restart"].toolTip()
    stage.choose("srv-branch-01")
    assert "VBS" in stage.window.machines.blade.banner.headline.text()


def test_assessments_and_installations_use_arc_operations(stage: Stage) -> None:
    stage.start()
    stage.choose("srv-hq-01")
    number = ids(stage)["srv-hq-01"]
    stage.request.assess([number])
    finish(stage, OperationState.SUCCEEDED)
    stage.request.install([number], SECURITY)
    finish(stage, OperationState.SUCCEEDED, OperationState.SUCCEEDED, minutes=60)
    run = one(
        stage,
        "SELECT status, installed, run_id FROM installations WHERE machine_id=? ORDER BY started_at DESC",
        number,
    )
    assert run["status"] == "Succeeded"
    listed = one(
        stage,
        "SELECT count(*) FROM installation_updates u JOIN installations i ON i.id=u.installation_id WHERE i.run_id=?",
        run["run_id"],
    )
    assert listed[0] > 0, "read from Resource Graph, as the result holds no list"
    note = one(stage, "SELECT note FROM operations WHERE kind='install'")["note"]
    assert run["installed"] > 0
    assert note.startswith(f"{run['installed']} update"), "by the result's counts"
    assert stage.simulator.cloud.received == {"assess": 1, "install": 1}


def test_enrolling_opting_out_and_unenrolling_change_the_license(stage: Stage) -> None:
    stage.start()
    number = ids(stage)["srv-hq-02"]
    stage.request.enroll([number], on=True)
    finish(stage, OperationState.SUCCEEDED)
    assert one(stage, "SELECT license, hotpatch_status FROM machines WHERE id=?", number)[:] == (
        "Enabled",
        "Enabled",
    )
    out = SettingsChange(Orchestration.WINDOWS_AUTOMATIC, hotpatch=False, periodic_assessment=True)
    stage.request.change_settings([number], out)
    stage.until(lambda: stage.operation_states()[-1] is OperationState.SUCCEEDED)
    assert one(stage, "SELECT hotpatch_status FROM machines WHERE id=?", number)[0] == "Pending"
    stage.clock.advance(minutes=10)
    stage.app.actions.read_machine(number)
    stage.until(
        lambda: (
            one(stage, "SELECT hotpatch_status FROM machines WHERE id=?", number)[0] == "Disabled"
        )
    )
    stage.request.enroll([number], on=False)
    finish(stage, OperationState.SUCCEEDED)
    assert one(stage, "SELECT hotpatch_status, situation FROM machines WHERE id=?", number)[:] == (
        "Canceled",
        "Not enrolled",
    )
    assert stage.simulator.cloud.received == {"enroll": 1, "settings": 1, "unenroll": 1}


@pytest.mark.expects_log
def test_a_restart_is_not_sent(stage: Stage) -> None:
    stage.start()
    stage.request.restart([ids(stage)["srv-hq-01"]])
    stage.until(lambda: stage.operation_states() == [OperationState.FAILED])
    assert (
        "Azure doesn't support “Restart” on Arc-enabled servers"
        in one(stage, "SELECT note FROM operations")[0]
    )
    assert not stage.simulator.cloud.received


@pytest.mark.expects_log
@pytest.mark.parametrize("kind", [k for k in OperationKind if needed(k, is_arc=True) is not None])
def test_nothing_is_sent_to_an_expired_server(stage: Stage, kind: OperationKind) -> None:
    stage.simulator.cloud.guests["srv-hq-01"].agent_status = "Expired"
    stage.start()
    machine_id = ids(stage)["srv-hq-01"]
    db = stage.app.source.db
    assert db is not None
    (row,) = machines.read_rows(db, [machine_id])
    assert "has expired" in disabled_reason(row, kind)
    stage.app.engine.send(Act(kind, [(row.azure_id, "{}")]))
    stage.until(lambda: stage.operation_states() == [OperationState.FAILED])
    assert "has expired" in one(stage, "SELECT note FROM operations")[0]
    assert not stage.simulator.cloud.received
