"""Statements about a machine after the end of the release data.

The data holds releases to October 2026 (without October's KB), so on 25 November one planned release is
unknown, on 15 Jan 2027 three are, and on 12 Feb 2028 sixteen, after WS2022's last announced one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.machines import GOOD
from hotpatch_gui.domain.evidence import Evidence, classify
from hotpatch_gui.domain.horizon import horizon_notes
from hotpatch_gui.domain.hotpatch import HotpatchStatus
from hotpatch_gui.domain.kb import kb_in_title
from hotpatch_gui.domain.machines import Image
from hotpatch_gui.domain.power import PowerState
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product
from hotpatch_gui.domain.situation import LIST_UNREPORTED, Level, Situation
from hotpatch_gui.domain.status_text import status_text
from hotpatch_gui.domain.titles import ReleaseTitle, read_title, short_title
from hotpatch_gui.domain.updates import RestartBehavior
from hotpatch_gui.system import resources

NOVEMBER = datetime(2026, 11, 25, 9, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 13, 16, 50, tzinfo=UTC)
"""Ten minutes before October's release."""
JANUARY = datetime(2027, 1, 15, 9, tzinfo=UTC)
YEARS_ON = datetime(2028, 2, 12, 9, tzinfo=UTC)
S, L = Situation, Level
AUGUST, SEPTEMBER, OCTOBER = "10.0.26100.33222", "10.0.26100.33438", "10.0.26100.33650"
NEWER, DRIFTED = "10.0.26100.33999", "10.0.26100.33296"
NEVER, ALWAYS = RestartBehavior.NEVER, RestartBehavior.ALWAYS
DATA_ENDS = "the release data ends on 9 Nov 2026"
GET = "hotpatch-gui releases update"


def title(name: str, restart: RestartBehavior = ALWAYS) -> ReleaseTitle:
    found = read_title(name, None, restart)
    assert found is not None
    return found


NOV_CUMULATIVE = title("2026-11 Cumulative Update for Windows Server 2025 (KB5000001)")
NOV_HOTPATCH = title("2026-11 Hotpatch for Windows Server 2025 (KB5000002)", NEVER)
JAN_CUMULATIVE = title("2027-01 Cumulative Update for Windows Server 2025 (KB5000003)")
OCT_CUMULATIVE = title("2026-10 Cumulative Update for Windows Server 2025 (KB5000004)")


class State(NamedTuple):
    name: str
    now: datetime
    build: str | None
    fields: dict[str, Any]
    situation: Situation
    level: Level
    says: tuple[str, ...]
    never_says: tuple[str, ...] = ()


def offers(*titles: ReleaseTitle, also: int = 0) -> dict[str, Any]:
    return {
        "updates": len(titles) + also,
        "titles": titles,
        "offered": (*(t.kb for t in titles if t.kb), *["KB2267602"] * also),
    }


