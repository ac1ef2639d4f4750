"""Every role, state of the release and purpose at once: one operation, compared as a whole (PC-09).

In the test run the operation selects a coordinate for each type and category, and the lists of
everybody with one of the people; as `soak` every coordinate that the oracle knows, lists with each.
"""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from gateway.policy.matrix import Cell, CellKind, load_matrix
from infra.vocabulary import Category
from tests.proof.house import Gateway, House
from tests.proof.operations import Operation
from tests.proof.oracle.consent import World
from tests.proof.oracle.matrix import ROLES
from tests.proof.oracle.shapes import TYPES, Shape
from tests.proof.pairs import Asking, askings, differences
from tests.proof.world_tables import read_world

# On these ways an operation comes to every type; the way back up would never end.
_UPWARDS = {
    ("LegalCase", "leadLink"),
    ("LeadLink", "participant"),
    ("Referral", "participant"),
    ("OwgAgendaItem", "participant"),
}


def _selection(type_name: str, *, is_thin: bool) -> str:
    shapes = TYPES[type_name].fields
    chosen: dict[object, str] = {}
    for name, shape in shapes.items():
        if shape.returns is not None:
            if (type_name, name) not in _UPWARDS:
                chosen[name] = f"{name}{_below(shape, is_thin=is_thin)}"
            continue
        # One leaf for each label of the type, or all of them.
        chosen.setdefault(shape.labels if is_thin else name, name)
    return f" {{ {' '.join(chosen.values())} }}"


def _below(shape: Shape, *, is_thin: bool) -> str:
    assert shape.returns is not None
    inner = _selection(shape.returns, is_thin=is_thin)
    if shape.many == "page":
        return f"(first: 2) {{ totalCount pageInfo {{ hasNextPage }} edges {{ node {inner} }} }}"
    return inner


def _operation(
    world: World, participant: str, *, is_thin: bool, has_lists: bool = True
) -> Operation:
    """Return the operation about one participant, their case and referral, and every list."""
    roots = [
        "courts", "sites", "participants", "caseload", "myReferrals", "referralQueue",
        "liaisonQueue",
    ]  # fmt: skip
    below = {name: TYPES["Query"].fields[name] for name in roots}
    variables = {"p": participant, "r": participant, "n": "none", "l": participant}
    variables |= {"m": participant, "c": participant}
    for referral in world.rows("referral", participant_id=participant)[:1]:
        variables["r"] = referral["id"]
    for link in world.rows("lead_link", participant_id=participant)[:1]:
        (case,) = world.rows("legal_case", id=link["case_id"])
        variables |= {"l": link["id"], "n": case["number"]}
    for item in world.rows("owg_item", participant_id=participant)[:1]:
        variables["m"] = item["meeting_id"]
    for letter in world.rows("court_letter", participant_id=participant)[:1]:
        variables["c"] = letter["id"]
    # Lists with everything of everybody are long; each of their rows is asked for by itself.
    parts = [
        f"{name}{_below(shape, is_thin=True)}" if shape.many == "list" else
        f"{name}(first: 3) {{ totalCount edges {{ node {{ id }} }} }}"
        for name, shape in below.items() if has_lists
    ]  # fmt: skip
    for name, argument, variable in (
        ("participant", "id", "p"),
        ("referral", "id", "r"),
        ("caseByNumber", "number", "n"),
        ("leadLink", "id", "l"),
        ("owgMeeting", "id", "m"),
        ("courtLetter", "id", "c"),
    ):
        shape = TYPES["Query"].fields[name]
        extra = ""
        if shape.returns in ("LegalCase", "LeadLink"):
            field = "leadLink" if shape.returns == "LegalCase" else "participant"
            extra = f" {field} {{ id }} }}"
        inner = _below(shape, is_thin=is_thin)
        if extra:
            inner = inner.rstrip()[:-1] + extra
        parts.append(f"{name}({argument}: ${variable}){inner}")
    agenda = _below(TYPES["Query"].fields["owgAgenda"], is_thin=is_thin)
    parts.append(f"owgAgenda(id: $m, {agenda[1:]}")
    head = "query($p: ID!, $r: ID!, $n: String!, $l: ID!, $m: ID!, $c: ID!)"
    return Operation(f"{head} {{ {' '.join(parts)} }}", variables)


def _states(house: House) -> dict[str, str]:
    """Return one participant for each state of the release, and one of the other site."""
    found: dict[str, str] = {}
    for each in house.document["participants"]:
        found.setdefault(f"{each['roi_state']} {each['site_key']}", each["id"])
    return found


def _cells(house: House, *, has_bare: bool = True) -> list[Asking]:
    """Return everybody for each purpose of their own role, and without any."""
    own = {each["subject"]: {*each["purposes"], None} for each in house.document["staff"]}
    drawn = askings(house, random.Random(2))
    found = [each for each in drawn if each.purpose in own[each.subject]]
    bare = {each.subject: Asking(each.subject, each.role, None) for each in drawn}
    stated = [each for each in found if each.purpose is not None]
    return [*stated, *bare.values()] if has_bare else stated


async def _compare(
    house: House, gateway: Gateway, *, is_thin: bool
) -> tuple[int, Sequence[object]]:
    world = await read_world(house)
    pairs: list[tuple[Asking, Operation]] = []
    for number, participant in enumerate(_states(house).values()):
        has_lists = number == 0 or not is_thin
        operation = _operation(world, participant, is_thin=is_thin, has_lists=has_lists)
        # Without a purpose nothing about a person is left, whoever it is.
        cells = _cells(house, has_bare=number == 0)
        if not is_thin:
            cells = askings(house, random.Random(2))
        pairs += [(each, operation) for each in cells]
    return len(pairs), await differences(gateway, world, pairs)


@pytest.mark.timeout(900)
async def test_matrix_with_a_coordinate_of_each_kind(house: House, gateway: Gateway) -> None:
    """PC-09: all roles x purposes x states, a coordinate for each type and category."""
    assert len(_states(house)) >= 7
    assert {each.role for each in _cells(house)} >= {*ROLES} - {"REP"}
    count, found = await _compare(house, gateway, is_thin=True)
    assert count >= 300
    assert not found, "\n".join(str(each)[:1500] for each in found[:4])


async def test_planted_cell_is_found_by_the_matrix(house: House) -> None:
    """Planted: probation is given plans with a release; the same operations tell (PC-09)."""
    matrix = load_matrix()
    cells = {**matrix.columns["PRB"], Category.GOALS_PLAN: Cell(CellKind.CONSENT, "*", None)}
    wider = replace(matrix, columns={**matrix.columns, "PRB": cells})
    world = await read_world(house)
    pairs = [
        (each, _operation(world, participant, is_thin=True, has_lists=False))
        for participant in _states(house).values()
        for each in _cells(house)
        if each.role == "PRB"
    ]
    async with house.gateway(wider) as planted:
        assert await differences(planted, world, pairs)


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_matrix_with_every_coordinate(house: House, gateway: Gateway) -> None:
    """The same with every coordinate that the oracle knows."""
    count, found = await _compare(house, gateway, is_thin=False)
    print(f"matrix: {count} cells of (role, purpose, state), {len(found)} differences", flush=True)
    assert not found, "\n".join(str(each)[:1500] for each in found[:4])
