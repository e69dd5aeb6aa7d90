import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.machines import GOOD
from hotpatch_gui.domain.evidence import Evidence, classify
from hotpatch_gui.domain.hotpatch import HotpatchStatus, hotpatch_status
from hotpatch_gui.domain.machines import Image
from hotpatch_gui.domain.outlook import running_text
from hotpatch_gui.domain.power import PowerState
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product, ReleaseKind
from hotpatch_gui.domain.situation import COUNTS_UNREPORTED, LIST_UNREPORTED, Level, Situation
from hotpatch_gui.domain.status_text import status_text
from hotpatch_gui.simulator.fleet import EPOCH
from hotpatch_gui.system import resources

FRESH = EPOCH - timedelta(hours=2)
CURRENT = Evidence(GOOD, HotpatchStatus.ENABLED, FRESH)


def test_up_to_date_says_what_runs_on_which_baseline_and_when_it_restarts(
    calendar: Calendar,
) -> None:
    found = status_text(CURRENT, calendar, EPOCH)
    assert found.level is Level.OK
    assert found.text == (
        "Hotpatch is on and up to date. It runs the hotpatch KB5120228 on the July 2026 baseline KB5099536. "
        "Next expected restart: 13 Oct 2026, planned baseline (subject to change)."
    )


@pytest.mark.parametrize("kind", [ReleaseKind.HOTPATCH, ReleaseKind.OUT_OF_BAND])
def test_a_release_whose_kb_is_not_known_makes_a_sentence(
    calendar: Calendar, kind: ReleaseKind
) -> None:
    running = calendar.by_build(Product.WS2025, GOOD.build or "")
    rows = [replace(r, kb=None, kind=kind) if r == running else r for r in calendar.releases]
    text = running_text(CURRENT, Calendar(rows))
    assert text.startswith("It runs the ")
    assert " on the July 2026 baseline KB5099536" in text


def test_a_machine_that_only_misses_definitions_is_up_to_date(calendar: Calendar) -> None:
    offered = replace(CURRENT, updates=1, definitions=1, offered=("KB2267602",))
    found = status_text(offered, calendar, EPOCH)
    assert (found.situation, found.level) == (Situation.UP_TO_DATE, Level.OK)
    assert found.next_step.startswith("1 definition update is available. Next expected restart")
    more = replace(offered, updates=2, offered=("KB2267602", "KB5120708"))
    assert status_text(more, calendar, EPOCH).situation is Situation.BEHIND
    old = replace(offered, machine=replace(GOOD, os_version="10.0.26100.33158"))
    assert status_text(old, calendar, EPOCH).situation is Situation.NOT_OFFERED


def test_one_missing_hotpatch_installs_without_a_restart(calendar: Calendar) -> None:
    behind = replace(
        CURRENT,
        machine=replace(GOOD, os_version="10.0.26100.33158"),
        updates=1,
        offered=("KB5120228",),
    )
    found = status_text(behind, calendar, EPOCH)
    assert found.headline.startswith("Behind by one release")
    assert "Install hotpatch KB5120228: it needs no restart." in found.next_step


def test_two_missing_releases_with_a_baseline_require_a_restart(calendar: Calendar) -> None:
    behind = replace(
        CURRENT,
        machine=replace(GOOD, os_version="10.0.26100.32995"),
        updates=1,
        unreported=(LIST_UNREPORTED,),
    )
    found = status_text(behind, calendar, EPOCH)
    assert found.headline.startswith("Behind by 2 releases")
    assert "Install the July 2026 baseline KB5099536: it restarts the machine." in found.next_step


def test_off_the_train_names_the_update_and_the_next_baseline(calendar: Calendar) -> None:
    drifted = replace(CURRENT, machine=replace(GOOD, os_version="10.0.26100.33296"))
    found = status_text(drifted, calendar, EPOCH)
    assert found.situation is Situation.OFF_TRAIN
    assert "August 2026's cumulative update KB5120233" in found.running
    assert "13 Oct 2026" in found.next_step


