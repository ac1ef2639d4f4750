"""Platforms that harm somebody in a meeting, or leave no trace of who asked: each one small patch.

Each is for a few steps of a scenario, so that what stands between the given and the harm is all
that runs; ``test_scenarios`` plays them, and each must fail where it is said here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import ColumnElement, true

from gateway.release.call import GateCalls
from gateway.release.decisions import ConsentGuard
from infra.identity_token import Caller
from infra.vocabulary import AgencyType, Role
from svc_cases.conferences import repository as conferences
from svc_consent.agencies import rules as agency_rules
from svc_consent.disclosures.rules import Judgement, Outcome, judge
from svc_consent.releases import rules as release_rules
from svc_consent.releases.rules import ReleaseStatus
from svc_participants.people import repository as people
from svc_training.clearances.rules import changes
from tests.scenarios.stage import FOLDER, Scenario, read

Plant = Callable[[pytest.MonkeyPatch], None]


def _opens_the_fence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ConsentGuard, "mask", lambda *_: -1)


def says_that_somebody_is_there(patch: pytest.MonkeyPatch) -> None:
    """A record is told apart from none, though nothing in it is told."""
    _opens_the_fence(patch)
    patch.setattr(people, "present", lambda *_: true())


def leaves_no_attempt(patch: pytest.MonkeyPatch) -> None:
    """Who asks in vain leaves no trace."""
    real = GateCalls.release

    def forgetful(self: GateCalls, *given: Any) -> dict[str, Any]:
        return {**real(self, *given), "denied": []}

    patch.setattr(GateCalls, "release", forgetful)


def records_an_answer_for_an_attempt(patch: pytest.MonkeyPatch) -> None:
    """The ledger says that somebody was told what they were not."""

    def careless(*given: Any) -> Judgement:
        judged = judge(*given)
        told = [
            replace(part, outcome=Outcome.RELEASED) if part.outcome is Outcome.ATTEMPT else part
            for part in judged.parts
        ]
        return replace(judged, parts=tuple(told))

    patch.setattr("svc_consent.disclosures.commands.judge", careless)


def says_that_every_release_stands(patch: pytest.MonkeyPatch) -> None:
    """A review takes what was taken back for what is in force."""
    patch.setattr(release_rules, "status_at", lambda *_: ReleaseStatus.ACTIVE)


@dataclass(frozen=True, slots=True)
class ShowsTheAgendaTo:
    """Items are on the screens of one role, whatever any release, invitation or pledge says."""

    role: Role

    @property
    def __name__(self) -> str:
        return f"shows_the_agenda_to_{self.role}"

    def __call__(self, patch: pytest.MonkeyPatch) -> None:
        _opens_the_fence(patch)
        for name in ("item_visible", "_is_invited"):
            patch.setattr(conferences, name, self._for_the_others(getattr(conferences, name)))

    def _for_the_others(self, real: Any) -> Callable[..., ColumnElement[bool]]:
        def visible(caller: Caller, *given: Any, **named: Any) -> ColumnElement[bool]:
            shown: ColumnElement[bool] = (
                true() if caller.role is self.role else real(caller, *given, **named)
            )
            return shown

        return visible


def counts_every_item(patch: pytest.MonkeyPatch) -> None:
    """How many are talked about shows to whom none of them shows."""
    real = conferences.agenda_page

    async def counting(session: Any, caller: Any, meeting_id: Any, *page: Any) -> Any:
        found = await real(session, caller, meeting_id, *page)
        items = await conferences.items_of_meeting(session, meeting_id)
        return replace(found, total=len(items))

    patch.setattr(conferences, "agenda_page", counting)


def lets_everybody_stay(patch: pytest.MonkeyPatch) -> None:
    """The chair is told of nobody who must leave the room."""

    async def nobody(*_: Any) -> dict[Any, list[str]]:
        return {}

    patch.setattr(conferences, "must_step_out", nobody)


def asks_for_no_training(patch: pytest.MonkeyPatch) -> None:
    """The site's wish is written down and does nothing."""
    patch.setattr(agency_rules, "withheld", lambda *_: [])


def lets_what_was_opened_stay_open(patch: pytest.MonkeyPatch) -> None:
    """A result that is corrected takes nothing away."""
    patch.setattr(
        "svc_training.clearances.repository.changes",
        lambda before, after: changes({}, {**before, **after}),
    )


