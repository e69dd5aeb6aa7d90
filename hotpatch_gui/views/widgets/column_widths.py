"""The widths of a table's columns, by their content and the room."""

from __future__ import annotations

from collections.abc import Sequence

FIRST_MARGIN_PX, MARGIN_PX, END_PX = 16, 11, 8
"""The room left of a cell's text, in the first column (where the page's text begins) and in others, and right of it."""


def fitted(
    least: Sequence[int], needed: Sequence[int], available: int, growing: Sequence[int]
) -> list[int]:
    """The width of each column, in pixels.

    If everything fits, each column has what its content needs, and of the ``growing`` ones (by position), the one that
    needs most has up to half as much again; the rest stays empty. Otherwise, columns that lack least are served first, and
    no column is narrower than the smaller of its least width and its content.
    """
    widths = [min(pair) for pair in zip(least, needed, strict=True)]
    spare = available - sum(widths)
    lacking = sorted(range(len(widths)), key=lambda n: needed[n] - widths[n])
    for place, number in enumerate(lacking):
        if spare <= 0:
            break
        share = min(needed[number] - widths[number], spare // (len(lacking) - place))
        widths[number] += share
        spare -= share
    if spare > 0 and growing:
        longest = max(growing, key=lambda n: needed[n])
        widths[longest] += min(spare, needed[longest] // 2)
    return widths