def test_kb5070881_of_october_2025_takes_machines_off_the_train(calendar: Calendar) -> None:
    """KB5070881 took machines off the train; they rejoined with January's baseline."""
    november = EPOCH.replace(year=2025, month=11, day=12)
    drifted = replace(
        CURRENT,
        machine=replace(GOOD, os_version="10.0.26100.6905"),
        assessed=november,
        out_of_band_kbs=("KB5070881",),
    )
    found = status_text(drifted, calendar, november)
    assert found.situation is Situation.OFF_TRAIN
    assert "out-of-band update KB5070881" in found.running
    assert "13 Jan 2026" in found.next_step
    updated = replace(drifted, machine=replace(GOOD, os_version="10.0.26100.7171"))
    later = status_text(updated, calendar, november)
    assert "It left the train with KB5070881, released on 23 Oct 2025" in later.running
    assert "KB5068861" in later.running
    back = replace(drifted, machine=replace(GOOD, os_version="10.0.26100.32230"))
    assert (
        status_text(back, calendar, EPOCH.replace(month=1, day=14)).situation
        is not Situation.OFF_TRAIN
    )


def test_a_build_that_two_releases_share_does_not_put_a_machine_off_the_train(
    calendar: Calendar,
) -> None:
    """KB5070893, which keeps a machine on the train, has the build of KB5070881."""
    november = EPOCH.replace(year=2025, month=11, day=10)
    shared = replace(
        CURRENT, machine=replace(GOOD, os_version="10.0.26100.6905"), assessed=november
    )
    for known in ((), ("KB5070893",)):
        found = status_text(replace(shared, out_of_band_kbs=known), calendar, november)
        assert found.situation is not Situation.OFF_TRAIN


def test_a_hotpatch_released_after_the_assessment_counts_as_missing(
    calendar: Calendar,
) -> None:
    july = replace(
        CURRENT,
        machine=replace(GOOD, os_version="10.0.26100.33158"),
        assessed=EPOCH.replace(day=10),
    )
    found = status_text(july, calendar, EPOCH.replace(day=12))
    assert found.situation is Situation.STALE
    assert found.headline == "After the last assessment, the hotpatch KB5120228 was released."
    assert status_text(july, calendar, EPOCH.replace(day=10)).situation is Situation.UP_TO_DATE


def test_a_missing_out_of_band_hotpatch_is_not_called_current(calendar: Calendar) -> None:
    release = next(
        r
        for r in calendar.releases
        if r.product is GOOD.product
        and r.on_train
        and r.kind is ReleaseKind.OUT_OF_BAND
        and r.released.year == 2026
    )
    before = calendar.monthly(GOOD.product, release.released)[-1]
    day = EPOCH.replace(month=release.released.month, day=release.released.day + 1)
    behind = replace(
        CURRENT,
        machine=replace(GOOD, os_version=f"10.0.{before.build}"),
        assessed=day,
        updates=1,
        unreported=(LIST_UNREPORTED,),
    )
    found = status_text(behind, calendar, day)
    assert found.situation is Situation.BEHIND
    assert str(release.kb) in found.next_step


def test_an_unset_hotpatch_setting_counts_as_off(calendar: Calendar) -> None:
    unset = replace(GOOD, settings=replace(GOOD.settings, hotpatch_enabled=None))
    found = status_text(replace(CURRENT, machine=unset), calendar, EPOCH)
    assert found.situation is Situation.DISABLED


def test_a_failed_assessment_is_not_evidence(calendar: Calendar) -> None:
    failed = replace(CURRENT, assessed=None, assessment_error="The agent did not response.")
    found = status_text(failed, calendar, EPOCH)
    assert found.situation is Situation.NEVER_ASSESSED
    assert "The agent did not response." in found.headline


def test_being_offered_the_ordinary_update_of_a_hotpatch_month_waits_for_a_baseline(
    calendar: Calendar,
) -> None:
    blind = replace(GOOD, os_version=None)
    found = status_text(
        replace(CURRENT, machine=blind, updates=1, offered=("KB5120233",)), calendar, EPOCH
    )
    assert found.situation is Situation.AWAITS_BASELINE
    assert "instead of the hotpatch KB5120228" in found.running
    assert "rejoins" not in found.next_step, "it may never have been on the train"


