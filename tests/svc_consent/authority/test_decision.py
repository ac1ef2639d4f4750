"""The decision rule on rows made by hand: what opens, what closes, when it changes, what is kept.

Each case says one sentence of the rule; mutation testing counts on them (``tests/proof/mutation``).
"""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from svc_consent.authority.decision import (
    DISCLOSURE,
    USE,
    Asker,
    Decider,
    Decision,
    Ground,
    Window,
    compiled,
    earliest,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
AGENCY, SITE, SUBJECT = "agency-1", "site-1", "somebody"
HERE = f"agency:{AGENCY}"
LIVE = Window(AGENCY, NOW - HOUR, None, SITE)


def asker(**changes: Any) -> Asker:
    given: dict[str, Any] = {
        "subject": SUBJECT,
        "agency_id": AGENCY,
        "role": "CM",
        "purpose": "COC",
        "access": {"HOUSING": "ao|r", "SUD": "r|b", "GOALS_PLAN": "rc"},
        "site_id": SITE,
    }
    return Asker(**{**given, **changes})


def row(basis: str, category: str | None = None, **changes: Any) -> Ground:
    given: dict[str, Any] = {
        "participant_id": "p",
        "holder": HERE,
        "basis": basis,
        "is_denial": False,
        "category": category,
        "purpose": None,
        "starts_at": NOW - HOUR,
        "ends_at": None,
        "source_id": None,
    }
    return Ground(**{**given, **changes})


def decide(
    *rows: Ground, windows: tuple[Window, ...] = (LIVE,), now: datetime = NOW, **who: Any
) -> Decision:
    return Decider(asker(**who), windows, now).decide(rows)


def test_holders_are_agency_agency_here_and_person() -> None:
    assert asker().holders[0] == HERE
    assert SITE in asker().holders[1]
    assert AGENCY in asker().holders[1]
    assert SUBJECT in asker().holders[2]
    assert len(set(asker().holders)) == 3


@pytest.mark.parametrize("index", [0, 1, 2])
def test_what_any_holder_has_counts(index: int) -> None:
    holder = asker().holders[index]
    assert decide(row("r", "HOUSING", holder=holder)).categories == ["HOUSING"]


def test_what_somebody_else_holds_does_not_count() -> None:
    assert decide(row("r", "HOUSING", holder="agency:agency-2")).categories == []
    assert decide(row("r", "HOUSING", holder="any")).categories == []


def test_a_release_opens_its_category_alone_and_is_a_disclosure() -> None:
    decision = decide(row("r", "HOUSING", source_id="v1"))
    assert decision.categories == ["HOUSING"]
    assert decision.kinds == {"HOUSING": DISCLOSURE}
    assert decision.kind == DISCLOSURE
    assert decision.sources == {"HOUSING": ["v1"]}
    assert decision.valid_until is None


def test_all_bases_of_an_alternative_must_be_held() -> None:
    assert decide(row("a")).categories == []
    assert decide(row("o")).categories == []
    decision = decide(row("a"), row("o"))
    assert decision.categories == ["HOUSING"]
    assert decision.kinds == {"HOUSING": USE}
    assert decision.kind == USE
    assert decision.sources == {}
    assert decide(row("r", "GOALS_PLAN")).categories == []
    assert decide(row("r", "GOALS_PLAN"), row("c")).categories == ["GOALS_PLAN"]


def test_a_row_without_a_category_is_about_all_of_them() -> None:
    decision = decide(row("r", None, source_id="v2"), row("r", "HOUSING", source_id="v1"))
    assert decision.categories == ["HOUSING", "SUD"]
    assert decision.sources == {"HOUSING": ["v1", "v2"], "SUD": ["v2"]}


def test_own_use_beside_a_release_is_use_and_names_no_source() -> None:
    for access in ("ao|r", "r|ao"):
        decision = decide(
            row("a"), row("o"), row("r", "HOUSING", source_id="v1"), access={"HOUSING": access}
        )
        assert decision.kinds == {"HOUSING": USE}
        assert decision.sources == {}


def test_a_ground_without_a_source_names_none() -> None:
    """Screening discloses and rests on no version; a release beside it is not named for it."""
    rows = (row("g"), row("r", "HOUSING", source_id="v1"))
    assert decide(*rows, access={"HOUSING": "g"}).sources == {}
    assert decide(*rows, access={"HOUSING": "g"}).kinds == {"HOUSING": DISCLOSURE}
    for access in ("g|r", "r|g"):
        assert decide(*rows, access={"HOUSING": access}).sources == {"HOUSING": ["v1"]}


def test_the_kind_of_a_decision_is_disclosure_if_any_category_is() -> None:
    decision = decide(row("a"), row("o"), row("r", "SUD"))
    assert decision.kinds == {"HOUSING": USE, "SUD": DISCLOSURE}
    assert decision.kind == DISCLOSURE
    assert decide().kind == USE


@pytest.mark.parametrize(
    "who",
    [
        {"purpose": None},
        {"access": {"HOUSING": ""}},
        {"access": {}},
        {"access": {"CATALOGUE": "r"}},
        {"access": {"NOBODY_KNOWS": "r"}},
    ],
)
def test_no_purpose_no_expression_no_category_no_answer(who: dict[str, Any]) -> None:
    assert decide(row("r", "HOUSING"), row("r", "CATALOGUE"), row("r"), **who).categories == []


def test_a_row_for_one_purpose_counts_for_it_alone() -> None:
    assert decide(row("r", "HOUSING", purpose="COC")).categories == ["HOUSING"]
    assert decide(row("r", "HOUSING", purpose="TREAT")).categories == []


def test_a_denial_of_a_form_wins_but_for_saving_a_life() -> None:
    denial = row("r", "SUD", is_denial=True)
    assert decide(row("r", "SUD"), denial).categories == []
    assert decide(denial, row("r", "SUD")).categories == []
    emergency = decide(row("b", "SUD", source_id="e1"), row("r", "SUD", source_id="v1"), denial)
    assert emergency.categories == ["SUD"]
    assert emergency.kinds == {"SUD": DISCLOSURE}
    assert decide(row("r", "HOUSING"), denial).categories == ["HOUSING"]
    everything = row("r", None, is_denial=True)
    assert decide(row("r", "HOUSING"), everything).categories == []
    assert decide(row("b", "SUD"), everything).categories == ["SUD"]


def test_a_version_that_denies_is_no_source_of_what_is_shown() -> None:
    """The accounting of an emergency names the access, not the form that said no."""
    denial = row("r", "SUD", is_denial=True, source_id="v9")
    assert decide(row("b", "SUD", source_id="e1"), denial).sources == {"SUD": ["e1"]}
    assert decide(denial, row("b", "SUD", source_id="e1")).sources == {"SUD": ["e1"]}


def test_a_freeze_closes_even_for_saving_a_life() -> None:
    for basis in ("g", "o"):
        freeze = row(basis, "SUD", is_denial=True)
        assert decide(row("b", "SUD"), freeze, row("r", "HOUSING")).categories == ["HOUSING"]
        assert decide(row("b", "SUD"), row(basis, None, is_denial=True)).categories == []


def test_a_denial_for_anybody_counts_and_one_for_others_does_not() -> None:
    assert decide(row("r", "SUD"), row("r", "SUD", is_denial=True, holder="any")).categories == []
    others = row("r", "SUD", is_denial=True, holder="agency:agency-2")
    assert decide(row("r", "SUD"), others).categories == ["SUD"]
    for_treatment = row("r", "SUD", is_denial=True, purpose="TREAT")
    assert decide(row("r", "SUD"), for_treatment).categories == ["SUD"]


def test_an_end_does_not_belong_to_its_period_and_a_start_does() -> None:
    assert decide(row("r", "HOUSING", ends_at=NOW)).categories == []
    assert decide(row("r", "HOUSING", ends_at=NOW)).valid_until is None
    assert decide(row("r", "HOUSING", ends_at=NOW + HOUR)).categories == ["HOUSING"]
    assert decide(row("r", "HOUSING", starts_at=NOW)).categories == ["HOUSING"]
    assert decide(row("r", "HOUSING", starts_at=NOW + HOUR)).categories == []
    assert decide(row("r", "SUD"), row("r", "SUD", is_denial=True, ends_at=NOW)).categories == [
        "SUD"
    ]
    ahead = row("r", "SUD", is_denial=True, starts_at=NOW + HOUR)
    assert decide(row("r", "SUD"), ahead).categories == ["SUD"]


def test_valid_until_is_the_first_moment_at_which_time_changes_anything() -> None:
    assert decide(row("r", "HOUSING", ends_at=NOW + HOUR)).valid_until == NOW + HOUR
    assert decide(row("r", "HOUSING", starts_at=NOW + HOUR)).valid_until == NOW + HOUR
    assert (
        decide(
            row("r", "HOUSING", starts_at=NOW + HOUR, ends_at=NOW + 3 * HOUR),
            row("r", "SUD", ends_at=NOW + 2 * HOUR),
        ).valid_until
        == NOW + HOUR
    )
    assert (
        decide(
            row("r", "SUD", ends_at=NOW + HOUR), row("r", "SUD", ends_at=NOW + 2 * HOUR)
        ).valid_until
        == NOW + HOUR
    )
    assert (
        decide(
            row("r", "SUD", ends_at=NOW + 2 * HOUR), row("r", "SUD", ends_at=NOW + HOUR)
        ).valid_until
        == NOW + HOUR
    )
    # A row of somebody else, or of another purpose, changes nothing.
    assert decide(row("r", "HOUSING", ends_at=NOW + HOUR, holder="x")).valid_until is None
    assert decide(row("r", "HOUSING", ends_at=NOW + HOUR, purpose="TREAT")).valid_until is None
    # Starts now: only its end lies ahead.
    both = row("r", "HOUSING", starts_at=NOW, ends_at=NOW + HOUR)
    assert decide(both).valid_until == NOW + HOUR


def test_a_row_that_has_ended_is_passed_over_and_the_next_is_read() -> None:
    assert decide(row("r", "SUD", ends_at=NOW), row("r", "HOUSING")).categories == ["HOUSING"]
    assert decide(row("r", "SUD", holder="x"), row("r", "HOUSING")).categories == ["HOUSING"]
    ahead = row("r", "SUD", starts_at=NOW + HOUR)
    assert decide(ahead, row("r", "HOUSING")).categories == ["HOUSING"]
    denial = row("r", "SUD", is_denial=True)
    assert decide(denial, row("r", "HOUSING")).categories == ["HOUSING"]
    closed = row("g", "HOUSING", is_denial=True)
    assert decide(closed, row("r", "SUD")).categories == ["SUD"]


@pytest.mark.parametrize(
    ("window", "is_open", "until"),
    [
        (LIVE, True, None),
        (LIVE._replace(ends_at=NOW + HOUR), True, NOW + HOUR),
        (LIVE._replace(ends_at=NOW), False, None),
        (LIVE._replace(starts_at=NOW), True, None),
        (LIVE._replace(starts_at=NOW + HOUR), False, NOW + HOUR),
        (LIVE._replace(agency_id="agency-2", ends_at=NOW + HOUR), False, None),
        (LIVE._replace(site_id="site-2", ends_at=NOW + HOUR), False, None),
    ],
)
def test_an_agency_sees_while_its_agreement_is_live(
    window: Window, is_open: bool, until: datetime | None
) -> None:
    decision = decide(row("r", "HOUSING"), windows=(window,))
    assert bool(decision.categories) is is_open
    assert decision.valid_until == until


def test_any_of_several_agreements_will_do() -> None:
    over = LIVE._replace(ends_at=NOW)
    assert decide(row("r", "HOUSING"), windows=(over, LIVE)).categories == ["HOUSING"]
    assert decide(row("r", "HOUSING"), windows=()).categories == []


@pytest.mark.parametrize("role", ["PAR", "REP"])
def test_the_person_and_who_speaks_for_them_need_no_agency(role: str) -> None:
    own = row("s", None, holder=asker().holders[2])
    decision = decide(own, windows=(), role=role, access={"HOUSING": "s"})
    assert decision.categories == ["HOUSING"]
    assert decision.kinds == {"HOUSING": USE}


def test_expressions_are_taken_apart_into_alternatives() -> None:
    assigned, released, saved, whoever = (
        compiled("ao")[0], compiled("r")[0], compiled("b")[0], compiled("*")[0],
    )  # fmt: skip
    assert assigned.bases == compiled("a")[0].bases | compiled("o")[0].bases
    assert assigned.bases.bit_count() == 2
    assert released.bases.bit_count() == 1
    assert released.bases & assigned.bases == 0
    assert (assigned.is_use, assigned.has_source) == (True, False)
    assert (released.is_use, released.has_source) == (False, True)
    assert (saved.is_emergency, saved.has_source, saved.is_use) == (True, True, False)
    assert (released.is_emergency, assigned.is_emergency) == (False, False)
    assert whoever.bases == 0
    assert whoever.is_use is False
    assert compiled("") == ()
    assert len(compiled("ao|r")) == 2
    assert compiled("aos")[0].is_use is True
    assert compiled("or")[0].is_use is False


def test_the_earliest_moment_lies_ahead() -> None:
    assert earliest([None, NOW, NOW + 2 * HOUR, NOW + HOUR], NOW) == NOW + HOUR
    assert earliest([None, NOW - HOUR, NOW], NOW) is None


@pytest.mark.parametrize("sources", [["z", "b"], ["z", "b", "a", "b"]])
def test_each_release_that_a_category_rests_on_is_named_once_in_order(sources: list[str]) -> None:
    decision = decide(*(row("r", "SUD", source_id=each) for each in sources))
    assert decision.sources == {"SUD": sorted(set(sources))}


def test_a_ground_of_a_kind_that_nobody_knows_opens_nothing() -> None:
    assert decide(row("?")).categories == []


@pytest.mark.parametrize("moments", [(1, 2), (2, 1)])
@pytest.mark.parametrize("name", ["starts_at", "ends_at"])
def test_the_first_of_the_moments_ahead_counts(name: str, moments: tuple[int, int]) -> None:
    changes: list[dict[str, Any]] = [{name: NOW + each * HOUR} for each in moments]
    found = decide(*(row("a", **each) for each in changes))
    assert found.valid_until == NOW + HOUR


def test_dates_that_records_are_chosen_by_count_for_who_holds_them_for_this_purpose() -> None:
    decider = Decider(asker(), (LIVE,), NOW)
    assert decider.is_limited([row("r")]) is False
    for purpose in (None, "COC"):
        limited = row("r", purpose=purpose, is_limited=True)
        assert decider.is_limited([row("r"), limited]) is True
    assert decider.is_limited([row("r", purpose="TREAT", is_limited=True)]) is False
    assert decider.is_limited([row("r", holder="agency:other", is_limited=True)]) is False


def many_at_once(decider: Decider) -> None:
    """Everybody of one answer is decided as if they were asked about alone."""
    dice = random.Random(3)
    bases = ("a", "o", "r", "b", "c", "s")
    alone = decided = 0
    for _ in range(400):
        rows = [
            row(
                dice.choice(bases), dice.choice([None, "HOUSING", "SUD", "GOALS_PLAN"]),
                is_denial=dice.random() < 0.1, source_id=dice.choice([None, "v1", "v2"]),
                ends_at=dice.choice([None, NOW + HOUR, NOW + 2 * HOUR]),
            )
            for _ in range(dice.randrange(5))
        ]  # fmt: skip
        expected, found = decide(*rows), decider.decide(rows)
        assert found == expected, rows
        found.categories.append("X")  # what one person's decision becomes is nobody else's
        found.kinds["X"] = USE
        alone += "HOUSING" in expected.categories
        decided += 1
    assert 0 < alone < decided


def test_what_was_decided_about_others_changes_no_decision() -> None:
    many_at_once(Decider(asker(), (LIVE,), NOW))


def test_planted_decision_kept_by_category_alone_is_caught() -> None:
    class Planted(Decider):
        def _open(self, held: Any) -> Any:
            kept = self.__dict__.setdefault("kept", {})
            return kept.setdefault(frozenset(held.bases), super()._open(held))

    with pytest.raises(AssertionError):
        many_at_once(Planted(asker(), (LIVE,), NOW))


def test_planted_decision_that_two_people_share_is_caught() -> None:
    class Planted(Decider):
        def decide(self, grounds: Any) -> Decision:
            rows = tuple(grounds)
            kept = self.__dict__.setdefault("kept", {})
            decision: Decision = kept.setdefault(rows, super().decide(rows))
            return decision

    with pytest.raises(AssertionError):
        many_at_once(Planted(asker(), (LIVE,), NOW))