def lets_no_prosecutor_train_others(patch: pytest.MonkeyPatch) -> None:
    """Only police, providers of case management and trainers have a training manager."""
    ceiling = agency_rules.CEILING
    patch.setitem(ceiling, AgencyType.PROS, ceiling[AgencyType.PROS] - {Role.TRM})


@dataclass(frozen=True, slots=True)
class Planted:
    """One of them, and the steps that it is played on.

    Attributes:
        name: of the scenario's file.
        steps: which of its steps are played, by number from 1.
        seen: what the failure tells.
        participant: whom it is about instead.
        changed: other values of words in these steps.
        after: which of its steps put back, in the sound platform, what the others have changed.
    """

    name: str
    plant: Plant
    steps: Sequence[int]
    seen: str
    participant: str = ""
    changed: Mapping[str, Any] = field(default_factory=dict)
    after: Sequence[int] = ()

    def __str__(self) -> str:
        """Return how the test is called."""
        return f"{self.name[:2]}-{getattr(self.plant, '__name__', '')}"

    def scenario(self, steps: Sequence[int]) -> Scenario:
        """Return the scenario with these steps alone."""
        whole = read(FOLDER / f"{self.name}.toml")
        chosen = tuple(self._step(whole.steps[number - 1]) for number in steps)
        return replace(whole, participant=self.participant or whole.participant, steps=chosen)

    def _step(self, step: Mapping[str, Any]) -> Mapping[str, Any]:
        return {word: self.changed.get(f"{word} {value}", value) for word, value in step.items()}


_LOOKS, _TELLS = 1, 8


def _in_vain(plant: Plant, seen: str, participant: str, reason: str) -> Planted:
    """Return a plant for one look in vain, and the review of it."""
    name = "03_is_he_in_lead"
    expected = read(FOLDER / f"{name}.toml").steps[_TELLS - 1]["reasons"]
    # Beyond so many an hour attempts are counted and not named; the officer has made them.
    who = {"who officer": "le_supervisor"}
    changed = {f"reasons {expected}": {participant: [reason]}, **who}
    return Planted(name, plant, (_LOOKS, _TELLS), seen, participant, changed)


_MEETING, _OUT = "31_revoked_during_a_meeting", "32_who_must_step_out"
_TRAINED = "33_trained_before_the_meeting"
PLANTED = [
    _in_vain(says_that_somebody_is_there, "'same_as_absent'", "roi_none", "NOTHING_SIGNED"),
    _in_vain(leaves_no_attempt, "no attempt about p013", "p013", "NOTHING_SIGNED"),
    _in_vain(records_an_answer_for_an_attempt, "'RELEASED'", "roi_none", "NOTHING_SIGNED"),
    _in_vain(says_that_every_release_stands, "['ACTIVE']", "roi_revoked", "REVOKED"),
    Planted(
        _MEETING, ShowsTheAgendaTo(Role.LEL), (1, 2, 3, 6, 7), "'who': 'le_supervisor', 'sees': []"
    ),
    Planted(
        _MEETING, ShowsTheAgendaTo(Role.PRO), (1, 2, 3, 6, 8), "'who': 'prosecutor', 'sees': []"
    ),
    Planted(
        _MEETING, ShowsTheAgendaTo(Role.PM), (1, 2, 3, 6, 9), "'who': 'project_manager', 'sees': []"
    ),
    Planted(_MEETING, counts_every_item, (1, 2, 3, 6, 7), "'totalCount': 1"),
    Planted(_OUT, lets_everybody_stay, (1, 2, 3, 4), "'ask who steps out'"),
    Planted(_OUT, ShowsTheAgendaTo(Role.PRO), (1, 2, 3, 5), "'who': 'prosecutor', 'sees': []"),
    Planted(_OUT, ShowsTheAgendaTo(Role.LEO), (1, 2, 3, 6), "'who': 'officer', 'sees': []"),
    Planted(_TRAINED, asks_for_no_training, (1, 2, 3, 5, 6), "counted as empty", after=(13,)),
    Planted(_TRAINED, asks_for_no_training, (1, 2, 3, 5, 7, 8), "An assignment", after=(13,)),
    Planted(
        _TRAINED, lets_what_was_opened_stay_open, (1, 2, 3, 5, 7, 9, 10, 11, 12),
        "although the same token is good", after=(9, 11, 13),
    ),
    Planted(_TRAINED, lets_no_prosecutor_train_others, (20,), "ROLE_NOT_ALLOWED"),
]  # fmt: skip