@pytest.mark.parametrize(
    ("changed", "situation", "words"),
    [
        (
            {"restart_pending": True, "restart_kbs": ("KB5099536",)},
            Situation.RESTART_PENDING,
            "to finish KB5099536",
        ),
        ({"restart_pending": True}, Situation.RESTART_PENDING, "Azure doesn't report which update"),
        (
            {"assessed": None, "status": HotpatchStatus.PENDING_EVALUATION},
            Situation.NEVER_ASSESSED,
            "Assess now",
        ),
        ({"assessed": EPOCH - timedelta(days=9)}, Situation.STALE, "9 days old"),
        ({"last_run_error": "Disk full."}, Situation.LAST_FAILED, "Disk full."),
        (
            {"status": HotpatchStatus.NOT_AVAILABLE},
            Situation.UNSUPPORTED,
            "n't available on this image",
        ),
        (
            {"machine": replace(GOOD, power=PowerState.DEALLOCATED)},
            Situation.NOT_RUNNING,
            "deallocated",
        ),
        (
            {"machine": replace(GOOD, settings=replace(GOOD.settings, hotpatch_enabled=False))},
            Situation.DISABLED,
            "takes effect with the next baseline, planned for 13 Oct 2026",
        ),
    ],
)
def test_each_problem_has_its_sentence_and_next_step(
    calendar: Calendar, changed: dict[str, object], situation: Situation, words: str
) -> None:
    found = status_text(replace(CURRENT, **changed), calendar, EPOCH)
    assert found.situation is situation
    assert words in found.text
    assert found.next_step


def test_a_build_that_is_not_reported_is_not_guessed(calendar: Calendar) -> None:
    found = status_text(
        replace(CURRENT, machine=replace(GOOD, os_version="10.0.26100")), calendar, EPOCH
    )
    assert "the running release isn't known" in found.running


SKU = st.sampled_from(
    [
        "2025-datacenter-azure-edition",
        "2022-datacenter-azure-edition",
        "2022-datacenter-azure-edition-core",
        None,
    ]
)
BUILD = st.sampled_from(
    [
        None,
        "10.0.26100.33222",
        "10.0.26100.33296",
        "10.0.20348.5440",
        "10.0.1.1",
        "nonsense",
    ]
)


@given(
    sku=SKU,
    build=BUILD,
    power=st.sampled_from(PowerState),
    on=st.sampled_from([True, False, None]),
    hours=st.one_of(st.none(), st.integers(0, 24 * 20)),
    pending=st.booleans(),
    updates=st.integers(0, 5),
    kbs=st.lists(st.sampled_from(["KB5120228", "KB5120233", "KB1"]), max_size=2),
)
def test_up_to_date_is_claimed_only_on_fresh_evidence(
    sku, build, power, on, hours, pending, updates, kbs
) -> None:
    machine = replace(
        GOOD,
        image=Image("MicrosoftWindowsServer", "WindowsServer", sku),
        os_version=build,
        power=power,
        settings=replace(GOOD.settings, hotpatch_enabled=on),
    )
    assessed = None if hours is None else EPOCH - timedelta(hours=hours)
    status = hotpatch_status(machine, assessed=assessed is not None)
    evidence = Evidence(
        machine, status, assessed, restart_pending=pending, updates=updates, offered=tuple(kbs)
    )
    found = status_text(evidence, resources.calendar(), EPOCH)
    assert found.headline
    assert found.next_step
    assert (found.situation, found.level) == classify(evidence, resources.calendar(), EPOCH)
    if found.level is Level.OK:
        assert assessed is not None
        assert EPOCH - assessed <= timedelta(days=7)
        assert updates == 0
        assert not pending


def test_a_release_that_shares_its_build_is_recognized_by_its_installation(
    calendar: Calendar,
) -> None:
    """KB5070893, which keeps a machine on the train, has the build of KB5070881, which doesn't."""
    now = datetime(2025, 10, 26, 9, tzinfo=UTC)
    before = replace(
        CURRENT,
        machine=replace(GOOD, os_version="10.0.26100.6899"),
        assessed=now - timedelta(hours=1),
        updates=1,
        offered=("KB5070893",),
    )
    assert status_text(before, calendar, now).headline.startswith("Behind by one release")
    installed = replace(
        before,
        machine=replace(GOOD, os_version="10.0.26100.6905"),
        updates=1,
        offered=("KB2267602",),
    )
    after = replace(installed, out_of_band_kbs=("KB5070893",))
    assert classify(after, calendar, now) == (Situation.BEHIND, Level.INFO)
    assert (
        status_text(after, calendar, now).headline == "Hotpatch is current. 1 update is available."
    )
    done = replace(after, updates=0, offered=())
    assert status_text(done, calendar, now).situation is Situation.UP_TO_DATE
    found = status_text(replace(done, out_of_band_kbs=()), calendar, now)
    assert found.level is Level.UNKNOWN
    assert "its build belongs to both KB5070881 and KB5070893" in found.headline