SAFE = ("current", "up to date.")
STATES = [
    State(
        "on September's baseline, nothing offered",
        NOVEMBER,
        SEPTEMBER,
        {},
        S.NOT_OFFERED,
        L.WARNING,
        (
            "Behind by at least one release",
            "Missing: October 2026 baseline",
            "10 Nov 2026",
            DATA_ENDS,
            "can't be determined remotely",
        ),
        SAFE,
    ),
    State(
        "on September's baseline, October offered",
        NOVEMBER,
        SEPTEMBER,
        offers(OCT_CUMULATIVE),
        S.BEHIND,
        L.WARNING,
        (
            "Behind by at least one release",
            "Install the October 2026 baseline: it restarts",
            "10 Nov 2026",
            GET,
        ),
        SAFE,
    ),
    State(
        "on September's baseline, November's cumulative update offered",
        NOVEMBER,
        SEPTEMBER,
        offers(NOV_CUMULATIVE),
        S.BEHIND,
        L.WARNING,
        ("Behind by at least one release", "10 Nov 2026", GET),
        SAFE,
    ),
    State(
        "on September's baseline, only definitions offered",
        NOVEMBER,
        SEPTEMBER,
        offers(also=1),
        S.NOT_OFFERED,
        L.WARNING,
        ("Azure doesn't offer the missing updates", "Missing: October 2026 baseline"),
        SAFE,
    ),
    State(
        "two months behind by the calendar",
        NOVEMBER,
        AUGUST,
        {},
        S.NOT_OFFERED,
        L.WARNING,
        ("Behind by at least 2 releases", "September 2026 baseline KB5122871"),
        SAFE,
    ),
    State(
        "on October's baseline, nothing offered",
        NOVEMBER,
        OCTOBER,
        {},
        S.NOT_CONFIRMED,
        L.UNKNOWN,
        (
            "No update is available. Its patch status can't be confirmed",
            "It runs the October 2026 baseline",
            "According to the plan, a hotpatch was released on 10 Nov 2026",
            DATA_ENDS,
            GET,
            "12 Jan 2027",
        ),
        SAFE,
    ),
    State(
        "on October's baseline, assessed before the day",
        NOVEMBER,
        OCTOBER,
        {"assessed": datetime(2026, 11, 10, 12, tzinfo=UTC)},
        S.STALE,
        L.UNKNOWN,
        ("old; Azure keeps assessments for seven days",),
        SAFE,
    ),
    State(
        "on October's baseline, November's hotpatch offered",
        NOVEMBER,
        OCTOBER,
        offers(NOV_HOTPATCH),
        S.BEHIND,
        L.WARNING,
        (
            "Azure offers November 2026's hotpatch KB5000002",
            "doesn't need a restart",
            "isn't in the release data yet",
            GET,
        ),
        SAFE,
    ),
    State(
        "on October's baseline, November's cumulative update offered",
        NOVEMBER,
        OCTOBER,
        offers(NOV_CUMULATIVE),
        S.BEHIND,
        L.WARNING,
        (
            "Azure offers November 2026's cumulative update KB5000001",
            "restarts the machine",
            "planned as a hotpatch",
            "or this machine has left the hotpatch train",
            GET,
        ),
        (*SAFE, "Off the hotpatch train"),
    ),
    State(
        "on October's baseline, only .NET offered",
        NOVEMBER,
        OCTOBER,
        offers(also=2),
        S.NOT_CONFIRMED,
        L.UNKNOWN,
        (
            "Only 2 updates outside the operating system's releases are available",
            "10 Nov 2026",
        ),
        SAFE,
    ),
    State(
        "on October's baseline, only counts known",
        NOVEMBER,
        OCTOBER,
        {"updates": 3},
        S.BEHIND,
        L.INFO,
        (
            "3 updates are available.",
            "it isn't known whether they restart the machine",
            "10 Nov 2026",
        ),
        SAFE,
    ),
    State(
        "on a newer build than is known",
        NOVEMBER,
        NEWER,
        {},
        S.NOT_CONFIRMED,
        L.UNKNOWN,
        (
            "newer than any known release",
            "its build is newer than the release data",
            "10 Nov 2026",
            GET,
        ),
        SAFE,
    ),
    State(
        "on a newer build, January's cumulative update offered",
        JANUARY,
        NEWER,
        offers(JAN_CUMULATIVE),
        S.BEHIND,
        L.WARNING,
        (
            "Azure offers January 2027's cumulative update KB5000003",
            "According to the plan, it's the month's baseline",
        ),
        SAFE,
    ),
    State(
        "build not reported",
        NOVEMBER,
        None,
        {},
        S.NOT_CONFIRMED,
        L.UNKNOWN,
        ("its build isn't reported", "10 Nov 2026"),
        SAFE,
    ),
    State(
        "old agent that reports revision 0",
        NOVEMBER,
        "Microsoft Windows NT 10.0.26100.0",
        {},
        S.NOT_CONFIRMED,
        L.UNKNOWN,
        ("its build isn't reported",),
        SAFE,
    ),
    State(
        "off the train since August, the baseline is out",
        NOVEMBER,
        DRIFTED,
        {},
        S.OFF_TRAIN,
        L.ERROR,
        (
            "August 2026's cumulative update KB5120233",
            "rejoins with the October 2026 baseline, which is already available",
        ),
        ("12 Jan 2027",),
    ),
    State(
        "no assessment known",
        NOVEMBER,
        OCTOBER,
        {"assessed": None},
        S.NEVER_ASSESSED,
        L.UNKNOWN,
        ("No assessment of this machine is known",),
        SAFE,
    ),
    State(
        "restart pending",
        NOVEMBER,
        SEPTEMBER,
        {"restart_pending": True},
        S.RESTART_PENDING,
        L.WARNING,
        ("A restart is needed", "doesn't report which update"),
        SAFE,
    ),
    State(
        "hotpatch off",
        NOVEMBER,
        SEPTEMBER,
        {"off": True},
        S.DISABLED,
        L.WARNING,
        (
            "Hotpatch is off",
            "it takes effect with the October 2026 baseline, which is already available",
        ),
        SAFE,
    ),
    State(
        "hotpatch off, on the baseline in force",
        NOVEMBER,
        OCTOBER,
        {"off": True},
        S.DISABLED,
        L.WARNING,
        ("it takes effect with the next baseline, planned for 12 Jan 2027",),
        SAFE,
    ),
    State(
        "the assessment counts nothing",
        AUTUMN,
        SEPTEMBER,
        {"unreported": ("counts",)},
        S.NOT_CONFIRMED,
        L.UNKNOWN,
        ("doesn't report how many updates are missing", "Choose Assess now"),
        SAFE,
    ),
    State(
        "the assessment says nothing of a restart",
        AUTUMN,
        SEPTEMBER,
        {"unreported": ("restart",)},
        S.NOT_CONFIRMED,
        L.UNKNOWN,
        ("can't be confirmed", "doesn't report whether a restart is pending"),
        SAFE,
    ),
    State(
        "the same, and it says so",
        AUTUMN,
        SEPTEMBER,
        {},
        S.UP_TO_DATE,
        L.OK,
        ("Hotpatch is on and up to date",),
    ),
    State(
        "October's update before its hour",
        AUTUMN,
        SEPTEMBER,
        offers(OCT_CUMULATIVE) | {"updates_restarting": 1},
        S.BEHIND,
        L.WARNING,
        ("1 update is available",),
        SAFE,
    ),
    State(
        "hotpatch off, after a baseline that isn't known",
        JANUARY,
        SEPTEMBER,
        {"off": True},
        S.DISABLED,
        L.WARNING,
        ("with the baseline that was planned for 12 Jan 2027; its details aren't known",),
        SAFE,
    ),
    State(
        "on October's baseline in January",
        JANUARY,
        OCTOBER,
        {},
        S.NOT_CONFIRMED,
        L.UNKNOWN,
        (
            "According to the plan, 3 monthly releases were published by 12 Jan 2027",
            "The last baseline among them was on 12 Jan 2027",
            DATA_ENDS,
            "A baseline was planned for 12 Jan 2027; installing it restarts the machine.",
        ),
        SAFE,
    ),
    State(
        "WSUS holds back October",
        NOVEMBER,
        SEPTEMBER,
        {"patch_service": "WU_WSUS"},
        S.NOT_OFFERED,
        L.WARNING,
        ("updates come from WSUS (patchServiceUsed WU_WSUS)",),
        ("can't be determined remotely",),
    ),
    State(
        "automatic updates turned off",
        NOVEMBER,
        SEPTEMBER,
        {"automatic": False},
        S.NOT_OFFERED,
        L.WARNING,
        ("enableAutomaticUpdates is false",),
        ("can't be determined remotely",),
    ),
    State(
        "on October's baseline, years on",
        YEARS_ON,
        OCTOBER,
        {},
        S.NOT_CONFIRMED,
        L.UNKNOWN,
        ("16 monthly releases were published by 8 Feb 2028", DATA_ENDS, GET),
        SAFE,
    ),
    State(
        "a build of the future, years on",
        YEARS_ON,
        "10.0.26100.48000",
        {},
        S.NOT_CONFIRMED,
        L.UNKNOWN,
        ("newer than any known release", "16 monthly releases"),
        SAFE,
    ),
    State(
        "WS2022 past its last announced hotpatch",
        YEARS_ON,
        "10.0.20348.5761",
        {"ws2022": True},
        S.NOT_CONFIRMED,
        L.UNKNOWN,
        (
            "12 monthly releases were published by 12 Oct 2027",
            "A baseline was planned for 12 Oct 2027",
        ),
        SAFE,
    ),
    State(
        "disabled WS2022 past its last announced hotpatch",
        YEARS_ON,
        "10.0.20348.5761",
        {"ws2022": True, "off": True},
        S.DISABLED,
        L.WARNING,
        ("12 Oct 2027",),
        SAFE,
    ),
]


