"""What an indicator is: a population, its outcomes, how it can be split. Pure.

An indicator puts each person of its population into exactly one outcome, so that a table of it
counts people. Source: the minimum indicator set of the design, RCW 71.24.909 (splits that the
state's studies must report), LEAD toolkit (equity of every measure).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Split(StrEnum):
    """By what a table is split."""

    NONE = "NONE"
    DOOR = "DOOR"
    AGENCY = "AGENCY"
    PLACE = "PLACE"
    RACE = "RACE"
    GENDER = "GENDER"
    SEX = "SEX"
    AGE = "AGE"
    DISABILITY = "DISABILITY"
    FUNDING_SOURCE = "FUNDING_SOURCE"
    PROGRAM = "PROGRAM"
    OFFENCE = "OFFENCE"


SPLIT_MEANINGS = {
    Split.NONE: "Everybody together.",
    Split.DOOR: "How somebody came to LEAD.",
    Split.AGENCY: "By agency: who referred, or whose people they are.",
    Split.PLACE: "Where the referral happened: a district of the site's list.",
    Split.RACE: "Race and ethnicity as the person said; several are one group of their own.",
    Split.GENDER: "Gender identity as the person said.",
    Split.SEX: "Sex as HUD's list has it.",
    Split.AGE: "Age on the first day of the population's event, in bands.",
    Split.DISABILITY: "Whether the person said that they have a disabling condition.",
    Split.FUNDING_SOURCE: "Who pays for the place.",
    Split.PROGRAM: "Programme of the site.",
    Split.OFFENCE: "Offence that it began with (NIBRS, for statistics only).",
}

ABOUT_PERSONS = frozenset({Split.RACE, Split.GENDER, Split.SEX, Split.AGE, Split.DISABILITY})
"""Splits that need the demographics in aggregate besides."""


class Family(StrEnum):
    """What an indicator is about."""

    REACH = "REACH"
    SPEED = "SPEED"
    ENGAGEMENT = "ENGAGEMENT"
    CONSENT = "CONSENT"
    WELL_BEING = "WELL_BEING"
    LEGAL = "LEGAL"
    SYSTEM = "SYSTEM"
    TRAINING = "TRAINING"


FAMILY_MEANINGS = {
    Family.REACH: "Who is referred, taken up and declined, and what would have happened instead.",
    Family.SPEED: "How long people wait.",
    Family.ENGAGEMENT: "Who stays in touch, and comes back.",
    Family.CONSENT: "Releases: signed, in part, taken back.",
    Family.WELL_BEING: "Housing, income and health of participants.",
    Family.LEGAL: "Cases before and after the first referral, and what became of them.",
    Family.SYSTEM: "How the partners work together.",
    Family.TRAINING: "Who has had the training.",
}


class Grain(StrEnum):
    """How long the periods of a population are. Each population has one grain, never two."""

    QUARTER = "QUARTER"
    YEAR = "YEAR"


@dataclass(frozen=True, slots=True)
class Population:
    """Who is counted, once each. Indicators of the same people share one population.

    Attributes:
        key: stable name.
        title: who they are, in words.
        settling_months: how long after a period is over its outcomes are waited for, beside the
            30 days for late entries.
        splits: by what its tables can be split, beside not at all.
    """

    key: str
    title: str
    grain: Grain
    splits: tuple[Split, ...]
    settling_months: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome; ``is_favourable`` for the person, where that can be said."""

    code: str
    title: str
    is_favourable: bool = False


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator: puts everybody of its population into exactly one outcome.

    No outcome may be what outcomes of another indicator of the same people add up to: where one
    is hidden, the other would give it back. Such distinctions belong into one indicator.

    Attributes:
        key: stable name.
        definition: what puts a person into an outcome.
    """

    key: str
    family: Family
    title: str
    population: Population
    definition: str
    outcomes: tuple[Outcome, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the codes of the outcomes, in order."""
        return tuple(each.code for each in self.outcomes)


@dataclass(frozen=True, slots=True)
class Observation:
    """One person of a population.

    Attributes:
        outcomes: the person's outcome by indicator, one for each of the population.
        categories: the person's category by split.
    """

    outcomes: Mapping[str, str]
    categories: Mapping[Split, str]


Categories = Mapping[Split, Sequence[str]]
"""All categories of each split, whether anybody is in them or not."""
