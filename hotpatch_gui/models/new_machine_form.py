"""The form of a new machine: what it offers, and what it says about the choices."""

from __future__ import annotations

from hotpatch_gui.domain.machines import Image
from hotpatch_gui.domain.new_machine import IMAGES, Fault, NewMachine, why_correct
from hotpatch_gui.domain.platforms import PREVIEW_IMAGE, Option, installation_option
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.translation import translator

from .coverage import CoverageRow

tr = translator("NewMachineForm")

USUAL_SIZE = "Standard_D2s_v5"
MAX_STEM = 12
"""Characters of a replaced machine's name that its replacement keeps."""


def image_label(image: Image) -> str:
    """The image as ``Windows Server 2025, Desktop, small disk``; all of them are Datacenter: Azure Edition."""
    sku = (image.sku or "").casefold()
    option = installation_option(image)
    small = tr(", small disk") if "smalldisk" in sku else ""
    preview = tr(", preview") if image == PREVIEW_IMAGE else ""
    return tr(
        "Windows Server {year}, {option}{more}",
        year="2022" if sku.startswith("2022") else "2025",
        option=tr("Server Core") if option is Option.CORE else tr("Desktop"),
        more=f"{small}{preview}",
    )


def summary_of(machine: NewMachine) -> str:
    """The resources that would be created, and a note that they cost money."""
    place = (
        tr("{region}, zone {zone}", region=machine.location, zone=machine.zone)
        if machine.zone
        else machine.location
    )
    return tr(
        "{image}; {size}; {place}. Azure bills the machine from its creation.",
        image=image_label(machine.image),
        size=machine.size,
        place=place,
    )


def points(machine: NewMachine, found: list[Fault]) -> list[tuple[Glyph, str, str, str]]:
    """The rules that the machine breaks, or else the reasons why it is correct: glyph, its meaning, title and text."""
    if found:
        return [
            (Glyph.ERROR, tr("Azure would reject it"), _title(f.field), f.sentence) for f in found
        ]
    reasons = [(Glyph.OK, tr("Correct"), title, text) for title, text in why_correct(machine)]
    if not machine.hotpatch:
        text = tr("Hotpatch is off: every month's cumulative update restarts the machine.")
        reasons.append((Glyph.WARNING, tr("Note"), tr("Hotpatch"), text))
    unknown = tr(
        "Only Azure knows whether the region offers this size, zone and image, and whether the "
        "size supports generation 2."
    )
    return [*reasons, (Glyph.UNKNOWN, tr("Not known"), tr("Region and size"), unknown)]


def _title(name: str) -> str:
    return {
        "name": tr("Name"),
        "resource_group": tr("Resource group"),
        "location": tr("Region"),
        "size": tr("Size"),
        "zone": tr("Availability zone"),
        "security": tr("Security type"),
        "hotpatch": tr("Hotpatch"),
        "restart": tr("Restart"),
        "time_zone": tr("Time zone"),
        "subnet": tr("Subnet"),
        "admin": tr("Administrator"),
    }[name]


def replacement(row: CoverageRow) -> NewMachine | None:
    """A new machine to replace one whose image doesn't support hotpatch; None for others."""
    image = next((i for i in IMAGES if i.sku == row.path.target), None)
    if image is None:
        return None
    return NewMachine(
        f"{row.name[:MAX_STEM].rstrip('-')}-hp",
        row.resource_group,
        row.location,
        USUAL_SIZE,
        "",
        image,
        row.zone or "",
        time_zone=row.time_zone or "UTC",
    )
