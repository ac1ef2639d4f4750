"""Releases as sets: union of permits minus union of denials; narrowing and merging never widen."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.authority.facts import VisibilityFact
from infra.vocabulary import Category, Purpose
from svc_consent.authority.decision import Asker, Decider, Ground, Window
from svc_consent.releases import narrowing
from svc_consent.releases.narrowing import Cell, Removal, cells, without
from svc_consent.releases.rules import Terms, grounds

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SPACE = UUID(int=7)
AGENCIES = tuple(uuid5(SPACE, str(number)) for number in range(3))
CATEGORIES = (Category.IDENTITY, Category.SUD, Category.HOUSING, Category.GOALS_PLAN)
PURPOSES = (Purpose.LEAD_COORD, Purpose.COC, Purpose.TREAT)
SITE = str(uuid5(SPACE, "site"))


@dataclass(frozen=True, slots=True)
class Version:
    """A version in force: its terms, and its end."""

    terms: tuple[Terms, ...]
    ends_at: datetime | None


def _terms(number: int, agency: UUID, cs: set[Category], ps: set[Purpose], deny: bool) -> Terms:
    ident = uuid5(SPACE, f"terms {number}")
    return Terms(ident, agency, tuple(sorted(cs)), tuple(sorted(ps)), is_denial=deny)


TERMS = st.builds(
    _terms,
    st.integers(0, 10**9),
    st.sampled_from(AGENCIES),
    st.sets(st.sampled_from(CATEGORIES), min_size=1),
    st.sets(st.sampled_from(PURPOSES), min_size=1),
    st.booleans(),
)
ENDS = st.sampled_from([None, NOW - timedelta(seconds=1), NOW, NOW + timedelta(days=1)])
VERSIONS = st.lists(st.builds(Version, st.lists(TERMS, max_size=4).map(tuple), ENDS), max_size=4)
REMOVALS = st.builds(
    Removal,
    st.frozensets(st.sampled_from(AGENCIES)),
    st.frozensets(st.sampled_from(CATEGORIES)),
    st.frozensets(st.sampled_from(PURPOSES)),
)


def rows(participant: UUID, versions: Iterable[Version]) -> list[VisibilityFact]:
    return [
        row
        for number, version in enumerate(versions)
        for row in grounds(
            uuid5(SPACE, f"release {number}"), participant, NOW - timedelta(days=1),
            version.ends_at, version.terms, UUID(SITE),
        )
    ]  # fmt: skip


def permitted(facts: Iterable[VisibilityFact], participant: UUID) -> set[Cell]:
    """What the product's decision permits about a participant."""
    found: set[Cell] = set()
    given_rows = [
        Ground(
            str(row.participant_id), row.holder, row.basis.value, row.is_denial, row.category,
            row.purpose, row.starts_at, row.ends_at, None,
        )
        for row in facts
        if row.participant_id == participant
    ]  # fmt: skip
    for agency in AGENCIES:
        for purpose in PURPOSES:
            access = {category.value: "r" for category in CATEGORIES}
            asker = Asker("somebody", str(agency), "SVC", purpose.value, access, SITE)
            window = Window(str(agency), NOW - timedelta(days=9), None, SITE)
            decision = Decider(asker, [window], NOW).decide(given_rows)
            found |= {(agency, Category(code), purpose) for code in decision.categories}
    return found


def expected(versions: Iterable[Version]) -> set[Cell]:
    """Union of permits minus union of denials, over what has not ended."""
    live = [each for each in versions if each.ends_at is None or each.ends_at > NOW]
    permits: set[Cell] = set()
    denials: set[Cell] = set()
    for version in live:
        permits |= cells(each for each in version.terms if not each.is_denial)
        denials |= cells(each for each in version.terms if each.is_denial)
    return permits - denials


@given(VERSIONS)
def test_releases_side_by_side_are_union_of_permits_minus_denials(versions: list[Version]) -> None:
    participant = uuid4()
    assert permitted(rows(participant, versions), participant) == expected(versions)


@given(VERSIONS, st.integers(0, 3))
def test_taking_a_version_away_or_adding_a_denial_never_widens(
    versions: list[Version], number: int
) -> None:
    participant = uuid4()
    before = permitted(rows(participant, versions), participant)
    permits_only = [
        Version(tuple(t for t in each.terms if not t.is_denial), each.ends_at) for each in versions
    ]
    fewer = [each for index, each in enumerate(permits_only) if index != number]
    assert expected(fewer) <= expected(permits_only)
    denial = Terms(uuid4(), AGENCIES[0], CATEGORIES, PURPOSES, is_denial=True)
    after = permitted(rows(participant, [*versions, Version((denial,), None)]), participant)
    assert after == {cell for cell in before if cell[0] != AGENCIES[0]}


@given(st.lists(TERMS, max_size=5), REMOVALS)
def test_what_remains_is_exactly_the_old_without_what_was_named(
    terms: list[Terms], removal: Removal
) -> None:
    after = without(terms, removal)
    permits = cells(each for each in terms if not each.is_denial)
    gone = {
        cell
        for cell in permits
        if (not removal.recipients or cell[0] in removal.recipients)
        and (not removal.categories or cell[1] in removal.categories)
        and (not removal.purposes or cell[2] in removal.purposes)
    }
    assert cells(each for each in after if not each.is_denial) == permits - gone
    assert cells(each for each in after if each.is_denial) == cells(
        each for each in terms if each.is_denial
    )
    assert len({each.id for each in after}) == len(after)
    assert not {each.id for each in after} & {each.id for each in terms}


@given(VERSIONS, VERSIONS)
def test_merged_people_keep_their_own_releases(left: list[Version], right: list[Version]) -> None:
    """A release speaks for the record that it was signed for; a merge moves none (rule D54)."""
    one, other = uuid4(), uuid4()
    renamed = [
        Version(tuple(replace(t, id=uuid5(t.id, "other")) for t in each.terms), each.ends_at)
        for each in right
    ]
    together = [*rows(one, left), *rows(other, renamed)]
    assert permitted(together, one) == expected(left)
    assert permitted(together, other) == expected(right)


def test_planted_bug_that_keeps_a_category_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    real = narrowing._parts
    monkeypatch.setattr(narrowing, "_parts", lambda terms, removal: [*real(terms, removal), terms])
    with pytest.raises(AssertionError):
        test_what_remains_is_exactly_the_old_without_what_was_named()


def test_planted_bug_that_lets_a_permit_win_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Decider.decide

    def deaf(self: Decider, given_rows: Iterable[Ground]) -> object:
        return real(self, [row for row in given_rows if not row.is_denial])

    monkeypatch.setattr(Decider, "decide", deaf)
    with pytest.raises(AssertionError):
        test_releases_side_by_side_are_union_of_permits_minus_denials()
