"""What remains of a provision when part of it is taken back, and under which ids; no database."""

from dataclasses import replace
from uuid import UUID

import pytest

from infra.vocabulary import Category, Purpose
from svc_consent.releases.narrowing import Removal, cells, without
from svc_consent.releases.rules import Terms

ONE, OTHER = UUID(int=1), UUID(int=2)
IDENTITY, SUD, HOUSING = Category.IDENTITY, Category.SUD, Category.HOUSING
COORD, COC = Purpose.LEAD_COORD, Purpose.COC
WHOLE = Terms(UUID(int=7), ONE, (IDENTITY, SUD, HOUSING), (COORD, COC))


def remains(removal: Removal, *terms: Terms) -> list[tuple[UUID, str, str]]:
    """Return what is left of some provisions: recipient, categories and purposes of each."""
    return [
        (each.recipient_agency_id, " ".join(each.categories), " ".join(each.purposes))
        for each in without(terms or (WHOLE,), removal)
    ]


def only(*, of: UUID | None = None, categories: str = "", purposes: str = "") -> Removal:
    return Removal(
        frozenset({of} if of else ()),
        frozenset(Category(each) for each in categories.split()),
        frozenset(Purpose(each) for each in purposes.split()),
    )


@pytest.mark.parametrize(
    ("removal", "left"),
    [
        # A category goes with every purpose, and the others keep theirs.
        (only(categories="SUD"), [("IDENTITY HOUSING", "LEAD_COORD COC")]),
        (only(categories="IDENTITY SUD"), [("HOUSING", "LEAD_COORD COC")]),
        # A purpose goes from every category.
        (only(purposes="COC"), [("IDENTITY SUD HOUSING", "LEAD_COORD")]),
        # A purpose of one category: the provision falls into two.
        (only(categories="SUD", purposes="COC"),
         [("IDENTITY HOUSING", "LEAD_COORD COC"), ("SUD", "LEAD_COORD")]),
        (only(categories="SUD", purposes="COC LEAD_COORD"),
         [("IDENTITY HOUSING", "LEAD_COORD COC")]),
        # All of them, by whichever list.
        (only(categories="IDENTITY SUD HOUSING"), []),
        (only(purposes="COC LEAD_COORD"), []),
        (only(of=ONE), []),
        (only(), []),
        # A category that is not in it, with or without a purpose that is.
        (only(categories="CONTACT"), [("IDENTITY SUD HOUSING", "LEAD_COORD COC")]),
        (only(categories="CONTACT", purposes="COC"), [("IDENTITY SUD HOUSING", "LEAD_COORD COC")]),
        # Another recipient's share is not ours.
        (only(of=OTHER, categories="SUD"), [("IDENTITY SUD HOUSING", "LEAD_COORD COC")]),
        (only(of=ONE, categories="SUD"), [("IDENTITY HOUSING", "LEAD_COORD COC")]),
    ],
)  # fmt: skip
def test_what_is_left_of_a_provision(removal: Removal, left: list[tuple[str, str]]) -> None:
    assert remains(removal) == [(ONE, *each) for each in left]


def test_each_recipient_loses_its_own_share_alone() -> None:
    theirs = replace(WHOLE, id=UUID(int=8), recipient_agency_id=OTHER)
    assert remains(only(of=OTHER, categories="SUD HOUSING"), WHOLE, theirs) == [
        (ONE, "IDENTITY SUD HOUSING", "LEAD_COORD COC"),
        (OTHER, "IDENTITY", "LEAD_COORD COC"),
    ]


def test_a_denial_stays_whatever_is_taken_back() -> None:
    """To take back what closes would open; only a new form does that."""
    denial = replace(WHOLE, is_denial=True)
    for removal in (only(of=ONE), only(categories="SUD"), only(purposes="COC"), only()):
        (kept,) = without([denial], removal)
        assert replace(kept, id=denial.id) == denial, removal


def test_rows_of_two_versions_share_no_id_and_their_days_stay() -> None:
    made = iter(UUID(int=number) for number in range(100, 110))
    denial = replace(WHOLE, id=UUID(int=9), is_denial=True)
    left = without([WHOLE, denial], only(categories="SUD", purposes="COC"), lambda: next(made))
    assert [each.id.int for each in left] == [100, 101, 102]
    assert [each.is_denial for each in left] == [False, False, True]
    assert {(each.data_from, each.expires_at) for each in left} == {(None, None)}


@pytest.mark.parametrize(
    ("removal", "is_empty"),
    [
        (only(), True),
        (only(of=ONE), False),
        (only(categories="SUD"), False),
        (only(purposes="COC"), False),
    ],
)
def test_to_name_nothing_would_be_to_take_back_everything(removal: Removal, is_empty: bool) -> None:
    assert removal.is_empty is is_empty


def test_the_cells_of_provisions_are_every_recipient_category_and_purpose() -> None:
    theirs = Terms(UUID(int=8), OTHER, (SUD,), (COC,))
    assert cells([WHOLE, theirs]) == {
        (ONE, IDENTITY, COORD), (ONE, IDENTITY, COC), (ONE, SUD, COORD), (ONE, SUD, COC),
        (ONE, HOUSING, COORD), (ONE, HOUSING, COC), (OTHER, SUD, COC),
    }  # fmt: skip
    assert cells([]) == set()
