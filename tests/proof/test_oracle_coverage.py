"""Nothing of the supergraph is forgotten by the oracle: modelled, or left out for a reason."""

import tomllib
from collections import Counter
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from gateway.policy.labels import read_labels
from gateway.policy.packaged import packaged_supergraph
from infra.vocabulary import PERSON_CATEGORIES
from tests.proof.oracle.shapes import TYPES

_FILE = Path(__file__).parent / "oracle" / "not_modelled.toml"


def _patterns() -> dict[str, str]:
    found: dict[str, str] = {}
    document: dict[str, Any] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    for name, entry in document.items():
        assert entry["reason"].endswith("."), name
        for pattern in entry["coordinates"]:
            assert pattern not in found, f"{pattern} is there twice"
            found[pattern] = name
    return found


def _problems(coordinates: Iterable[str], modelled: set[str], patterns: Iterable[str]) -> list[str]:
    """Return what is forgotten, what is listed and modelled, and what is listed and not there."""
    used: Counter[str] = Counter()
    problems = []
    for coordinate in coordinates:
        fitting = [each for each in patterns if fnmatchcase(coordinate, each)]
        used.update(fitting)
        if coordinate not in modelled and not fitting:
            problems.append(f"{coordinate} is neither modelled nor left out for a reason")
        if coordinate in modelled:
            problems += [
                f"{coordinate} is modelled and listed" for each in fitting if "*" not in each
            ]
    problems += [f"{each} fits nothing" for each in patterns if not used[each]]
    return problems


def _all() -> tuple[list[str], set[str]]:
    labels = read_labels(packaged_supergraph())
    everything = [".".join(each) for each in labels.fields]
    return everything, {f"{name}.{each}" for name, shape in TYPES.items() for each in shape.fields}


def test_every_coordinate_is_modelled_or_left_out_for_a_reason() -> None:
    """A new field of the supergraph is modelled, or somebody says why it need not be (NI-23)."""
    everything, modelled = _all()
    assert not _problems(everything, modelled, _patterns())
    assert modelled <= set(everything)


def test_most_of_what_is_about_people_is_modelled() -> None:
    """The list of reasons does not grow over the records themselves."""
    labels = read_labels(packaged_supergraph())
    _, modelled = _all()
    about_people = {
        ".".join(each)
        for each, found in labels.fields.items()
        if any(label.category in PERSON_CATEGORIES for label in found)
        and not any(label.form.value in ("AGGREGATE", "DEIDENTIFIED") for label in found)
    }
    assert len(about_people & modelled) / len(about_people) > 0.65


@pytest.mark.parametrize(
    ("coordinates", "modelled", "patterns", "says"),
    [
        (["A.x", "A.y"], {"A.x"}, [], "A.y is neither"),
        (["A.x"], {"A.x"}, ["A.x"], "modelled and listed"),
        (["A.x"], {"A.x"}, ["B.*"], "fits nothing"),
    ],
)
def test_a_hole_is_found(
    coordinates: list[str], modelled: set[str], patterns: list[str], says: str
) -> None:
    """Planted: a field that nobody thought of, one listed for nothing, a pattern that is idle."""
    (problem,) = _problems(coordinates, modelled, patterns)
    assert says in problem
