"""Each service, each fault, each kind of operation: the outcome that `outcomes.toml` says.

Nothing leaks: whatever is answered is part of the answer without the fault, and what was shown is
recorded. Errors are honest: they say that a service is not there. Time is bounded: the gateway
ends each operation by itself; how long it takes is nobody's business here. A mutation that was
refused is repeated under its key once the fault is gone, and has had its effect once.
"""

import asyncio
import itertools
import json
import tomllib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from infra import clock
from tests.faults.proxy import Fault, FaultProxy, proxies, shortened, spoiled
from tests.fixtures.site_days import site_today
from tests.fixtures.whole_platform import Platform
from tests.proof.processes import Cluster, environment_of, running_cluster

SERVICES = ("consent", "participants", "cases", "training")
TABLE = tomllib.loads((Path(__file__).parent / "outcomes.toml").read_text())
KINDS = ("harmless", "harmful", "changing")
HONEST = {"SERVICE_UNAVAILABLE", "INTERNAL_SUBGRAPH_FAILURE"}
_PATIENCE_SECONDS = 60

_CATALOGUE = "query {name} {{ courses(first: 2) {{ edges {{ node {{ number title }} }} }} }}"
_PERSON = """query {name}($seen: ID!, $hidden: ID!) {{
  seen: participant(id: $seen) {{ id name {{ family }} }}
  hidden: participant(id: $hidden) {{ id name {{ family }} }} }}"""
_MIXED = """query {name}($seen: ID!, $hidden: ID!) {{
  seen: participant(id: $seen) {{ id name {{ family }}
    legalCases(first: 5) {{ edges {{ node {{ id case {{ caseNumber }} }} }} }} }}
  hidden: participant(id: $hidden) {{ id name {{ family }} }}
  courses(first: 1) {{ edges {{ node {{ number }} }} }} }}"""
_ADD = """mutation {name}($input: AddGoalInput!) {{ addGoal(input: $input) {{
  goal {{ ownWords }} userErrors {{ code }} }} }}"""


@dataclass(frozen=True)
class Operation:
    """One operation of a kind: who asks what."""

    kind: str
    document: str
    persona: str
    purpose: str
    variables: dict[str, Any]


@dataclass(frozen=True)
class Came:
    """What came back."""

    operation: Operation
    name: str
    status: int
    body: dict[str, Any]

    @property
    def data(self) -> Any:
        return self.body.get("data")

    @property
    def codes(self) -> set[str]:
        return {error["extensions"]["code"] for error in self.body.get("errors", [])}


@dataclass
class Bench:
    """A gateway that reaches every service through a proxy."""

    cluster: Cluster
    proxies: dict[str, FaultProxy]
    operations: list[Operation]
    family: str
    whole: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    _numbers: Any = field(default_factory=itertools.count)

    async def ask(self, operation: Operation) -> Came:
        """Run an operation under a name of its own."""
        name = f"F{next(self._numbers)}"
        answered = await self.cluster.door(
            0,
            operation.persona,
            operation.document.format(name=name),
            operation.variables,
            operation.purpose,
        )
        assert answered is not None, "the gateway did not answer"
        came = Came(operation, name, *answered)
        seen = (came.data or {}).get("seen")
        if seen and seen["name"]:
            self.shown[name] = seen["id"]
        return came

    def new_mutation(self) -> Operation:
        """Return a change that nobody has made yet."""
        like = next(each for each in self.operations if each.kind == "mutation")
        given = {**like.variables["input"], "idempotencyKey": uuid4().hex}
        given["ownWords"] = f"I want {given['idempotencyKey']}"
        return Operation(like.kind, like.document, like.persona, like.purpose, {"input": given})

    def each_kind(self) -> list[Operation]:
        """Return one operation of each kind; the change is a new one."""
        return [
            self.new_mutation() if each.kind == "mutation" else each for each in self.operations
        ]

    async def is_whole_again(self) -> None:
        """Wait until every kind is answered as without a fault."""
        waits_until = clock.monotonic() + _PATIENCE_SECONDS
        while True:
            came = [await self.ask(each) for each in self.operations if each.kind != "mutation"]
            if all(self.outcome(each) == "whole" for each in came):
                return
            assert clock.monotonic() < waits_until, came
            await asyncio.sleep(0.1)

    def outcome(self, came: Came) -> str:
        """Say what an answer is, by what it has of the answer without a fault."""
        if came.operation.kind == "mutation":
            result = (came.data or {}).get("addGoal")
            is_done = result is not None and result["goal"] and not result["userErrors"]
            return "whole" if is_done and not came.codes else "refused"
        if came.data == self.whole[came.operation.kind] and not came.codes:
            return "whole"
        roots = (came.data or {}).values()
        return "partial" if any(root is not None for root in roots) else "refused"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bench(
    platform: Platform, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bench]:
    async with _bench_of(platform, tmp_path_factory.mktemp("faults"), {}) as made:
        yield made


