"""The filter of a list of updates."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class UpdateFilter(NamedTuple):
    """The filter of the fleet's updates; empty values for all.

    Attributes:
        hides_definitions: whether definition updates, which appear daily, are left out.
        restarts: values of RestartBehavior.
        product: a value of Product.
        published_before: UTC.
    """

    text: str = ""
    hides_definitions: bool = False
    classification: str = ""
    restarts: tuple[str, ...] = ()
    product: str = ""
    published_before: datetime | None = None
