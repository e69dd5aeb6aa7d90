import pytest

from hotpatch_gui.domain.ledger import Cause, InstalledUpdate, reason
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.domain.releases import Product

WS25 = Product.WS2025


@pytest.mark.parametrize(
    ("kbs", "cause", "says"),
    [
        (["KB5099536"], Cause.PLANNED_BASELINE, "July 2026's planned baseline."),
        (["KB5122871"], Cause.UNPLANNED_BASELINE, "a hotpatch had been planned"),
        (
            ["KB5068861"],
            Cause.CUMULATIVE,
            "November 2025's cumulative update. The hotpatch KB5068966 needed no restart.",
        ),
        (["KB5070881"], Cause.OUT_OF_BAND, "no hotpatches from it until January 2026's baseline"),
        (["KB5070893"], Cause.OUT_OF_BAND, "for the hotpatch train"),
        (["KB0000001"], Cause.OTHER, "not a known release for hotpatching"),
        (["KB0000001", "KB5073379"], Cause.PLANNED_BASELINE, "January 2026's planned baseline"),
        ([], Cause.USER_REQUEST, "by a user"),
    ],
)
def test_the_reason_of_a_restart(
    calendar: Calendar, kbs: list[str], cause: Cause, says: str
) -> None:
    updates = [InstalledUpdate(kb, "") for kb in kbs]
    found = reason(calendar, WS25, updates, is_request=not kbs)
    assert found.cause is cause
    assert says in found.sentence
    assert found.kb in (kbs or [None])


def test_without_a_known_product_no_release_is_guessed(calendar: Calendar) -> None:
    assert reason(calendar, None, [InstalledUpdate("KB5099536", "")]).cause is Cause.OTHER