def evidence(state: State) -> Evidence:
    fields = dict(state.fields)
    settings = replace(
        GOOD.settings,
        hotpatch_enabled=not fields.pop("off", False),
        automatic_updates=fields.pop("automatic", True),
    )
    sku = "2022-datacenter-azure-edition-core" if fields.pop("ws2022", False) else GOOD.image.sku
    image = Image(GOOD.image.publisher, GOOD.image.offer, sku)
    machine = replace(GOOD, os_version=state.build, settings=settings, image=image)
    assessed = state.now - timedelta(hours=2)
    if fields.get("updates") and not fields.get("offered"):
        fields["unreported"] = (LIST_UNREPORTED,)
    return Evidence(machine, HotpatchStatus.ENABLED, **({"assessed": assessed} | fields))


def test_only_the_past_of_a_stopped_machine_is_known(calendar: Calendar) -> None:
    machine = replace(GOOD, os_version=OCTOBER, power=PowerState.DEALLOCATED)
    found = status_text(Evidence(machine, HotpatchStatus.ENABLED, NOVEMBER), calendar, NOVEMBER)
    assert found.situation is Situation.NOT_RUNNING
    assert "At the last sync: It runs the October 2026 baseline" in found.text


@pytest.mark.parametrize("state", STATES, ids=lambda s: s.name)
def test_the_headline_claims_only_known_facts(state: State, calendar: Calendar) -> None:
    found = status_text(evidence(state), calendar, state.now)
    assert (found.situation, found.level) == (state.situation, state.level), found.text
    for words in state.says:
        assert words in found.text, found.text
    for words in state.never_says:
        assert words not in found.text, found.text
    assert "None " not in found.text, found.text


