"""Microsoft's documents: what fills the calendar, what is refused and why, and what a bad server does not do."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.msrc import (
    HOTPATCH,
    NET,
    NOVEMBER,
    OCTOBER,
    WS22,
    WS25,
    WS25_CORE,
    WS2019,
    document,
    feed,
    fix,
)
from hotpatch_gui.azure import msrc_api
from hotpatch_gui.azure.msrc_document import month_of, read_document
from hotpatch_gui.azure.values import UnreadableError
from hotpatch_gui.domain.learning import merge
from hotpatch_gui.domain.problems import ProblemError, ProblemKind
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product, ReleaseKind
from hotpatch_gui.models.release_sources import export_rows
from hotpatch_gui.store import database, releases
from hotpatch_gui.system import resources
from hotpatch_gui.worker.release_knowledge import (
    MSRC,
    KnownReleases,
    ReleaseDataUpdate,
    download,
    known_to,
    read_file,
    save_update,
)

P25, P22 = Product.WS2025, Product.WS2022
NOW = datetime(2026, 11, 25, tzinfo=UTC)


def joined(calendar: Calendar, update: ReleaseDataUpdate, origin: str = "msrc") -> Calendar:
    return merge(calendar, [(origin, r) for r in update.added])


@pytest.mark.parametrize("spelling", HOTPATCH)
def test_a_document_fills_the_month_in_each_spelling_of_a_hotpatch(
    calendar: Calendar, spelling: str
) -> None:
    body = document(
        "2026-Nov",
        fix("5991025", [WS25, WS25_CORE], "26100.33800"),
        fix("5991125", [WS25], "26100.33750", spelling, "No"),
        fix("5991999", [NET], None),
    )
    found = read_document(body, calendar)
    assert found.rejected == []
    (release,) = found.releases
    assert (release.kind, release.kb, release.build) == (
        ReleaseKind.HOTPATCH,
        "KB5991125",
        "26100.33750",
    )
    assert (release.lcu_kb, release.lcu_build) == ("KB5991025", "26100.33800")
    assert (release.restarts, release.released) == (False, date(2026, 11, 10))
    full = merge(calendar, [("msrc", release)])
    assert full.complete_until(P25) == date(2026, 12, 7)
    assert full.complete_until(P22) == date(2026, 11, 9), "what the document omits stays unknown"
    assert full.hotpatch_month_of_lcu(P25, "KB5991025") == release


def test_gaps_are_filled_and_included_releases_are_kept(calendar: Calendar) -> None:
    found = read_document(OCTOBER, calendar)
    assert (len(found.releases), found.rejected) == (2, [])
    full = merge(calendar, [("msrc", r) for r in found.releases])
    october = full.month(P25, "2026-10")
    assert october is not None
    assert (october.kb, october.build, october.kind) == (
        "KB5990025",
        "26100.33650",
        ReleaseKind.PLANNED_BASELINE,
    )
    assert "MSRC CVRF 2026-Oct" in october.source
    assert full.by_kb(P25, "KB5990025") == october
    assert len(full.releases) == len(calendar.releases)


def test_a_month_without_a_hotpatch_is_a_baseline(calendar: Calendar) -> None:
    """For example June 2026, for which a hotpatch was planned."""
    found = read_document(document("2026-Nov", fix("5991025", [WS25], "26100.33800")), calendar)
    (release,) = found.releases
    assert (release.kind, release.kb, release.restarts) == (
        ReleaseKind.UNPLANNED_BASELINE,
        "KB5991025",
        True,
    )
    assert "lists no hotpatch" in release.note
    january = document("2027-Jan", fix("5993025", [WS25], "26100.34000"))
    assert read_document(january, calendar).releases[0].kind is ReleaseKind.PLANNED_BASELINE


def test_a_build_that_is_missing_stays_unknown(calendar: Calendar) -> None:
    body = document(
        "2026-Nov", fix("5991025", [WS25], None), fix("5991125", [WS25], None, HOTPATCH[1], "No")
    )
    (release,) = read_document(body, calendar).releases
    assert (release.kb, release.build, release.lcu_build) == ("KB5991125", None, None)


CONTRADICTIONS: list[tuple[str, list[dict[str, Any]], str]] = [
    ("a build of another system", [fix("5991025", [WS25], "20348.5900")], "isn't one of its"),
    ("a build without a revision", [fix("5991025", [WS25], "26100.0")], "isn't one of its"),
    ("a KB under both systems", [fix("5991025", [WS25, WS22], None)], "listed for both systems"),
    (
        "a hotpatch above its month's update",
        [
            fix("5991025", [WS25], "26100.33750"),
            fix("5991125", [WS25], "26100.33800", HOTPATCH[0], "No"),
        ],
        "isn't below",
    ),
    (
        "a hotpatch that restarts",
        [
            fix("5991025", [WS25], "26100.33800"),
            fix("5991125", [WS25], "26100.33750", HOTPATCH[0], "Yes"),
        ],
        "as requiring a restart",
    ),
    ("a KB of another month", [fix("5122871", [WS25], "26100.33800")], "is September 2026's"),
    (
        "a build below an earlier month's",
        [fix("5991025", [WS25], "26100.33500")],
        "doesn't fit October 2026's",
    ),
    (
        "two builds of one KB",
        [fix("5991025", [WS25], "26100.33800"), fix("5991025", [WS25], "26100.33801")],
        "listed with builds",
    ),
    (
        "two KBs without builds",
        [fix("5991025", [WS25], None), fix("5991026", [WS25], "26100.33800")],
        "can't be determined",
    ),
]


@pytest.mark.parametrize(
    ("name", "fixes", "reason"), CONTRADICTIONS, ids=[c[0] for c in CONTRADICTIONS]
)
def test_a_contradicting_row_is_rejected_with_the_reason(
    calendar: Calendar, name: str, fixes: list[dict[str, Any]], reason: str
) -> None:
    found = read_document(document("2026-Nov", *fixes), calendar)
    assert found.releases == []
    assert any(reason in why for why in found.rejected), found.rejected


def test_a_contradiction_to_a_known_month_is_rejected(calendar: Calendar) -> None:
    wrong = document("2026-Oct", fix("5990025", [WS25], "26100.33651"))
    found = read_document(wrong, calendar)
    assert found.releases == []
    assert "build known as 26100.33650, listed as 26100.33651" in found.rejected[0]
    other = document(
        "2026-Sep",
        fix("5122871", [WS25], "26100.33438"),
        fix("5991125", [WS25], "26100.33400", HOTPATCH[0], "No"),
    )
    assert (
        "known as unplanned baseline, listed as hotpatch"
        in read_document(other, calendar).rejected[0]
    )


def test_an_out_of_band_update_does_not_count_as_the_monthly_release(calendar: Calendar) -> None:
    body = document(
        "2026-Nov",
        fix("5991025", [WS25], "26100.33800"),
        fix("5991026", [WS25], "26100.33811"),
        fix("5991125", [WS25], "26100.33750", HOTPATCH[0], "No"),
    )
    found = read_document(body, calendar)
    assert found.releases[0].lcu_kb == "KB5991025"
    assert "KB5991026 is out of band" in found.rejected[0]


def test_other_products_and_fix_types_are_ignored(calendar: Calendar) -> None:
    body = document(
        "2026-Nov",
        fix("5991019", [WS2019], "17763.9000"),
        fix("5991999", [NET], None),
        fix("5991998", ["12244"], "25398.2000"),
        fix("Release Notes", [WS25], "26100.33800"),
        fix("5991997", [WS25], "26100.33800", "Monthly Rollup"),
    )
    assert read_document(body, calendar)[2:] == ([], [])


def test_without_product_names_the_known_product_ids_are_used(calendar: Calendar) -> None:
    body = NOVEMBER | {"ProductTree": {}}
    assert len(read_document(body, calendar).releases) == 2


@pytest.mark.parametrize("name", ["", "2026-11", "Nov-2026", "2026-Foo", "2026-Nov/../x"])
def test_a_document_without_a_month_is_rejected(calendar: Calendar, name: str) -> None:
    with pytest.raises(UnreadableError):
        month_of(name)
    with pytest.raises(UnreadableError):
        read_document(document(name), calendar)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from(["DocumentTracking", "ProductTree", "Vulnerability"]), JSON)
def test_invalid_documents_end_in_a_reported_error_or_change_nothing(part: str, value: Any) -> None:
    calendar = resources.calendar()
    try:
        found = read_document(NOVEMBER | {part: value}, calendar)
    except UnreadableError:
        return
    assert found.releases == [] or part == "ProductTree"


def test_only_missing_documents_are_downloaded_once(calendar: Calendar) -> None:
    with feed() as msrc:
        msrc.documents.insert(0, document("2026-Aug", fix("1111111", [WS25], "26100.1")))
        update = download(msrc.address, KnownReleases(calendar), {})
        assert msrc.requested == ["/updates", "/cvrf/2026-Oct", "/cvrf/2026-Nov"]
        assert (len(update.added), update.rejected) == (4, [])
        full = joined(calendar, update)
        assert all(full.complete_until(p) == date(2026, 12, 7) for p in Product)
        msrc.requested.clear()
        again = download(msrc.address, KnownReleases(full), update.documents)
        assert msrc.requested == ["/updates"], "nothing is new"
        assert again.text == "Nothing new."


@pytest.mark.parametrize(
    ("path", "response", "kind", "says"),
    [
        ("/updates", (500, {}, b""), ProblemKind.AZURE_FAILED, "answered 500"),
        ("/updates", (429, {}, b""), ProblemKind.THROTTLED, "answered 429"),
        (
            "/updates",
            (200, {}, b"<html>Sign in</html>"),
            ProblemKind.MALFORMED_RESPONSE,
            "couldn't be read",
        ),
        ("/updates", (200, {}, b"[]"), ProblemKind.MALFORMED_RESPONSE, "couldn't be read"),
        ("/cvrf/2026-Nov", (200, {}, b"{"), ProblemKind.MALFORMED_RESPONSE, "couldn't be read"),
        ("/cvrf/2026-Nov", (200, {}, b"{}"), ProblemKind.REJECTED, "doesn't contain a month"),
        (
            "/cvrf/2026-Nov",
            (200, {"Content-Length": "999999"}, b"{}"),
            ProblemKind.OFFLINE,
            "No connection",
        ),
        (
            "/cvrf/2026-Nov",
            (302, {"Location": "https://elsewhere.example/x"}, b""),
            ProblemKind.REJECTED,
            "elsewhere.example",
        ),
        (
            "/cvrf/2026-Nov",
            (302, {"Location": "/cvrf/2026-Nov"}, b""),
            ProblemKind.MALFORMED_RESPONSE,
            "couldn't be read",
        ),
    ],
)
def test_error_responses_change_nothing(
    calendar: Calendar,
    path: str,
    response: tuple[int, dict[str, str], bytes],
    kind: ProblemKind,
    says: str,
) -> None:
    with feed() as msrc:
        msrc.documents = [NOVEMBER]
        msrc.responses[path] = response
        with pytest.raises(ProblemError) as error:
            download(msrc.address, KnownReleases(calendar), {})
    assert error.value.problem.kind is kind
    assert says in error.value.problem.text
    assert (
        "kept" in error.value.problem.text
        or "nothing was read" in error.value.problem.text.casefold()
    )


def test_a_bad_document_doesnt_affect_others(calendar: Calendar) -> None:
    with feed() as msrc:
        msrc.responses["/cvrf/2026-Oct"] = (404, {}, b"")
        found = download(msrc.address, KnownReleases(calendar), {})
        assert {r.month for r in found.added} == {"2026-11"}
        (why,) = found.rejected
        assert why.startswith("2026-Oct: ")
        assert "2026-Oct" not in found.documents, "it is read again the next time"


def test_corrections_by_microsoft_replace_earlier_rows(calendar: Calendar, tmp_path: Path) -> None:
    """A document without the month's hotpatch, and its revision with it."""
    cumulative = fix("5991025", [WS25, WS25_CORE], "26100.33800")
    hotpatch = fix("5991125", [WS25, WS25_CORE], "26100.33750", HOTPATCH[0], "No")
    db, _ = database.prepare(tmp_path / "x.sqlite3", "https://azure.demo.invalid")
    with closing(db), feed() as msrc:
        msrc.documents = [document("2026-Nov", cumulative)]
        first = download(msrc.address, known_to(db, calendar), {})
        save_update(db, MSRC, first, calendar, NOW)
        wrong = releases.calendar_of(db, calendar).month(P25, "2026-11")
        assert wrong is not None
        assert wrong.kind is ReleaseKind.UNPLANNED_BASELINE
        msrc.documents = [
            document("2026-Nov", cumulative, hotpatch, revised="2026-11-12T08:00:00Z")
        ]
        read = {i: d.revised for i, d in releases.read_documents(db).items()}
        second = download(msrc.address, known_to(db, calendar), read)
        assert second.rejected == []
        save_update(db, MSRC, second, calendar, NOW)
        right = releases.calendar_of(db, calendar).month(P25, "2026-11")
        assert right is not None
        assert (right.kind, right.kb) == (ReleaseKind.HOTPATCH, "KB5991125")


