"""The monthly release that an update's title names, so that releases are recognized before any calendar lists them.

Titles in Windows Update start with the month: ``2026-08 Hotpatch for Windows Server 2025 (KB5120228)``, ``2026-08
Cumulative Update for Microsoft server operating system ... (KB5120233)``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from .kb import kb_in_title
from .updates import RestartBehavior

_MONTH = re.compile(r"(20\d\d-(?:0[1-9]|1[0-2]))\b")
_HOTPATCH = re.compile(r"\bhot\s?patch\b", re.IGNORECASE)
_CUMULATIVE = re.compile(r"\bcumulative update\b", re.IGNORECASE)
_OTHER_SYSTEM = re.compile(r"\bWindows 1[01]\b|\bAzure Stack HCI\b", re.IGNORECASE)
_NOT_MONTHLY = re.compile(r"\.NET|\bpreview\b|\bdynamic\b|\bout-of-band\b", re.IGNORECASE)


_SYSTEM = re.compile(
    r"\s+for (Microsoft server operating system|Windows Server)\b.*$", re.IGNORECASE
)
_KIND_OF_NET = re.compile(
    r"^(20\d\d-\d\d)\s+(?:Security and Quality Rollup|Cumulative Update)\s+for\s+(?=\.NET)",
    re.IGNORECASE,
)


def without_system(title: str) -> str:
    """``2026-08 Hotpatch for Windows Server 2025`` as ``2026-08 Hotpatch``, where the product is shown beside it."""
    return _SYSTEM.sub("", title)


def short_title(title: str, kb: str | None) -> str:
    """A title for a narrow column beside the KB and the product.

    ``2026-08 Cumulative Update for .NET Framework 3.5 and 4.8.1 for Windows Server 2025 (KB5120708)`` as ``2026-08 .NET Framework
    3.5 and 4.8.1``.
    """
    return _KIND_OF_NET.sub(r"\1 ", without_system(title.removesuffix(f" ({kb})")))


class ReleaseTitle(NamedTuple):
    """A monthly release of the operating system, as named by an update's title.

    ``month`` is such as ``2026-08``; ``restart`` is the update's restart behavior.
    """

    month: str
    is_hotpatch: bool
    kb: str | None
    restart: RestartBehavior = RestartBehavior.UNKNOWN


@lru_cache(maxsize=4096)
def read_title(
    name: str, kb: str | None = None, restart: RestartBehavior = RestartBehavior.UNKNOWN
) -> ReleaseTitle | None:
    """The release that a title names; None for other updates (.NET, previews, Defender).

    ``kb`` is the update's KB number, taken from the title if None.
    """
    month = _MONTH.match(name.strip())
    if month is None or _NOT_MONTHLY.search(name):
        return None
    if _OTHER_SYSTEM.search(name) and "server" not in name.casefold():
        return None
    is_hotpatch = _HOTPATCH.search(name) is not None
    if not is_hotpatch and _CUMULATIVE.search(name) is None:
        return None
    return ReleaseTitle(month[1], is_hotpatch, kb or kb_in_title(name), restart)
