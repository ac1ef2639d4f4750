"""Every role, state of the release and purpose at once: one operation, compared as a whole (PC-09).

One form selects a coordinate for each type and category, the other every coordinate that the
oracle knows. Both are `soak`: neither has been run to its end yet.
"""

import random
from collections.abc import Sequence

import pytest

from tests.proof.house import Gateway, House
from tests.proof.operations import Operation
from tests.proof.oracle.consent import World
from tests.proof.oracle.shapes import TYPES, Shape
from tests.proof.pairs import Asking, askings, differences
from tests.proof.world_tables import read_world

# On these ways an operation comes to every type; the way back up would never end.
_UPWARDS = {
    ("LegalCase", "leadLink"),
    ("LeadLink", "participant"),
    ("Referral", "participant"),
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


def _operation(world: World, participant: str, *, is_thin: bool) -> Operation:
    """Return the operation about one participant, their case and referral, and every list."""
    roots = ["courts", "sites", "participants", "caseload", "myReferrals", "referralQueue"]
    below = {name: TYPES["Query"].fields[name] for name in roots}
    variables = {"p": participant, "r": participant, "n": "none", "l": participant}
    for referral in world.rows("referral", participant_id=participant)[:1]:
        variables["r"] = referral["id"]
    for link in world.rows("lead_link", participant_id=participant)[:1]:
        (case,) = world.rows("legal_case", id=link["case_id"])
        variables |= {"l": link["id"], "n": case["number"]}
    # Lists with everything of everybody are long; each of their rows is asked for by itself.
    parts = [
        f"{name}{_below(shape, is_thin=True)}" if shape.many == "list" else
        f"{name}(first: 3) {{ totalCount edges {{ node {{ id }} }} }}"
        for name, shape in below.items()
    ]  # fmt: skip
    for name, argument, variable in (
        ("participant", "id", "p"),
        ("referral", "id", "r"),
        ("caseByNumber", "number", "n"),
        ("leadLink", "id", "l"),
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
    head = "query($p: ID!, $r: ID!, $n: String!, $l: ID!)"
    return Operation(f"{head} {{ {' '.join(parts)} }}", variables)


def _states(house: House) -> dict[str, str]:
    """Return one participant for each state of the release, and one of the other site."""
    found: dict[str, str] = {}
    for each in house.document["participants"]:
        found.setdefault(f"{each['roi_state']} {each['site_key']}", each["id"])
    return found


async def _compare(
    house: House, gateway: Gateway, *, is_thin: bool
) -> tuple[int, Sequence[object]]:
    world = await read_world(house)
    pairs: list[tuple[Asking, Operation]] = []
    for participant in _states(house).values():
        operation = _operation(world, participant, is_thin=is_thin)
        pairs += [(each, operation) for each in askings(house, random.Random(2))]
    return len(pairs), await differences(gateway, world, pairs)


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_matrix_with_a_coordinate_of_each_kind(house: House, gateway: Gateway) -> None:
    """All roles x purposes x states of the release, a coordinate for each type and category."""
    assert len(_states(house)) >= 7
    count, found = await _compare(house, gateway, is_thin=True)
    assert count >= 500
    assert not found, "\n".join(str(each)[:1500] for each in found[:4])


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_matrix_with_every_coordinate(house: House, gateway: Gateway) -> None:
    """The same with every coordinate that the oracle knows."""
    count, found = await _compare(house, gateway, is_thin=False)
    print(f"matrix: {count} cells of (role, purpose, state), {len(found)} differences", flush=True)
    assert not found, "\n".join(str(each)[:1500] for each in found[:4])
