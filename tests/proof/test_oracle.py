"""Gateway and services say what an independent reading of the agreement says (NI-23, PC-09).

In the test run three worlds with at least 5,000 pairs (caller, operation) in all; `soak` goes on
for as many as `GT_SOAK_PAIRS` says.
"""

import ast
import asyncio
import os
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.policy.labels import read_labels
from gateway.policy.matrix import Cell, CellKind, load_matrix
from gateway.supergraph import load_supergraph
from infra.vocabulary import Category
from tests.proof import oracle
from tests.proof.house import Gateway, House
from tests.proof.operations import Generator, Operation
from tests.proof.oracle.matrix import CELLS, ROLES, cell_of, purposes_of
from tests.proof.oracle.shapes import TYPES
from tests.proof.pairs import Difference, Progress, askings, differences
from tests.proof.turmoil import Turmoil
from tests.proof.world_tables import read_world

WORLDS = 3
OPERATIONS_PER_WORLD = 36
KEPT_FOR_NEXT = 32
STEPS = 24
EXPIRY_SECONDS = 3.5
_PRODUCT = {"gateway", "infra", "svc_consent", "svc_participants", "svc_cases", "svc_training"}


def test_oracle_stands_on_nothing_of_the_product() -> None:
    """No module of the oracle imports a program, the chassis, or a test that does."""
    (folder,) = oracle.__path__
    for file in Path(folder).glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                assert name.partition(".")[0] not in _PRODUCT, f"{file.name} imports {name}"
                if name.startswith("tests"):
                    assert name.startswith("tests.proof.oracle"), f"{file.name} imports {name}"


def test_labels_of_the_supergraph_are_those_of_the_categories() -> None:
    """Each coordinate that the oracle knows has the category that its meaning gives it (PC-01)."""
    source = Path("gateway/supergraph.graphql").read_text(encoding="utf-8")
    labels = read_labels(load_supergraph(source))
    for type_name, shape in TYPES.items():
        for name, each in shape.fields.items():
            found = {
                (
                    label.category.value,
                    {"RAW": "R", "SUMMARY": "S", "PUBLIC_RECORD": "P"}[label.form],
                )
                for label in labels.fields[type_name, name]
            }
            assert found == set(each.labels), f"{type_name}.{name}"


def test_packaged_matrix_is_the_table_typed_twice() -> None:
    """Every cell and purpose equals the oracle's own copy of the agreement (PC-03)."""
    matrix = load_matrix()
    for role in ROLES:
        columns: dict[str, tuple[bool, str | None]] = {role: (True, None)}
        if role == "PRO":
            columns = {"PRO": (True, None), "PRO:not_liaison": (False, None)}
        elif role == "SVC":
            columns |= {f"SVC:{field}": (False, field) for field in ("SUD", "MH", "HOUSING")}
        for column, (is_liaison, service_field) in columns.items():
            assert {each.value for each in matrix.purposes_of(column)} == purposes_of(
                role, service_field
            ), column
            for cell_role, category in CELLS:
                if cell_role != role:
                    continue
                cell = matrix.columns[column][Category(category)]
                expected = cell_of(
                    role, category, is_liaison=is_liaison, service_field=service_field
                )
                assert cell.kind.value == expected, f"{column} x {category}"


async def _pairs_differ(
    house: House, gateway: Gateway, seed: int, kept: int
) -> tuple[int, list[Difference]]:
    """Stir the world by a seed and run its pairs; operations 0 to ``kept`` recur in every world."""
    dice = random.Random(seed)
    turmoil = Turmoil(house, dice, await read_world(house))
    await turmoil.stir(STEPS)
    await asyncio.sleep(EXPIRY_SECONDS)  # what was to end by time alone has ended
    world = await read_world(house)
    try:
        pairs = []
        for number in range(OPERATIONS_PER_WORLD):
            shape_seed = number if number < kept else seed * 1000 + number
            for asking in askings(house, dice):
                generator = Generator(random.Random(shape_seed), world, values=dice)
                pairs.append((asking, generator.operation()))
        return len(pairs), await differences(gateway, world, pairs)
    finally:
        await turmoil.calm()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("world_number", range(WORLDS))
async def test_gateway_answers_as_the_oracle(
    house: House, gateway: Gateway, world_number: int
) -> None:
    """All roles, purposes and states of consent: the same data, counts, refusals and statuses."""
    count, found = await _pairs_differ(house, gateway, 100 + world_number, KEPT_FOR_NEXT)
    assert count >= 5_000 / WORLDS
    assert not found, "\n".join(str(each) for each in found[:5])


_TELLING = """{ participants(first: 100) { edges { node { id
  servicesArranged { totalCount edges { node { kind } } }
  appointments { totalCount edges { node { kind } } }
  documents { totalCount edges { node { kind } } } } } } }"""