def test_a_release_counts_from_its_hour_on_and_not_from_midnight(calendar: Calendar) -> None:
    day = datetime(2026, 9, 8, tzinfo=UTC)
    seen = replace(CURRENT, assessed=day - timedelta(hours=1))
    before = status_text(seen, calendar, day + timedelta(hours=16))
    after = status_text(seen, calendar, day + timedelta(hours=18))
    assert (before.situation, after.situation) == (Situation.UP_TO_DATE, Situation.STALE)


def test_a_list_without_kbs_is_a_list(calendar: Calendar) -> None:
    """As of drivers."""
    driver = replace(CURRENT, updates=1)
    assert status_text(driver, calendar, EPOCH).next_step.startswith("It needs no restart.")
    counted = replace(driver, unreported=(LIST_UNREPORTED,))
    assert "list hasn't been read yet" in status_text(counted, calendar, EPOCH).next_step
    old = replace(driver, machine=replace(GOOD, os_version="10.0.26100.33158"))
    assert status_text(old, calendar, EPOCH).situation is Situation.NOT_OFFERED


def test_an_unsupported_machine_that_misses_a_release_needs_attention(calendar: Calendar) -> None:
    plain = replace(CURRENT, status=HotpatchStatus.NOT_AVAILABLE)
    assert status_text(plain, calendar, EPOCH).level is Level.INFO
    behind = replace(plain, machine=replace(GOOD, os_version="10.0.26100.33158"))
    assert classify(behind, calendar, EPOCH) == (Situation.UNSUPPORTED, Level.WARNING)
    assert status_text(behind, calendar, EPOCH).level is Level.WARNING


def test_a_hotpatch_does_not_hide_another_update_that_may_restart(calendar: Calendar) -> None:
    behind = replace(
        CURRENT,
        machine=replace(GOOD, os_version="10.0.26100.33158"),
        updates=2,
        updates_may_restart=1,
        offered=("KB5120228", "KB5120708"),
    )
    step = status_text(behind, calendar, EPOCH).next_step
    assert "it needs no restart. 1 of the available updates may restart the machine." in step
    surely = replace(behind, updates=3, updates_restarting=2)
    step = status_text(surely, calendar, EPOCH).next_step
    assert (
        "2 of the available updates restart the machine. 1 of the available updates may restart"
        in step
    )


def test_more_than_three_missing_releases_are_not_called_three(calendar: Calendar) -> None:
    (january,) = [
        r
        for r in calendar.releases
        if r.product is GOOD.product and r.month == "2026-01" and r.on_train and r.kind.is_baseline
    ]
    old = replace(CURRENT, machine=replace(GOOD, os_version=f"10.0.{january.build}"))
    found = status_text(old, calendar, EPOCH)
    assert found.situation is Situation.NOT_OFFERED
    count = int(re.search(r"Behind by (\d+) releases", found.headline)[1])
    assert count > 3
    assert f" and {count - 3} more." in found.running + found.next_step


def test_an_unreported_count_is_not_zero(calendar: Calendar) -> None:
    silent = replace(CURRENT, unreported=(COUNTS_UNREPORTED,))
    old = replace(silent, machine=replace(GOOD, os_version="10.0.26100.33158"))
    found = status_text(old, calendar, EPOCH)
    assert found.situation is Situation.NOT_CONFIRMED
    assert found.headline == (
        "Behind by one release. The last assessment doesn't report how many updates are missing."
    )
    assert "offers no updates" not in found.text
    failed = status_text(replace(silent, last_run_error="0x80070005"), calendar, EPOCH)
    assert failed.situation is Situation.LAST_FAILED
    assert "No update is available" not in failed.text
    assert failed.next_step.endswith(
        "The last assessment doesn't report how many updates are missing."
    )
