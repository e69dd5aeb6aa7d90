"""Columns share a table's width by what their content needs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hotpatch_gui.views.widgets.column_widths import fitted

COLUMNS = st.lists(st.tuples(st.integers(20, 200), st.integers(20, 700)), min_size=1, max_size=12)


@given(COLUMNS, st.integers(0, 3000))
def test_columns_are_not_cut_while_there_is_room(
    columns: list[tuple[int, int]], available: int
) -> None:
    least, needed = [c[0] for c in columns], [c[1] for c in columns]
    widths = fitted(least, needed, available, range(len(columns)))
    if sum(needed) <= available:
        assert sum(widths) == min(available, sum(needed) + max(needed) // 2)
        assert all(w >= n for w, n in zip(widths, needed, strict=True))
    else:
        assert all(min(a, n) <= w <= n for a, n, w in zip(least, needed, widths, strict=True))
        assert sum(widths) == max(available, sum(map(min, least, needed)))


def test_short_columns_are_whole_before_a_long_one_gets_the_rest() -> None:
    assert fitted([100, 100, 200], [120, 90, 900], 600, [0, 1, 2]) == [120, 90, 390]
    assert fitted([100, 100], [90, 90], 300, [1]) == [90, 135]
    assert fitted([100, 100], [90, 90], 200, [1]) == [90, 110]
    assert fitted([100, 100], [90, 90], 300, []) == [90, 90]
    assert fitted([100, 100], [300, 300], 120, [0]) == [100, 100]
