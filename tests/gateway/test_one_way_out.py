"""There is one way from a service's answer to a caller: fence and gate lie on it (PC-10, LK-34).

The first test reads every module of the gateway; the others hold the way itself.
"""

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import gateway
from gateway.prepare import Preparer
from gateway.rounds import Rounds
from infra.errors import BugError
from tests.fixtures.gateway_app import GatewayWorld

ROOT = Path(gateway.__file__).parent
# What reads from services, and the modules that may: the engine itself, and the rounds between
# fetch and gate. The pipeline alone makes rounds; subscriptions ask it for each event.
READS = {"fetch_all", "project"}
MAY_READ = {"rounds.py", "executor/__init__.py"}
RUNS = {"run_ungated"}
MAY_RUN = {"pipeline.py", "rounds.py"}


def names_used(source: str) -> set[str]:
    """Return every name that a module imports, reads or asks an object for."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.ImportFrom):
            found |= {each.name for each in node.names}
    return found


def goes_round(modules: Iterable[tuple[str, str]]) -> list[str]:
    """Return modules that could bring an answer out past fence and gate."""
    found = []
    for name, source in modules:
        used = names_used(source)
        if used & READS and name not in MAY_READ and not name.startswith("executor/"):
            found.append(f"{name} reads from services by itself")
        if used & RUNS and name not in MAY_RUN:
            found.append(f"{name} runs operations without the gate")
        if "SubgraphClient" in used and name not in {"subgraph_calls.py", "subgraph_client.py"}:
            found.append(f"{name} speaks to services by itself")
    return found


def modules() -> list[tuple[str, str]]:
    return [
        (str(file.relative_to(ROOT)), file.read_text(encoding="utf-8"))
        for file in sorted(ROOT.rglob("*.py"))
    ]


def test_pc_10_no_module_brings_an_answer_past_fence_and_gate() -> None:
    assert len(modules()) > 50
    assert goes_round(modules()) == []


@pytest.mark.parametrize(
    "source",
    [
        "from gateway.executor import fetch_all",
        "async def door(rounds):\n    return await rounds.run_ungated(1, 2, 3)",
        "import gateway.subgraph_client as s\nclient = s.SubgraphClient('x')",
    ],
)
def test_pc_10_a_door_of_its_own_would_be_noticed(source: str) -> None:
    assert goes_round([*modules(), ("web/doors/side_door.py", source)])


async def test_pc_10_what_is_about_people_never_runs_without_the_gate(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where somebody takes the way for catalogue by mistake: it stops before any request."""
    officer = await gateway_world.person("LEO")
    participant = await gateway_world.participant_of(officer)
    real = Preparer.prepare

    def mistaken(self: Preparer, operation: Any, _view: Any, *rest: Any) -> Any:
        return real(self, operation, self.table.view("LEO", has_person_purpose=True), *rest)

    async with gateway_world.gateway(consent_address=gateway_world.address("nowhere")) as running:
        monkeypatch.setattr(Preparer, "prepare", mistaken)
        with pytest.raises(BugError):
            await running.ask(
                officer, "query Q($id: ID!) { participant(id: $id) { name } }", {"id": participant}
            )
    assert gateway_world.people_http.received == []


async def test_pc_10_without_that_stop_it_would_be_noticed(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.rounds.bug", lambda _: None)
    with pytest.raises(pytest.fail.Exception):
        await test_pc_10_what_is_about_people_never_runs_without_the_gate(
            gateway_world, monkeypatch
        )


MARKS = ("ftv1", "cGVyaW9kaWMgdHJhY2U", "internal-host-7")
LIST = "{ participants { totalCount edges { node { id } } } }"


async def _what_a_service_traces_stays_inside(world: GatewayWorld) -> None:
    manager = await world.person("PM", "PMA")
    await world.participant_of(manager)
    honest = world.people_http._root["participants"]

    async def talkative(info: Any) -> Any:
        info.context.extensions.update({MARKS[0]: MARKS[1], "debug": {"host": MARKS[2]}})
        return await honest(info)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(world.people_http._root, "participants", talkative)
        async with world.gateway() as running:
            answer = await running.ask(manager, LIST)
    assert answer.body["data"]["participants"]["totalCount"] == 1
    told = str(answer.body) + str(answer.headers)
    assert not [mark for mark in MARKS if mark in told]


async def test_lk_34_what_a_service_says_beside_its_data_does_not_leave(
    gateway_world: GatewayWorld,
) -> None:
    await _what_a_service_traces_stays_inside(gateway_world)


async def test_lk_34_extensions_that_are_passed_on_would_be_noticed(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: the answer carries what services said beside theirs."""
    from gateway import rounds

    heard: list[Any] = []
    real_read, real_run = rounds._authority_of_rows, Rounds.run

    def overhear(assembled: Any) -> Any:
        heard.extend(assembled.extensions)
        return real_read(assembled)

    async def tell(*arguments: Any, **named: Any) -> Any:
        found = await real_run(*arguments, **named)
        found.errors.append({"message": str(heard), "extensions": {"code": "INTERNAL"}})
        return found

    monkeypatch.setattr(rounds, "_authority_of_rows", overhear)
    monkeypatch.setattr(Rounds, "run", tell)
    with pytest.raises(AssertionError):
        await _what_a_service_traces_stays_inside(gateway_world)


async def test_lk_34_nothing_that_a_caller_sends_beside_the_operation_reaches_a_service(
    gateway_world: GatewayWorld,
) -> None:
    """A service is sent a token of ours and where our own trace stands, so no caller asks it to
    trace.
    """
    manager = await gateway_world.person("PM", "PMA")
    await gateway_world.participant_of(manager)
    async with gateway_world.gateway() as running:
        await running.ask(manager, LIST)
        (received,) = gateway_world.people_http.received
        calls = running.pipeline._rounds._calls
        sent = calls.for_caller(received.caller).headers_for("people")
    assert set(sent) <= {"authorization", "traceparent", "tracestate"}