async def test_records_that_tell_of_treatment_are_shown_alike_where_all_is_released(
    house: House, gateway: Gateway
) -> None:
    """Each field of service meets kinds that tell of another; random worlds seldom have both."""
    world = await read_world(house)
    rows = [*world.tables["arranged_service"], *world.tables["appointment"]]
    about = {each["kind"]: each["participant_id"] for each in rows}
    telling = about.keys() & {"MEDICAL_CARE", "MENTAL_HEALTH_CARE", "SUBSTANCE_USE_TREATMENT"}
    assert telling
    turmoil = Turmoil(house, random.Random(7), world)
    for kind in sorted(telling):
        await turmoil.open_to_all(str(about[kind]))
    world = await read_world(house)
    operation = Operation(_TELLING, {})
    pairs = [
        (each, operation) for each in askings(house, random.Random(7)) if each.role in ("SVC", "CM")
    ]
    assert {each.subject for each, _ in pairs} >= {"persona:sud_provider", "persona:mh_provider"}
    found = await differences(gateway, world, pairs)
    assert not found, "\n".join(str(each) for each in found[:5])


_PLEDGES = """{ owgMeetings(first: 100) { edges { node { pledgeText pledgeVersion
  attendees { pledgeVersion pledgeText } myInvitation { pledgeVersion pledgeText } } } } }"""
_WORDED_ANEW = """
insert into pledge_wording (id, site_id, number, text, published_by, published_at)
select gen_random_uuid(), m.site_id, 1 + count(w.id), 'What is said here stays here.', 'pm', now()
from (select distinct site_id from owg_meeting) m left join pledge_wording w using (site_id)
group by m.site_id
"""


async def test_a_site_s_own_wording_is_what_its_meetings_show(
    house: House, gateway: Gateway
) -> None:
    """The newest words and what each has signed; planted: who has not heard of them differs."""
    before = await read_world(house)
    await house.services["cases"].execute(_WORDED_ANEW)
    world = await read_world(house)
    assert len(world.tables["pledge_wording"]) > len(before.tables["pledge_wording"])
    operation = Operation(_PLEDGES, {})
    pairs = [(each, operation) for each in askings(house, random.Random(3))]
    found = await differences(gateway, world, pairs)
    assert not found, "\n".join(str(each) for each in found[:5])
    unheard = await differences(gateway, before, pairs)
    assert {each.asking.role for each in unheard} >= {"PM", "CM"}


def _wider(column: str, category: Category) -> dict[str, Mapping[Category, Cell]]:
    """Return the agreement's columns with one cell opened as with a release."""
    matrix = load_matrix()
    cells = {**matrix.columns[column], category: Cell(CellKind.CONSENT, "r", None)}
    return {**matrix.columns, column: cells}


@pytest.mark.parametrize(
    ("column", "category"), [("LEO", Category.GOALS_PLAN), ("PM", Category.CASE_NOTES)]
)
async def test_a_widened_cell_is_told_apart(house: House, column: str, category: Category) -> None:
    """Planted: one cell more open than agreed; the same comparison finds it."""
    wider = replace(load_matrix(), columns=_wider(column, category))
    world = await read_world(house)
    asking = next(
        each for each in askings(house, random.Random(1)) if each.role == column and each.purpose
    )
    async with house.gateway(wider) as planted:
        found: list[Difference] = []
        for seed in range(400):
            generator = Generator(random.Random(seed), world, values=random.Random(seed))
            operation = generator.operation(roots=3)
            found = await differences(planted, world, [(asking, operation)])
            if found:
                break
        assert found


def test_a_long_run_goes_on_where_it_was_ended(tmp_path: Path) -> None:
    """No world twice, no pair counted twice, and one that differed is not passed over."""
    file = str(tmp_path / "state")
    first = Progress.read(file)
    first.take(10, is_different=False)
    first.take(5, is_different=True)
    second = Progress.read(file)
    assert (second.pairs, second.worlds, second.differing) == (15, 2, [10_001])
    assert second.next_seed == first.next_seed == 10_002
    second.settle(10_001)
    assert Progress.read(file).differing == []
    nowhere = Progress.read(None)
    nowhere.take(1, is_different=False)
    assert Progress.read(None).pairs == 0


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_gateway_answers_as_the_oracle_for_long(house: House, gateway: Gateway) -> None:
    """The same, in fresh worlds until enough pairs have been compared.

    With `GT_SOAK_STATE` it counts on from where an earlier run was ended, each world by a seed of
    its own; worlds that differed stay named there, and are looked at again first.
    """
    wanted = int(os.environ.get("GT_SOAK_PAIRS", "1000000"))
    state = Progress.read(os.environ.get("GT_SOAK_STATE"))
    for seed in list(state.differing):
        _, found = await _pairs_differ(house, gateway, seed, 0)
        assert not found, f"seed {seed}\n" + "\n".join(str(each) for each in found[:5])
        state.settle(seed)
    while state.pairs < wanted:
        seed = state.next_seed
        count, found = await _pairs_differ(house, gateway, seed, 0)
        state.take(count, is_different=bool(found))
        assert not found, f"seed {seed}\n" + "\n".join(str(each) for each in found[:5])
        print(f"{state.pairs} pairs in {state.worlds} worlds: 0 differences", flush=True)