def test_the_calendar_knows_until_when_it_is_complete(calendar: Calendar) -> None:
    for product in Product:
        assert calendar.complete_until(product) == date(2026, 11, 9)
        assert calendar.unknown(product, date.min, date(2026, 11, 9)) == ()
        (one,) = calendar.unknown(product, date.min, date(2026, 11, 25))
        assert one.day == date(2026, 11, 10)
    assert Calendar([]).complete_until(Product.WS2025) == date.min, "nothing known is not all"


def test_due_releases_are_reported_once_if_both_products_agree(calendar: Calendar) -> None:
    assert horizon_notes(calendar, datetime(2026, 11, 10, 16, 59, tzinfo=UTC)) == []
    (note,) = horizon_notes(calendar, NOVEMBER)
    assert note.startswith(
        "Windows Server 2022 and Windows Server 2025: According to the plan, a hotpatch"
    )
    assert len(horizon_notes(calendar, YEARS_ON)) == 2


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 10, 13, 8, tzinfo=UTC), "13 Oct 2026"),
        (datetime(2026, 10, 13, 16, 59, tzinfo=UTC), "13 Oct 2026"),
        (datetime(2026, 10, 13, 17, 1, tzinfo=UTC), "12 Jan 2027"),
    ],
)
def test_on_a_release_day_the_next_restart_is_that_day_until_its_hour(
    calendar: Calendar, now: datetime, day: str
) -> None:
    september = Evidence(
        replace(GOOD, os_version=SEPTEMBER), HotpatchStatus.ENABLED, now - timedelta(hours=1)
    )
    text = status_text(september, calendar, now).text
    if now.hour < 17:
        assert f"Next expected restart: {day}" in text
        assert "up to date" in text
    else:
        assert status_text(september, calendar, now).situation is Situation.STALE
        assert "After the last assessment, the October 2026 baseline" in text