def test_a_response_larger_than_the_limit_is_cut_off(
    calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(msrc_api, "MAX_BYTES", 200)
    with feed() as msrc, pytest.raises(ProblemError, match="took more than"):
        download(msrc.address, KnownReleases(calendar), {})


def test_a_response_that_arrives_too_slowly_is_abandoned(
    calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(msrc_api, "MAX_SECONDS", 0.3)
    with feed() as msrc:
        msrc.drop = 1
        with pytest.raises(ProblemError, match="took more than"):
            download(msrc.address, KnownReleases(calendar), {})
        assert len(msrc.requested) == 1


def test_a_response_with_invalid_compression_is_not_reported_as_missing_connection(
    calendar: Calendar,
) -> None:
    with feed() as msrc:
        msrc.responses["/updates"] = (200, {"Content-Encoding": "gzip"}, b"no gzip at all")
        with pytest.raises(ProblemError, match="couldn't be read"):
            download(msrc.address, KnownReleases(calendar), {})


def test_no_network_and_a_wrong_address_are_reported(calendar: Calendar) -> None:
    with pytest.raises(ProblemError, match="No connection to Microsoft"):
        download("http://127.0.0.1:9/", KnownReleases(calendar), {})
    with pytest.raises(ProblemError, match="isn't an https address"):
        download("http://api.msrc.example/", KnownReleases(calendar), {})


ROW = {
    "product": "WS2025",
    "month": "2026-11",
    "released": "2026-11-10",
    "kind": "hotpatch",
    "channel": "hotpatch",
    "kb": "KB5991125",
    "build": "26100.33750",
    "restarts": False,
    "lcu_kb": "KB5991025",
    "lcu_build": "26100.33800",
    "confidence": "high",
    "source": "made up for a test",
    "note": "",
}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"released": "2030-01-01"}, "another month"),
        ({"released": "2026-03-01"}, "another month"),
        ({"month": "2001-01", "released": "2001-01-09"}, "no hotpatches yet"),
        ({"month": "2099-12", "released": "2099-12-08"}, "no longer had hotpatches"),
        ({"kb": "KB5122871"}, "is September 2026's"),
        ({"kb": "KB5129237", "lcu_kb": None}, "for Windows Server 2022"),
        ({"restarts": True}, "as requiring a restart"),
        ({"build": "26100.1"}, "doesn't fit"),
        ({"build": "20348.33750"}, "isn't a build of"),
        ({"build": "26100.33801"}, "isn't below"),
        ({"kb": None, "build": None}, "neither its KB nor its build"),
        ({"offered": "no"}, "isn't a release"),
        ({"restarts": 1}, "isn't a release"),
        ({"build": "26100." + "9" * 30}, "isn't a release"),
        ({"build": "26100.٣٣٧٥٠"}, "isn't a release"),
        ({"build": "26100." + "9" * 6000}, "isn't a release"),
    ],
)
def test_impossible_rows_are_rejected(
    calendar: Calendar, tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    listed = tmp_path / "releases.json"
    rows = [ROW | change]
    listed.write_text(
        json.dumps({"format": "hotpatch-releases", "releases": rows}), encoding="utf-8"
    )
    found = read_file(listed, KnownReleases(calendar))
    assert found.added == []
    (why,) = found.rejected
    assert says in why
    good = {"format": "hotpatch-releases", "releases": [ROW]}
    listed.write_text(json.dumps(good), encoding="utf-8")
    assert [r.kb for r in read_file(listed, KnownReleases(calendar)).added] == ["KB5991125"]


def test_rows_of_one_list_are_compared_with_each_other(calendar: Calendar, tmp_path: Path) -> None:
    december = {"month": "2026-12", "released": "2026-12-08"}
    for change, says in (
        ({"lcu_kb": "KB5992025"}, "KB5991125 is November 2026's"),
        ({"kb": "KB5992125", "lcu_kb": "KB5992025", "build": "26100.33700"}, "doesn't fit"),
    ):
        listed = tmp_path / "releases.json"
        rows = [ROW, ROW | december | change]
        listed.write_text(
            json.dumps({"format": "hotpatch-releases", "releases": rows}), encoding="utf-8"
        )
        found = read_file(listed, KnownReleases(calendar))
        assert [r.month for r in found.added] == ["2026-11"]
        (why,) = found.rejected
        assert says in why
        later = KnownReleases(calendar).plus("file", found.added)
        listed.write_text(
            json.dumps({"format": "hotpatch-releases", "releases": rows[1:]}), encoding="utf-8"
        )
        assert read_file(listed, later).added == [], "nor against those of an import before"


def test_releases_that_a_revised_document_does_not_list_are_deleted(
    calendar: Calendar, tmp_path: Path
) -> None:
    db, _ = database.prepare(tmp_path / "x.sqlite3", "https://azure.demo.invalid")
    with closing(db), feed() as msrc:
        save_update(db, MSRC, download(msrc.address, known_to(db, calendar), {}), calendar, NOW)
        assert releases.calendar_of(db, calendar).month(P22, "2026-11") is not None
        only = [
            fix("5991025", [WS25, WS25_CORE], "26100.33800"),
            fix("5991125", [WS25], "26100.33750", HOTPATCH[0], "No"),
        ]
        msrc.documents = [document("2026-Nov", *only, revised="2026-11-20T08:00:00Z")]
        read = {i: d.revised for i, d in releases.read_documents(db).items()}
        save_update(db, MSRC, download(msrc.address, known_to(db, calendar), read), calendar, NOW)
        assert releases.calendar_of(db, calendar).month(P22, "2026-11") is None
        assert releases.calendar_of(db, calendar).month(P25, "2026-11") is not None


def test_a_row_outside_windows_update_stays_outside(calendar: Calendar, tmp_path: Path) -> None:
    listed = tmp_path / "releases.json"
    rows = [ROW | {"offered": False}]
    listed.write_text(
        json.dumps({"format": "hotpatch-releases", "releases": rows}), encoding="utf-8"
    )
    db, _ = database.prepare(tmp_path / "x.sqlite3", "https://azure.demo.invalid")
    with closing(db):
        found = read_file(listed, known_to(db, calendar))
        full = save_update(db, "file", found, calendar, NOW)
        stored = full.by_kb(P25, "KB5991125")
        assert stored is not None
        assert not stored.is_offered


def test_two_rows_for_one_month_are_rejected(calendar: Calendar, tmp_path: Path) -> None:
    listed = tmp_path / "releases.json"
    rows = [ROW, ROW | {"kb": "KB5991126"}]
    listed.write_text(
        json.dumps({"format": "hotpatch-releases", "releases": rows}), encoding="utf-8"
    )
    found = read_file(listed, KnownReleases(calendar))
    assert found.rejected == ["Windows Server 2025, 2026-11: the list has two rows for it"]
    assert found.added == []


def test_a_saved_document_and_an_exported_list_are_imported(
    calendar: Calendar, tmp_path: Path
) -> None:
    saved = tmp_path / "2026-Nov.json"
    saved.write_text(json.dumps(NOVEMBER), encoding="utf-8")
    full = joined(calendar, read_file(saved, KnownReleases(calendar)), "file")
    assert full.complete_until(P25) == date(2026, 12, 7)
    listed = tmp_path / "releases.json"
    listed.write_text(json.dumps(export_rows(full, NOW)), encoding="utf-8")
    there = read_file(listed, KnownReleases(calendar))
    assert (len(there.added), there.rejected) == (2, [])
    elsewhere = joined(calendar, there, "file")
    assert {r.kb for r in elsewhere.releases} == {r.kb for r in full.releases}
    assert read_file(listed, KnownReleases(full)).text == "Nothing new."


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "isn't JSON"),
        ("[" * 200_000, "isn't JSON"),
        ("[1]", "neither an MSRC document"),
        ('{"format": "hotpatch-releases"}', "list of releases is missing"),
    ],
)
def test_other_files_are_rejected(
    calendar: Calendar, tmp_path: Path, content: str, says: str
) -> None:
    path = tmp_path / "x.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ProblemError, match=says):
        read_file(path, KnownReleases(calendar))
    with pytest.raises(ProblemError, match="No such file"):
        read_file(tmp_path / "none.json", KnownReleases(calendar))


def test_impossible_rows_of_a_list_are_rejected_individually(
    calendar: Calendar, tmp_path: Path
) -> None:
    rows = export_rows(calendar, NOW)
    good = next(r for r in rows["releases"] if r["month"] == "2026-10" and r["product"] == "WS2025")
    path = tmp_path / "x.json"
    broken = [
        good | {"kb": "KB5990025"},
        good | {"month": "2026-99"},
        good | {"kb": 7},
        good | {"build": "<b>"},
        good | {"month": "2026-11", "build": "20348.1"},
        "row",
        good | {"kind": "hotpatch"},
    ]
    path.write_text(json.dumps(rows | {"releases": broken}), encoding="utf-8")
    found = read_file(path, KnownReleases(calendar))
    assert [r.kb for r in found.added] == ["KB5990025"]
    assert len(found.rejected) == len(broken) - 1
