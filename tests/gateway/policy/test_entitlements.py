"""`@authenticated`, `@requiresScopes` and `@policy` leave refused fields out before planning."""

from typing import Any

import pytest

from gateway.executor import ExecutionContext, PermitAll, compile_plan, fetch_all, project
from gateway.planner import normalize, parse_operation, plan
from gateway.policy import entitlements
from gateway.policy.entitlements import Entitlements, leave_out_refused, satisfied_rules
from gateway.supergraph import Supergraph, SupergraphError, load_supergraph
from tests.conformance.load_cases import CASES, Case, DirectTransport

CASE = Case(CASES / "access-rules")
NOBODY = Entitlements(is_authenticated=False)
SOMEBODY = Entitlements(is_authenticated=True)


def without(text: str, instead: str) -> Supergraph:
    """The case's supergraph as a composer might write it that carries less over."""
    composed = (CASE.path / "supergraph.graphql").read_text()
    assert text in composed
    return load_supergraph(composed.replace(text, instead))


async def ask(
    source: str, caller: Entitlements, supergraph: Supergraph = CASE.supergraph
) -> tuple[Any, list[str], list[str]]:
    """Data, refused paths, and all that was asked of subgraphs."""
    normalized = normalize(parse_operation(source, None, supergraph))
    satisfied = satisfied_rules(supergraph, caller)
    normalized, refusals = leave_out_refused(normalized, supergraph, satisfied)
    compiled = compile_plan(plan(normalized, supergraph), normalized, supergraph)
    subgraphs = CASE.subgraphs()
    context = ExecutionContext(
        transports={name: DirectTransport(one) for name, one in subgraphs.items()}
    )
    guard = PermitAll()
    projected = project(compiled, await fetch_all(compiled, {}, context, guard), {}, guard)
    asked = [request["query"] for one in subgraphs.values() for request in one.requests]
    return projected.data, [".".join(one.path) for one in refusals], asked


async def test_nobody_reads_what_needs_a_caller() -> None:
    data, refused, asked = await ask("{ open ships { name cargo } named }", NOBODY)
    assert data == {"open": 1, "ships": [{"name": "Ann", "cargo": None}], "named": None}
    assert refused == ["ships.cargo", "named"]
    assert not any("cargo" in text or "named" in text for text in asked)


async def test_somebody_reads_what_needs_a_caller() -> None:
    data, refused, _ = await ask("{ ships { name cargo duty } named }", SOMEBODY)
    assert data["ships"] == [{"name": "Ann", "cargo": "tea", "duty": 7}]
    assert data["named"] == "X"
    assert refused == []


@pytest.mark.parametrize(
    ("scopes", "is_answered"),
    [((), False), (("ledger:read",), True), (("audit",), False), (("audit", "all"), True)],
)
async def test_one_alternative_suffices_but_it_has_to_be_whole(
    scopes: tuple[str, ...], is_answered: bool
) -> None:
    caller = Entitlements(is_authenticated=True, scopes=frozenset(scopes))
    data, refused, _ = await ask("{ ledger { note } }", caller)
    assert data == {"ledger": {"note": "n"} if is_answered else None}
    assert refused == ([] if is_answered else ["ledger"])


async def test_a_refused_field_that_must_not_be_null_takes_its_object_along() -> None:
    caller = Entitlements(is_authenticated=True, scopes=frozenset({"ledger:read"}))
    data, refused, _ = await ask("{ open ledger { note total } }", caller)
    assert data == {"open": 1, "ledger": None}
    assert refused == ["ledger.total"]
    data, refused, _ = await ask("{ open ships { captain { name } } }", SOMEBODY)
    assert data == {"open": 1, "ships": None}
    assert refused == ["ships.captain"]


async def test_a_policy_is_held_by_name() -> None:
    caller = Entitlements(is_authenticated=True, policies=frozenset({"crew"}))
    data, refused, _ = await ask("{ ships { captain { name } } }", caller)
    assert data == {"ships": [{"captain": {"name": "Bo"}}]}
    assert refused == []


OPEN_DUTY = without(
    'duty: Int @join__field(graph: B, requires: "cargo") @authenticated',
    'duty: Int @join__field(graph: B, requires: "cargo")',
)


async def test_what_a_requirement_reads_refuses_the_field_that_needs_it() -> None:
    data, refused, asked = await ask("{ ships { id duty } }", NOBODY, OPEN_DUTY)
    assert data == {"ships": [{"id": "s1", "duty": None}]}
    assert refused == ["ships.duty"]
    assert not any("cargo" in text for text in asked)


OPEN_THING = without(
    """  @join__type(graph: A)
  @authenticated
{
  id: ID!
}""",
    """  @join__type(graph: A)
{
  id: ID!
}""",
)


async def test_a_rule_on_a_type_holds_behind_an_interface() -> None:
    source = "{ things { __typename ... on Crate { weight } } }"
    data, refused, asked = await ask(source, NOBODY, OPEN_THING)
    assert data["things"] == [{"__typename": "Ship"}, {"__typename": "Crate", "weight": None}]
    assert refused == ["things.weight"]
    assert not any("weight" in text for text in asked)


async def test_a_pass_that_forgets_types_would_be_noticed(monkeypatch: Any) -> None:
    def names(self: Any, type_name: str, field_name: str) -> list[str]:
        return [f"{type_name}.{field_name}"]

    monkeypatch.setattr(entitlements._Pass, "_names", names)
    with pytest.raises(AssertionError):
        await test_a_rule_on_a_type_holds_behind_an_interface()


async def test_a_pass_that_forgets_requirements_would_be_noticed(monkeypatch: Any) -> None:
    monkeypatch.setattr(Supergraph, "requires", lambda *_: [])
    with pytest.raises(AssertionError):
        await test_what_a_requirement_reads_refuses_the_field_that_needs_it()


def test_a_rule_that_cannot_be_read_refuses_to_load() -> None:
    with pytest.raises(SupergraphError) as refused:
        without('scopes: [["total"]]', 'scopes: "total"')
    assert refused.value.coordinate == "Ledger.total"
