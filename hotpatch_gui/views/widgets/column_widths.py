"""The widths of a table's columns, by their content and the room."""

from __future__ import annotations

from collections.abc import Sequence

FIRST_MARGIN_PX, MARGIN_PX, END_PX = 16, 11, 8
"""The room left of a cell's text, in the first column (where the page's text begins) and in others, and right of it."""


def fitted(
    least: Sequence[int], needed: Sequence[int], available: int, growing: Sequence[int]
) -> list[int]:
    """The width of each column, in pixels.

    If everything fits, each column gets the width of its content, and the widest ``growing`` column (by position) gets up to
    50 % more. Otherwise, the columns that are closest to their content's width get theirs first. No column becomes narrower than
    its minimum or its content, whichever is smaller.
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
