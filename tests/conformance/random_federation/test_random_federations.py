"""Property: on random federations the gateway answers what one merged schema answers.

Each seed is a federation with a world and some requests; a failure prints the smallest version.
`python -m tests.conformance.random_federation.soak` runs the same for as long as one likes.
"""

from collections import Counter

import pytest

from tests.conformance.random_federation.generate import generate
from tests.conformance.random_federation.model import Federation
from tests.conformance.random_federation.property import (
    REQUESTS_PER_FEDERATION,
    Tally,
    findings,
)

CHUNKS = 21
SEEDS_PER_CHUNK = 25


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_random_federation_answers_as_one_schema(chunk: int) -> None:
    tally = Tally()
    seeds = range(chunk * SEEDS_PER_CHUNK, (chunk + 1) * SEEDS_PER_CHUNK)
    for finding in findings(seeds, tally):
        pytest.fail(finding.explained())
    tried = SEEDS_PER_CHUNK * REQUESTS_PER_FEDERATION
    assert tally.pairs + tally.refused == tried
    assert tally.refused <= tried // 50


@pytest.mark.parametrize("seed", [2444, 2532, 10102, 10128, 11373, 11407, 11621, 20065, 20066])
def test_what_long_runs_found_stays_mended(seed: int) -> None:
    """A value fetched twice; a child fetched because the field around it is a key; values of two
    types under one key of an entity fetch; where the comparison was too strict; the turns of a
    mutation's fields; and a field that conditions around it never select."""
    assert [found.explained() for found in findings([seed], Tally())] == []


def test_more_than_three_thousand_pairs_are_tried() -> None:
    assert CHUNKS * SEEDS_PER_CHUNK * REQUESTS_PER_FEDERATION * 0.98 > 3000


def _features(federation: Federation) -> set[str]:
    found = {f"{len(federation.subgraphs)} subgraphs"}
    for one in federation.subgraphs:
        for seen in one.types.values():
            found |= {seen.kind} if seen.is_abstract or seen.kind == "input" else set()
            found |= {"hidden value"} if seen.hidden_values else set()
            found |= {"several keys"} if len(seen.keys) > 1 else set()
            for key in seen.keys:
                found |= {"nested key"} if "{" in key.fields else set()
                found |= {"composite key"} if " " in key.fields.split("{")[0].strip() else set()
                found |= {"list key"} if key.fields.startswith(("codes", "tags")) else set()
                found |= set() if key.is_resolvable else {"not resolvable"}
            for each in seen.fields.values():
                for name in ("requires", "provides", "override"):
                    found |= {name} if getattr(each, name) is not None else set()
                found |= {"requires with arguments"} if "(" in (each.requires or "") else set()
                found |= {"requires a requirer"} if "calc" in (each.requires or "") else set()
                found |= {"fragment in requires"} if "..." in (each.requires or "") else set()
                found |= {"fragment in provides"} if "..." in (each.provides or "") else set()
                found |= {"nested provides"} if "{" in (each.provides or "") else set()
                found |= {"inaccessible"} if each.is_inaccessible else set()
                found |= {"shared root"} if each.is_shareable and seen.name == "Query" else set()
        found |= {"mutation"} if "Mutation" in one.types else set()
    for name in federation.type_names():
        if federation.kind(name) in ("union", "interface"):
            known = [set(one.possible_types(name)) for one in federation.owners(name)]
            found |= {"members differ"} if any(one != known[0] for one in known) else set()
    return found


FEATURES = {
    *(f"{number} subgraphs" for number in range(2, 7)),
    "union", "interface", "input", "hidden value", "several keys", "nested key", "composite key",
    "list key", "not resolvable", "requires", "provides", "override", "requires with arguments",
    "requires a requirer", "fragment in requires", "fragment in provides", "nested provides",
    "inaccessible", "shared root", "mutation", "members differ",
}  # fmt: skip


def test_every_feature_is_generated_often() -> None:
    counted: Counter[str] = Counter()
    for seed in range(200):
        counted.update(_features(generate(seed)))
    rare = {name: counted[name] for name in FEATURES if counted[name] < 3}
    assert rare == {}


def test_a_seed_always_gives_the_same_federation() -> None:
    assert repr(generate(7)) == repr(generate(7))
