"""KB numbers: one spelling inside (``KB5031364``), whatever people paste outside."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_KB = re.compile(r"(?:KB)?\s*(\d{6,8})", re.IGNORECASE)
_IN_TITLE = re.compile(r"\bKB\s?(\d{6,8})\b", re.IGNORECASE)
_SEPARATORS = re.compile(r"[,;\s]+")
_PIECE = re.compile(r"(?:\bKB\s+(?=\d))?[^,;\s]+", re.IGNORECASE)
MAX_SHOWN = 40


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


class KbList(NamedTuple):
    """KB numbers out of pasted text, in the order given and without repeats; ``invalid`` are the other pieces,
    with where each begins and ends."""

    kbs: tuple[str, ...]
    invalid: tuple[tuple[int, int, str], ...]

    @property
    def problem(self) -> str:
        """What is wrong with the text, naming every wrong piece; empty where nothing is."""
        if not self.invalid:
            return ""
        names = ", ".join(f"“{_short(piece)}”" for _, _, piece in self.invalid)
        is_one = len(self.invalid) == 1
        verb = "is not a KB number" if is_one else "are not KB numbers"
        return f"{names} {verb}. Write KB and six to eight digits, such as KB5031364."


def read_kbs(text: str) -> KbList:
    """Commas, semicolons, blanks and line ends separate; ``KB`` in front is optional."""
    found: dict[str, None] = {}
    invalid = []
    for piece in _PIECE.finditer(text):
        kb = normalise_kb(piece[0])
        if kb is None:
            invalid.append((piece.start(), piece.end(), piece[0]))
        else:
            found[kb] = None
    return KbList(tuple(found), tuple(invalid))


def parse_kbs(text: str) -> tuple[str, ...]:
    """As ``read_kbs``, for text that has to be right as a whole.

    Raises:
        KbTextError: a piece is not a KB number; the sentence names each.
    """
    found = read_kbs(text)
    if found.invalid:
        raise KbTextError(found.problem)
    return found.kbs


def _short(piece: str) -> str:
    return piece if len(piece) <= MAX_SHOWN else piece[:MAX_SHOWN] + "…"
