"""A mutation goes on after a field that may be null, and stops where null reaches the root."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.executor import serial
from gateway.planner.selection import ALWAYS, NormalizedOperation, SelectedField, Selection
from gateway.supergraph import Supergraph, load_supergraph
from tests.conformance.random_federation.emit_supergraph import supergraph_sdl
from tests.conformance.random_federation.model import Federation, Field, Key, Subgraph, TypeDef
from tests.gateway.executor.engine_runs import Run, Scripted, run

FAILED = [{"message": "no", "path": ["first"]}]


def _supergraph(first: str) -> Supergraph:
    """`first` and `third` in subgraph a, `second` in b, all give a Ticket; `b` has its title, never
    null."""
    ticket = TypeDef("Ticket", "object", [Key("id")], {"id": Field("id", "ID!")})
    titled = replace(ticket, fields={**ticket.fields, "title": Field("title", "String!")})
    a = Subgraph("a", {"Ticket": ticket, "Mutation": _mutation("first", first)})
    a.types["Query"] = TypeDef("Query", "object", fields={"ready": Field("ready", "Boolean")})
    a.types["Mutation"].fields["third"] = Field("third", "Ticket")
    b = Subgraph("b", {"Ticket": titled, "Mutation": _mutation("second", "Ticket")})
    return load_supergraph(supergraph_sdl(Federation([a, b])))


def _mutation(name: str, type_text: str) -> TypeDef:
    return TypeDef("Mutation", "object", fields={name: Field(name, type_text)})


def _entities(request: dict[str, Any]) -> bool:
    return "_entities" in request["query"]


async def _run(
    first: str, source: str, a: Any, title: Any = "t", **variables: bool
) -> tuple[Run, list[str]]:
    order: list[str] = []

    def reply_b(request: dict[str, Any]) -> Any:
        if _entities(request):
            return {"data": {"_entities": [{"title": title}]}}
        order.append("second")
        return {"data": {"second": {"id": "2"}}}

    def reply_a(_: dict[str, Any]) -> Any:
        order.append("first")
        return a

    transports = {"a": Scripted(reply_a), "b": Scripted(reply_b)}
    return await run(_supergraph(first), source, transports, variables=variables), order


BOTH = "mutation { first { id } second { id } }"
TITLES = "mutation { first { id title } second { id } }"


async def test_a_nullable_field_that_failed_stops_nothing() -> None:
    found, order = await _run("Ticket", BOTH, {"data": {"first": None}, "errors": FAILED})
    assert order == ["first", "second"]
    assert found.data == {"first": None, "second": {"id": "2"}}
    assert found.errors == [("SUBGRAPH_ERROR", ["first"])]


async def test_a_field_that_must_not_be_null_stops_what_follows() -> None:
    found, order = await _run("Ticket!", BOTH, {"data": None, "errors": FAILED})
    assert order == ["first"]
    assert found.data is None
    assert found.errors == [("SUBGRAPH_ERROR", ["first"])]


async def test_null_that_comes_up_from_a_later_fetch_stops_too() -> None:
    answer = {"data": {"first": {"id": "1"}}}
    found, order = await _run("Ticket!", TITLES, answer, title=None)
    assert order == ["first"]
    assert found.data is None
    found, order = await _run("Ticket!", TITLES, answer)
    assert order == ["first", "second"]


async def test_without_the_check_the_second_effect_would_happen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted twin: nobody looks whether null has reached the root."""
    monkeypatch.setattr(serial.Stop, "is_reached", lambda *_: False)
    _, order = await _run("Ticket!", BOTH, {"data": None, "errors": FAILED})
    assert order == ["first", "second"]


AGAIN = "mutation ($x: Boolean!) { first @include(if: $x) { id } second { id } first { id title } }"


@pytest.mark.parametrize(
    ("is_first", "expected"), [(True, ["first", "second"]), (False, ["second", "first"])]
)
async def test_a_field_that_must_not_be_null_is_not_missed_before_its_turn(
    is_first: bool, expected: list[str]
) -> None:
    answer = {"data": {"first": {"id": "1"}}}
    found, order = await _run("Ticket!", AGAIN, answer, x=is_first)
    assert order == expected
    assert found.data == {"first": {"id": "1", "title": "t"}, "second": {"id": "2"}}
    assert found.errors == []


async def test_null_stops_what_follows_the_turn_that_held() -> None:
    failed = {"data": None, "errors": FAILED}
    _, order = await _run("Ticket!", AGAIN, failed, x=True)
    assert order == ["first"]
    _, order = await _run("Ticket!", AGAIN, failed, x=False)
    assert order == ["second", "first"]


@pytest.mark.parametrize("is_first", [True, False])
async def test_a_failure_beside_the_turn_that_did_not_hold_is_none_of_the_field(
    is_first: bool,
) -> None:
    def reply(request: dict[str, Any]) -> Any:
        if "third" in request["query"]:
            return {"data": None, "errors": [{"message": "no"}]}
        return {"data": {"first": None}}

    source = (
        "mutation ($x: Boolean!)"
        " { first @include(if: $x) { id } third { id } first { id } again: third { id } }"
    )
    transports = {"a": Scripted(reply)}
    found = await run(_supergraph("Ticket"), source, transports, variables={"x": is_first})
    assert found.data == {"first": None, "third": None, "again": None}
    assert found.errors == [("SUBGRAPH_ERROR", ["third"]), ("SUBGRAPH_ERROR", ["again"])]


async def test_a_stop_that_ignores_turns_would_miss_the_second_effect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted twin: a field counts as asked for before its turn."""
    monkeypatch.setattr(serial, "any_of", lambda *_: ALWAYS)
    _, order = await _run("Ticket!", AGAIN, {"data": {"first": {"id": "1"}}}, x=False)
    assert order == []


@pytest.mark.parametrize(
    ("first", "expected"), [("Ticket", {"first": None, "second": {"id": "2"}}), ("Ticket!", None)]
)
async def test_a_refused_field_that_must_not_be_null_takes_its_object(
    first: str, expected: Any
) -> None:
    def refuse_id(operation: NormalizedOperation) -> NormalizedOperation:
        root = operation.root
        field = next(one for one in root.fields if one.name == "first")
        assert field.selection is not None
        ticket = field.selection.by_type["Ticket"]
        hidden: list[SelectedField] = [one for one in ticket.fields if one.name == "id"]
        smaller = replace(ticket, fields=(), refused=((0, hidden[0]),))
        changed = replace(field, selection=Selection({"Ticket": smaller}))
        fields = tuple(changed if one is field else one for one in root.fields)
        return replace(operation, root=replace(root, fields=fields))

    scripted = {
        "a": Scripted(lambda _: {"data": {"first": {"__typename": "Ticket"}}}),
        "b": Scripted(lambda _: {"data": {"second": {"id": "2"}}}),
    }
    found = await run(_supergraph(first), BOTH, scripted, change=refuse_id)
    assert found.data == expected
    assert found.errors == []
