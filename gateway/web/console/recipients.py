"""Whom a release can name: which roles ask at each kind of agency, and what each would be told.

What a release opens is bounded by the agencies' agreement: a category that is ticked for an agency
reaches those of its roles whose column in the agreement has it, in the form that it says there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.web.console import roles
from gateway.web.console.asking import Client
from gateway.web.console.release_form import Draft, Recipient

ROLES_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "CM": ("CM", "SUP"),
    "PMA": ("PM",),
    "LE": ("LEO", "LEL"),
    "PROS": ("PRO",),
    "DEF": ("DEF",),
    "PROB": ("PRB",),
    "SUD": ("SVC",),
    "MH": ("SVC",),
    "HOUS": ("SVC",),
    "COMM": ("COM",),
}
"""Which roles to ask about at each kind of agency."""
_FIELD_OF: Final = {"SUD": "SUD", "MH": "MH", "HOUS": "HOUSING"}
_FORM_OF: Final = {"S": "SUMMARY", "P": "PUBLIC_RECORD"}
_WITHOUT_NAMES: Final = frozenset("NAD")


def asker(agency_type: str, role: str) -> dict[str, Any]:
    """Return who of an agency asks, beside the agency itself."""
    return {
        "role": role,
        "isLiaison": role == "PRO",
        "serviceField": _FIELD_OF.get(agency_type) if role == "SVC" else None,
    }


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody at a partner would be told if a draft were signed.

    Attributes:
        role: what they are called.
        told: category and form of each that the release would open.
        kept: what is ticked and stays closed to them all the same.
    """

    role: str
    told: tuple[tuple[str, str], ...]
    kept: tuple[str, ...]


def would_be_told(client: Client, draft: Draft) -> list[tuple[Recipient, list[Told]]]:
    """Return for every agency with something ticked what each of its roles would be told."""
    return [
        (each, [_of_role(client, each, role) for role in ROLES_OF.get(each.type, ())])
        for each in draft.ticked
    ]


def _of_role(client: Client, recipient: Recipient, role: str) -> Told:
    who = asker(recipient.type, role)
    column = client.agreement(role, is_liaison=who["isLiaison"], service_field=who["serviceField"])
    open_ = [
        each
        for each in recipient.categories
        if recipient.purposes and column.get(each, "N") not in _WITHOUT_NAMES
    ]
    return Told(
        roles.title(role),
        tuple((each, _FORM_OF.get(column[each], "RAW")) for each in open_),
        tuple(each for each in recipient.categories if each not in open_),
    )
