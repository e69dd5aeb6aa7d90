"""The simulated machine obeys the rules of hotpatching and of the installation window."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product
from hotpatch_gui.simulator.catalog import Catalog
from hotpatch_gui.simulator.fleet import AUG_25, AUG_LCU_25, EPOCH, JULY_25, JUNE_25, demo_fleet
from hotpatch_gui.simulator.guest import Guest, InstallParameters, plan_installation
from hotpatch_gui.system import resources

AUGUST = EPOCH
ALL = InstallParameters(
    frozenset({"critical", "security", "definition", "updaterollup"}),
    frozenset(),
    frozenset(),
    False,
    None,
    "IfRequired",
    120,
)
SECURITY = replace(ALL, classifications=frozenset({"security"}))


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog(resources.calendar(), resources.read_json("other-updates.json"))


def guest(build: str = JULY_25, **changed: object) -> Guest:
    made = Guest(
        "vm", "rg", "westus2", Product.WS2025.value, "2025-datacenter-azure-edition-core", build
    )
    for name, value in changed.items():
        setattr(made, name, value)
    return made


def offered(machine: Guest, catalog: Catalog, at: datetime = AUGUST) -> list[str]:
    return [p.kb for p in machine.offered(catalog, at)]


def test_a_machine_on_the_baseline_is_offered_the_hotpatch_without_restart(
    catalog: Catalog,
) -> None:
    machine = guest()
    patch = machine.offered(catalog, AUGUST)[0]
    assert (patch.kb, patch.restart.value) == ("KB5120228", "NeverReboots")
    machine.apply(patch, AUGUST, catalog)
    assert machine.build == AUG_25
    assert not machine.restart_pending
    assert "KB5120228" not in offered(machine, catalog)


def test_on_an_older_baseline_the_baseline_comes_first_and_restarts(catalog: Catalog) -> None:
    machine = guest(JUNE_25)
    patch = machine.offered(catalog, AUGUST)[0]
    assert (patch.kb, patch.restart.value) == ("KB5099536", "AlwaysRequiresReboot")
    machine.apply(patch, AUGUST, catalog)
    assert machine.build == JUNE_25, "it takes effect at the restart"
    assert "KB5099536" not in offered(machine, catalog)
    machine.restart(catalog)
    assert machine.build == JULY_25
    assert offered(machine, catalog)[0] == "KB5120228"


def test_off_the_train_no_hotpatch_is_offered_until_the_next_baseline(catalog: Catalog) -> None:
    machine = guest(AUG_LCU_25)
    assert "KB5120228" not in offered(machine, catalog)
    september = machine.offered(catalog, datetime(2026, 9, 9, tzinfo=UTC))[0]
    assert september.kb == "KB5122871", "September's baseline, an ordinary update to this machine"
    machine.apply(september, datetime(2026, 9, 9, tzinfo=UTC), catalog)
    machine.restart(catalog)
    assert machine.release(catalog.calendar) is not None


def test_the_out_of_band_update_of_october_2025_costs_november_and_december(
    catalog: Catalog,
) -> None:
    machine = guest("26100.6905")
    assert offered(machine, catalog, datetime(2025, 11, 12, tzinfo=UTC))[0] == "KB5068861", (
        "November's ordinary update"
    )
    assert offered(machine, catalog, datetime(2025, 12, 10, tzinfo=UTC))[0] == "KB5072033"
    assert offered(machine, catalog, datetime(2026, 1, 14, tzinfo=UTC))[0] == "KB5073379", (
        "January's baseline"
    )
    stayed = guest("26100.6899")
    assert offered(stayed, catalog, datetime(2025, 11, 12, tzinfo=UTC))[0] == "KB5068966", (
        "November's hotpatch"
    )


def test_turning_hotpatch_off_and_on_waits_for_the_next_baseline(catalog: Catalog) -> None:
    machine = guest()
    machine.set_hotpatching(False, AUGUST.date())
    assert offered(machine, catalog)[0] == "KB5120233"
    machine.set_hotpatching(True, AUGUST.date())
    assert offered(machine, catalog)[0] == "KB5120233"
    september = datetime(2026, 9, 9, tzinfo=UTC)
    machine.apply(machine.offered(catalog, september)[0], september, catalog)
    machine.restart(catalog)
    assert machine.receives_hotpatches


def test_unsupported_images_receive_cumulative_updates(catalog: Catalog) -> None:
    machine = guest(sku="2022-datacenter-azure-edition")
    assert offered(machine, catalog)[0] == "KB5120233"


def test_an_installation_that_restarts_ends_with_the_restart(catalog: Catalog) -> None:
    plan = plan_installation(guest(JUNE_25), SECURITY, EPOCH, catalog)
    assert plan.status == "Succeeded"
    assert plan.restart_status == "Completed"
    assert plan.restart_at is not None
    assert plan.restart_status_at(plan.restart_at + timedelta(seconds=30)) == "Started"
    assert plan.states_at(EPOCH)[0][1] == "Pending"


def test_never_restarting_leaves_the_restart_required(catalog: Catalog) -> None:
    plan = plan_installation(guest(JUNE_25), replace(SECURITY, restart="Never"), EPOCH, catalog)
    assert (plan.status, plan.restart_status, plan.restart_at) == ("Succeeded", "Required", None)


def test_always_restarting_restarts_without_need(catalog: Catalog) -> None:
    parameters = replace(
        SECURITY, restart="Always", include=frozenset({"KB5120228"}), classifications=frozenset()
    )
    assert plan_installation(guest(), parameters, EPOCH, catalog).restart_status == "Completed"


def test_no_update_starts_with_less_than_25_minutes_left(catalog: Catalog) -> None:
    plan = plan_installation(guest(JUNE_25), replace(SECURITY, minutes=30), EPOCH, catalog)
    states = {s.patch.kb: s.state for s in plan.steps}
    assert states["KB5099536"] == "Installed", "25 minutes are left at the start"
    assert states["KB5120708"] == "Pending", "but not after the first update"
    assert plan.window_exceeded
    assert plan.status == "Failed"


def test_a_window_shorter_than_25_minutes_starts_nothing(catalog: Catalog) -> None:
    plan = plan_installation(guest(), replace(SECURITY, minutes=20), EPOCH, catalog)
    assert {s.state for s in plan.steps} <= {"Pending", "NotSelected"}
    assert plan.window_exceeded


def test_a_restart_needs_ten_minutes(catalog: Catalog) -> None:
    only = replace(
        SECURITY, include=frozenset({"KB5099536"}), classifications=frozenset(), minutes=25
    )
    kept = plan_installation(guest(JUNE_25), replace(only, minutes=25), EPOCH, catalog)
    assert kept.restart_status == "Completed", "11 minutes used, 14 left"


def test_updates_that_are_not_installed_have_their_state(catalog: Catalog) -> None:
    parameters = replace(SECURITY, exclude=frozenset({"KB5120708"}), exclude_restarting=True)
    states = {
        s.patch.kb: s.state for s in plan_installation(guest(), parameters, EPOCH, catalog).steps
    }
    assert states == {
        "KB5120228": "Installed",
        "KB5120708": "Excluded",
        "KB890830": "NotSelected",
        "KB2267602": "NotSelected",
    }


def test_a_failing_update_fails_the_run_with_its_error(catalog: Catalog) -> None:
    plan = plan_installation(guest(fails_kb="KB5120228"), SECURITY, EPOCH, catalog)
    assert plan.status == "Failed"
    assert [s.error["code"] for s in plan.steps if s.error] == ["0x80070005"]


def test_equal_seeds_produce_equal_demo_fleets_with_each_case(
    catalog: Catalog, calendar: Calendar
) -> None:
    one, two = demo_fleet(catalog, 40, 7), demo_fleet(catalog, 40, 7)
    assert [g.to_json() for g in one] == [g.to_json() for g in two]
    assert [g.to_json() for g in one] != [g.to_json() for g in demo_fleet(catalog, 40, 8)]
    cases = {g.name: g for g in one[:12]}
    assert cases["vm-new-01"].assessment is None
    assert cases["vm-dev-01"].power == "deallocated"
    aged = datetime.fromisoformat(cases["vm-batch-01"].assessment["modified"])
    assert EPOCH - aged > timedelta(days=9)
    assert any(r["window_exceeded"] for r in cases["vm-erp-01"].runs)
    assert any(r["status"] == "Failed" and r["errors"] for r in cases["vm-print-01"].runs)
    defender = sum(p["kb"] == "KB2267602" for g in one[:12] for r in g.runs for p in r["patches"])
    assert defender > 10
    latest = max(datetime.fromisoformat(r["modified"]) for g in one for r in g.runs)
    assert latest <= EPOCH.replace(tzinfo=UTC)
