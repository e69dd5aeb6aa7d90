"""KB numbers: one spelling inside (``KB5031364``), whatever people paste outside."""

from __future__ import annotations

import re
from functools import lru_cache

_KB = re.compile(r"(?:KB)?\s*(\d{6,8})", re.IGNORECASE)
_IN_TITLE = re.compile(r"\bKB\s?(\d{6,8})\b", re.IGNORECASE)
_SEPARATORS = re.compile(r"[,;\s]+")
_SPLIT_PREFIX = re.compile(r"\bKB\s+(?=\d)", re.IGNORECASE)


class KbTextError(ValueError):
    """Text that is not a list of KB numbers; ``str()`` is the sentence for the user."""


@lru_cache(maxsize=4096)
def normalise_kb(text: str | None) -> str | None:
    """``5031364`` or ``kb5031364`` -> ``KB5031364``; None for anything that is not one KB number."""
    match = _KB.fullmatch((text or "").strip())
    return f"KB{match.group(1)}" if match else None


@lru_cache(maxsize=4096)
def kb_in_title(title: str) -> str | None:
    """The KB number in an update's title, where it holds exactly one."""
    found = set(_IN_TITLE.findall(title))
    return f"KB{found.pop()}" if len(found) == 1 else None


@lru_cache(maxsize=4096)
def kb_of_update(kb_id: str | None, title: str | None) -> str | None:
    """The KB number of an update: its own field, or the title where the field is empty or holds several.

    Azure's field may hold several numbers (``5031364, 5031365``); the title then decides, and otherwise the
    first of them counts.
    """
    given = [kb for piece in _SEPARATORS.split(kb_id or "") if (kb := normalise_kb(piece))]
    if len(given) == 1:
        return given[0]
    named = kb_in_title(title or "")
    if named is not None and (not given or named in given):
        return named
    return given[0] if given else None


def parse_kbs(text: str) -> tuple[str, ...]:
    """KB numbers out of pasted text, in the order given and without repeats.

    Commas, semicolons, blanks and line ends separate; ``KB`` in front is optional.

    Raises:
        KbTextError: a piece is not a KB number; the sentence names it.
    """
    found: dict[str, None] = {}
    for piece in _SEPARATORS.split(_SPLIT_PREFIX.sub("KB", text.strip())):
        if not piece:
            continue
        kb = normalise_kb(piece)
        if kb is None:
            shown = piece if len(piece) <= 40 else piece[:40] + "…"
            raise KbTextError(
                f"“{shown}” is not a KB number. Write KB and six to eight digits, such as KB5031364."
            )
        found[kb] = None
    return tuple(found)
