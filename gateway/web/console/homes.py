"""What the start page offers each role: one table; the catalogue says it in words.

A role's start page names pages that the role may open and nothing else; a test opens them all.
Roles with a start page of their own (care, training, an agency's administrator, the own record)
are not in here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gateway.web.console.roles import (
    ADMIN,
    ASSISTED,
    BUREAU,
    CARE,
    CONFERRING,
    PLATFORM,
    PRIVACY,
    PROSECUTING,
    SEATERS,
    STAFF,
    STATEWIDE,
    TRAINING,
)

AT_HOME: Final = STAFF - CARE - TRAINING - ADMIN
"""Roles whose start page is made from this table."""
UNTRAINED: Final = frozenset({"PM", "PCG", "CLT", "EVL", "LSB", "PLA"})
"""Roles that have no record of training: nobody assigns them to a session."""


@dataclass(frozen=True, slots=True)
class Card:
    """One thing to do.

    Attributes:
        key: of its words in the catalogue, ``homes.cards``.
        roles: that are offered it.
        figures: which figures stand with it, by their name in ``views.home_figures``.
    """

    key: str
    path: str
    roles: frozenset[str]
    figures: str = ""


CARDS: Final = (
    Card("duties", "/console/duties", PRIVACY, "duties"),
    Card("privacy", "/console/privacy", PRIVACY),
    Card("ledger", "/console/privacy/ledger", PRIVACY),
    Card("privacy_alerts", "/console/privacy/alerts", PRIVACY, "alerts"),
    Card("requests", "/console/requests", PLATFORM, "requests"),
    Card("reviews", "/console/reviews", PLATFORM, "reviews"),
    Card("alerts", "/console/alerts", PLATFORM, "alerts"),
    Card("agencies", "/console/agencies", PLATFORM, "agencies"),
    Card("new_agency", "/console/agencies/new", PLATFORM),
    Card("liaison", "/console/liaison", PROSECUTING, "liaison"),
    Card("conferences", "/console/conferences", CONFERRING & AT_HOME, "conferences"),
    Card("seats", "/console/seats", SEATERS, "seats"),
    Card("answering", "/console/assistance", BUREAU, "assistance"),
    Card("publish", "/console/library/publish", BUREAU),
    Card("assistance", "/console/assistance", (ASSISTED & AT_HOME) - BUREAU, "assistance"),
    Card("mine", "/console/training/mine", AT_HOME - UNTRAINED),
    Card("statewide", "/console/training/statewide", STATEWIDE & AT_HOME),
    Card("courses", "/console/training/courses", AT_HOME),
    Card("library", "/console/library", AT_HOME - BUREAU),
    Card("directory", "/console/agencies", AT_HOME - PLATFORM),
)


def cards(role: str, table: Iterable[Card] = CARDS) -> list[Card]:
    """Return what the start page of a role offers, in the order of the table."""
    return [card for card in table if role in card.roles]