@given(
    st.datetimes(datetime(2022, 2, 1), datetime(2031, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
    st.sampled_from(
        ["26100.33650", "26100.33438", "26100.33222", "26100.32230", "26100.40000", None]
    ),
    st.integers(0, 3),
    st.integers(0, 20),
)
def test_a_due_release_that_is_not_known_prevents_up_to_date(
    moment: datetime, build: str | None, updates: int, days: int
) -> None:
    now, calendar = moment, resources.calendar()
    machine = replace(GOOD, os_version=f"10.0.{build}" if build else None)
    found = Evidence(
        machine,
        HotpatchStatus.ENABLED,
        now - timedelta(days=days),
        updates=updates,
        offered=("KB2267602",) * updates,
    )
    situation, level = classify(found, calendar, now)
    running = calendar.by_build(Product.WS2025, build)
    due = calendar.unknown(Product.WS2025, running.released if running else date.min, now.date())
    text = status_text(found, calendar, now).text
    if situation is Situation.UP_TO_DATE or level is Level.OK or "is current" in text:
        assert running is not None
        assert not [e for e in due if e.day < now.date()]
    assert status_text(found, calendar, now).level is level


@pytest.mark.parametrize(
    ("name", "month", "hotpatch", "kb"),
    [
        ("2026-11 Hotpatch for Windows Server 2025 (KB5000002)", "2026-11", True, "KB5000002"),
        (
            "2026-11 Cumulative Update for Microsoft server operating system version 24H2 (KB5000001) (26100.1)",
            "2026-11",
            False,
            "KB5000001",
        ),
        ("2026-11 Security Hotpatch Update (KB5000002)", "2026-11", True, "KB5000002"),
        ("2026-10 Cumulative Update for Windows Server 2025", "2026-10", False, None),
    ],
)
def test_a_title_names_its_release(name: str, month: str, hotpatch: bool, kb: str | None) -> None:
    found = read_title(name)
    assert found is not None
    assert found[:3] == (month, hotpatch, kb)


@pytest.mark.parametrize(
    "name",
    [
        "2026-11 Cumulative Update for .NET Framework 3.5 and 4.8.1 (KB5000009)",
        "2026-11 Cumulative Update Preview for Windows Server 2025 (KB5000009)",
        "2026-13 Cumulative Update for Windows Server 2025 (KB5000009)",
        "Security Intelligence Update for Microsoft Defender Antivirus - KB2267602",
        "Windows Malicious Software Removal Tool x64 - v5.130 (KB890830)",
        "Cumulative Update 2026-11",
        "",
    ],
)
def test_other_updates_name_no_release(name: str) -> None:
    assert read_title(name) is None


@pytest.mark.parametrize(
    ("title", "short"),
    [
        (
            "2026-08 Cumulative Update for .NET Framework 3.5 and 4.8.1 for Windows Server 2025 for x64 (KB5120708)",
            "2026-08 .NET Framework 3.5 and 4.8.1",
        ),
        ("2026-08 Hotpatch for Windows Server 2025 (KB5120228)", "2026-08 Hotpatch"),
        ("Security Intelligence Update (KB2267602)", "Security Intelligence Update"),
        ("2026-08 Cumulative Update for .NET", "2026-08 .NET"),
    ],
)
def test_a_shortened_title_stays_distinct(title: str, short: str) -> None:
    assert short_title(title, kb_in_title(title)) == short