@asynccontextmanager
async def _bench_of(
    platform: Platform, folder: Path, modules: dict[str, str]
) -> AsyncIterator[Bench]:
    targets = {
        name: environment_of(platform, "gateway")[f"GT_{name.upper()}_ADDRESS"] for name in SERVICES
    }
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(proxies(folder, targets))
        through = {f"GT_{name.upper()}_ADDRESS": each.address for name, each in made.items()}
        cluster = await stack.enter_async_context(
            running_cluster(platform, 1, through, modules=modules)
        )
        people = {
            "seen": platform.participant("roi_active"),
            "hidden": platform.participant("other_site"),
        }
        goal = {
            "participantId": people["seen"], "area": "HOUSING", "stage": "CONTEMPLATION",
            "setOn": site_today().isoformat(),
        }  # fmt: skip
        operations = [
            Operation("catalogue", _CATALOGUE, "case_manager", "CAREMGT", {}),
            Operation("person", _PERSON, "case_manager", "CAREMGT", people),
            Operation("mixed", _MIXED, "case_manager", "CAREMGT", people),
            Operation("mutation", _ADD, "case_manager", "CAREMGT", {"input": goal}),
        ]
        family = await platform.send(
            "case_manager_other_site",
            "query($id: ID!) { participant(id: $id) { name { family } } }",
            {"id": people["hidden"]}, purpose="CAREMGT",
        )  # fmt: skip
        found = Bench(cluster, made, operations, family.data["participant"]["name"]["family"])
        for operation in operations[:3]:
            came = await found.ask(operation)
            assert came.codes == set(), came.body
            found.whole[operation.kind] = came.data
        assert found.whole["person"]["seen"] is not None
        assert found.whole["person"]["hidden"] is None
        assert found.whole["mixed"]["seen"]["legalCases"]["edges"]
        yield found


def within(part: Any, whole: Any) -> bool:
    """Say whether everything in an answer is in another, with null anywhere."""
    if part is None:
        return True
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            within(value, whole.get(key)) for key, value in part.items()
        )
    if isinstance(part, list):
        return isinstance(whole, list) and len(part) <= len(whole) and all(map(within, part, whole))
    return bool(part == whole)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("fault", [each for kind in KINDS for each in TABLE[kind]["faults"]])
async def test_the_outcome_is_as_the_table_says(bench: Bench, service: str, fault: str) -> None:
    await as_the_table_says(bench, service, fault)


async def as_the_table_says(bench: Bench, service: str, fault: str) -> None:
    await bench.is_whole_again()
    asked = bench.each_kind()
    await bench.proxies[service].set(Fault(fault))
    try:
        answers = await asyncio.gather(*(bench.ask(each) for each in asked))
    finally:
        await bench.proxies[service].set(Fault.NONE)
    for came in answers:
        kind, outcome = came.operation.kind, bench.outcome(came)
        assert outcome in allowed(service, fault, kind), came.body
        if kind != "mutation":
            assert within(came.data, bench.whole[kind]), came.body
        assert bench.family not in json.dumps(came.body)
        assert "secret-of" not in json.dumps(came.body)
        assert came.codes <= HONEST
        assert bool(came.codes) == (outcome != "whole")
    await bench.is_whole_again()
    await once_in_effect(bench, asked[-1])


