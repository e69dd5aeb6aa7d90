"""Did it really happen: a run's report beside the assessment that came after it."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from hotpatch_gui.domain import verify
from hotpatch_gui.domain.installs import MIN_MINUTES
from hotpatch_gui.domain.records import RunStatus
from hotpatch_gui.domain.verify import Discrepancy, RunReport, discrepancies

GOOD = RunReport(RunStatus.SUCCEEDED, 2, 0, False, 0, False, timedelta(minutes=9), 120, (), False)


def found(**changed) -> list[tuple[Discrepancy, str]]:
    from dataclasses import replace

    return discrepancies(replace(GOOD, **changed))


def test_a_verified_run_has_no_discrepancy() -> None:
    assert found() == []
    assert found(restart_pending=None) == [], "where another run came between, it is not asked"


def test_a_completed_run_that_installed_nothing_is_a_discrepancy() -> None:
    assert found(installed=0, pending=2) == [(Discrepancy.NOTHING_INSTALLED, "")]
    assert found(installed=0, names_kbs=True) == [(Discrepancy.NOTHING_INSTALLED, "")], (
        "the named KB wasn't installed"
    )
    assert found(installed=0) == [], "nothing to install is no discrepancy"
    assert found(installed=0, pending=None) == []
    assert found(installed=0, status=RunStatus.FAILED, failed=1) == [], (
        "it says itself that it failed"
    )
    assert found(installed=None) == [], "what is not text is not zero"


def test_an_exceeded_window_with_time_left_is_a_discrepancy() -> None:
    assert found(window_exceeded=True, duration=timedelta(minutes=100)) == [
        (Discrepancy.TIME_LEFT, "20")
    ]
    assert found(window_exceeded=True, duration=timedelta(minutes=120)) == []
    assert found(window_exceeded=True, requested_minutes=None) == [], "the request isn't known"
    assert found(window_exceeded=True, duration=None) == []
    assert str(MIN_MINUTES) in verify.explanation(Discrepancy.TIME_LEFT, "20")


def test_updates_offered_again_and_pending_restarts_are_discrepancies() -> None:
    assert found(offered_again=("KB5068966", "KB5072753")) == [
        (Discrepancy.OFFERED_AGAIN, "KB5068966,KB5072753")
    ]
    assert found(restart_pending=True) == [(Discrepancy.RESTART_PENDING, "")]
    assert "KB5068966 and KB5072753 were reported" in verify.explanation(
        Discrepancy.OFFERED_AGAIN, "KB5068966,KB5072753"
    )


KB = st.integers(100_000, 99_999_999).map("KB{}".format)
REPORTS = st.builds(
    RunReport,
    st.sampled_from(RunStatus),
    st.none() | st.integers(0, 99),
    st.none() | st.integers(0, 99),
    st.booleans(),
    st.none() | st.integers(0, 99),
    st.booleans(),
    st.none() | st.timedeltas(timedelta(0), timedelta(days=2)),
    st.none() | st.integers(0, 400),
    st.lists(KB, max_size=3).map(tuple),
    st.none() | st.booleans(),
)


@given(REPORTS)
def test_a_stored_report_is_read_back_unchanged(report: RunReport) -> None:
    found_here = discrepancies(report)
    assert verify.decode(verify.encode(found_here)) == found_here
    assert all(verify.explanation(*one) and one[0].label for one in found_here)


def test_rows_of_a_damaged_file_are_left_out() -> None:
    assert verify.decode("nonsense:1 restart-pending <b>") == [(Discrepancy.RESTART_PENDING, "")]
    assert verify.decode(None) == []
