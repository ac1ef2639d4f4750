"""What a guard does not grant is absent: not asked for, not shown, and no error says so."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import pytest

from gateway.executor import project
from gateway.planner import NormalizedOperation
from gateway.planner.selection import ObjectSelection, map_objects, with_hidden_field
from gateway.supergraph import Supergraph
from tests.conformance.load_cases import CASES, Case, DirectTransport
from tests.conformance.subgraph import HonestSubgraph
from tests.gateway.executor.engine_runs import Run, run

STOREFRONT = Case(CASES / "storefront")
NAME, REVIEWS, EXISTS = 1, 2, 4


class Grants:
    """A guard over a table; knows only subjects that were loaded."""

    def __init__(self, table: dict[str, int]) -> None:
        self._table = table
        self.loaded: set[str] = set()

    async def load(self, subjects: Collection[str]) -> None:
        self.loaded.update(subjects)

    def mask(self, subject: str) -> int:
        return self._table.get(subject, 0) if subject in self.loaded else 0


class Leaky(Grants):
    """A planted bug: grants everything to everybody."""

    def mask(self, subject: str) -> int:
        return -1


def about_users(needs: dict[str, int], object_needs: int = 0) -> Callable[..., NormalizedOperation]:
    """Users are subjects by their id; these fields of theirs have needs."""

    def change(selection: ObjectSelection) -> ObjectSelection:
        if selection.type_name != "User":
            return selection
        fields = tuple(replace(one, needs=needs.get(one.name, 0)) for one in selection.fields)
        changed, key = with_hidden_field(replace(selection, fields=fields), "id")
        return replace(changed, subject_key=key, needs=object_needs)

    return lambda operation: replace(operation, root=map_objects(operation.root, change))


async def storefront(
    source: str, guard: Any, change: Callable[..., NormalizedOperation]
) -> tuple[Run, dict[str, HonestSubgraph]]:
    subgraphs = STOREFRONT.subgraphs()
    transports = {name: DirectTransport(one) for name, one in subgraphs.items()}
    supergraph: Supergraph = STOREFRONT.supergraph
    return await run(supergraph, source, transports, guard=guard, change=change), subgraphs


QUERY = "{ users { username name reviews { body } } }"
RULE = about_users({"name": NAME, "reviews": REVIEWS})


def shows_only_what_is_granted(data: Any) -> bool:
    expected = [
        {"username": "ada", "name": "Ada", "reviews": None},
        {"username": "grace", "name": None, "reviews": [{"body": "Could be better."}]},
        {"username": "nobody", "name": None, "reviews": None},
    ]
    return bool(data == {"users": expected})


async def test_a_field_that_is_not_granted_is_null_without_error() -> None:
    guard = Grants({"1": NAME, "2": NAME | REVIEWS})
    found, subgraphs = await storefront(QUERY, guard, RULE)
    assert shows_only_what_is_granted(found.data)
    assert found.errors == []
    assert found.projected.released == {"1": NAME, "2": REVIEWS}
    sent = [request["variables"]["_r0"] for request in subgraphs["reviews"].requests]
    assert sent == [[{"__typename": "User", "id": "2"}]]


async def test_a_guard_that_leaks_would_be_seen() -> None:
    found, _ = await storefront(QUERY, Leaky({}), RULE)
    assert not shows_only_what_is_granted(found.data)


async def test_nothing_is_sent_where_nothing_may_be_known() -> None:
    found, subgraphs = await storefront(QUERY, Grants({"1": NAME}), RULE)
    assert subgraphs["reviews"].requests == []
    assert found.errors == []
    leaky, planted = await storefront(QUERY, Leaky({}), RULE)
    assert planted["reviews"].requests != []
    assert leaky.data != found.data


async def test_an_object_that_is_not_granted_leaves_no_hole_in_a_list() -> None:
    change = about_users({}, EXISTS)
    source = "{ users { id } me { id } user(id: 2) { id } }"
    found, _ = await storefront(source, Grants({"2": EXISTS}), change)
    assert found.data == {"users": [{"id": "2"}], "me": None, "user": {"id": "2"}}
    assert found.projected.withheld == [("users", "1"), ("users", "3")]
    assert found.errors == []


async def test_an_object_without_subject_is_denied() -> None:
    def change(operation: NormalizedOperation) -> NormalizedOperation:
        def needy(selection: ObjectSelection) -> ObjectSelection:
            return replace(selection, needs=EXISTS if selection.type_name == "User" else 0)

        return replace(operation, root=map_objects(operation.root, needy))

    found, _ = await storefront("{ me { id } }", Grants({"1": -1}), change)
    assert found.data == {"me": None}


async def test_a_nested_object_inherits_the_subject_around_it() -> None:
    def change(operation: NormalizedOperation) -> NormalizedOperation:
        def needy(selection: ObjectSelection) -> ObjectSelection:
            if selection.type_name == "Review":
                fields = tuple(replace(one, needs=REVIEWS) for one in selection.fields)
                return replace(selection, fields=fields)
            return selection

        annotated = replace(operation, root=map_objects(operation.root, needy))
        return about_users({})(annotated)

    guard = Grants({"1": REVIEWS})
    found, _ = await storefront("{ users { id reviews { body } } }", guard, change)
    assert found.data["users"][0]["reviews"] == [{"body": "Love it!"}, {"body": "Too expensive."}]
    assert found.data["users"][1]["reviews"] == [{"body": None}]


async def test_a_client_alias_cannot_stand_in_for_the_subject() -> None:
    # `id` names the subject; the client puts another value under that response key.
    source = "{ users { id: username name } }"
    found, _ = await storefront(source, Grants({"ada": NAME, "2": NAME}), RULE)
    assert [one["name"] for one in found.data["users"]] == [None, None, None]
    found, _ = await storefront(source, Grants({"1": NAME}), RULE)
    assert [one["name"] for one in found.data["users"]] == ["Ada", None, None]


async def test_a_list_of_subjects_must_all_grant() -> None:
    from gateway.executor.guard import Masks

    guard = Grants({"1": 3, "2": 1})
    await guard.load({"1", "2"})
    masks = Masks(guard)
    assert masks(["1", "2"]) == 1
    assert masks(["1", "unknown"]) == 0
    assert masks([]) == 0
    assert masks(None) == 0
    assert masks({"id": "1"}) == 0


async def test_a_projection_can_be_repeated_with_less() -> None:
    found, _ = await storefront(QUERY, Grants({"1": NAME, "2": NAME | REVIEWS}), RULE)
    for _ in range(2):
        narrowed = Grants({"2": REVIEWS})
        narrowed.loaded = {"1", "2", "3"}
        again = project(found.compiled, found.assembled, {}, narrowed)
        assert again.data is not None
        assert [one["name"] for one in again.data["users"]] == [None, None, None]
        assert again.released == {"2": REVIEWS}


@pytest.mark.parametrize("outer", [0, NAME])
async def test_a_path_through_a_refused_field_is_not_followed(outer: int) -> None:
    source = "{ users { reviews { product { name } } } }"
    change = about_users({"reviews": REVIEWS})
    found, subgraphs = await storefront(source, Grants({"2": outer}), change)
    assert subgraphs["products"].requests == []
    assert found.data == {"users": [{"reviews": None}] * 3}