def allowed(service: str, fault: str, kind: str) -> set[str]:
    """Return what may come of an operation."""
    if fault in TABLE["harmless"]["faults"]:
        return {"whole"}
    said = {str(TABLE["services"][service][kind])}
    return said | {"whole"} if fault in TABLE["changing"]["faults"] else said


async def once_in_effect(bench: Bench, mutation: Operation) -> None:
    """A repetition under the key succeeds, whatever came of the first; it is done once."""
    for _ in range(2):
        assert bench.outcome(await bench.ask(mutation)) == "whole"
    rows = await bench.cluster.rows(
        "participants",
        "select count(*) from goal where own_words = $1",
        mutation.variables["input"]["ownWords"],
    )
    assert rows[0][0] == 1


async def test_twin_a_gateway_that_releases_on_its_own_word_is_noticed(
    platform: Platform, tmp_path: Path
) -> None:
    """Planted in a real process: while nobody decides it shows what it was told before."""
    planted = {"gateway": "tests.faults.deaf"}
    async with _bench_of(platform, tmp_path, planted) as bench:
        with pytest.raises(AssertionError, match="family"):
            await as_the_table_says(bench, "consent", "refusal")


async def test_whatever_was_shown_is_recorded(bench: Bench) -> None:
    """Runs last in this file: it looks at all that came before."""
    await bench.ask(bench.operations[1])
    assert bench.shown
    found = await bench.cluster.consent_rows(_RECORDED)
    recorded = {(row["name"], row["participant"]) for row in found}
    assert set(bench.shown.items()) <= recorded


_RECORDED = """
select entry->>'operationName' as name, p.participant_id::text as participant
from ledger_entry e join ledger_about a on a.lane = e.lane and a.sequence = e.sequence
join participant_pseudonym p on p.pseudonym = a.pseudonym
where entry->>'operationName' like 'F%'
"""


def test_the_table_names_every_fault_and_service() -> None:
    named = [each for kind in KINDS for each in TABLE[kind]["faults"]]
    assert sorted([*named, "none"]) == sorted(Fault)
    assert set(TABLE["services"]) == set(SERVICES)
    assert all(len(each) == 4 for each in TABLE["services"].values())


def test_corruption_leaves_no_json_behind() -> None:
    answer = b'HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{"data": {"a": "b"}}'
    head, _, body = spoiled(answer).partition(b"\r\n\r\n")
    assert head == answer.partition(b"\r\n\r\n")[0]
    assert len(body) == 20
    with pytest.raises(ValueError, match="utf-8"):
        json.loads(body)


def test_a_shortened_answer_is_whole_by_its_head_alone() -> None:
    answer = b'HTTP/1.1 200 OK\r\nContent-Length: 20\r\nx: y\r\n\r\n{"data": {"a": "b"}}'
    assert shortened(answer).endswith(b'Content-Length: 14\r\nx: y\r\n\r\n{"data": {"a":')


def test_twin_an_answer_with_more_than_the_whole_is_noticed() -> None:
    """What `within` looks for: a hidden person, another value, one row more."""
    whole = {"seen": {"id": "1", "rows": [{"n": 1}]}, "hidden": None}
    assert within({"seen": {"id": "1", "rows": [{"n": None}]}, "hidden": None}, whole)
    assert not within({"seen": None, "hidden": {"id": "2"}}, whole)
    assert not within({"seen": {"id": "3"}}, whole)
    assert not within({"seen": {"id": "1", "rows": [{"n": 1}, {"n": 2}]}}, whole)
