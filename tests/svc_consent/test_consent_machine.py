"""Consent as a state machine: whatever is done in whatever order, all paths of reading agree.

Hypothesis chooses what happens to one participant; the model beside it is a few sets. After each
step, two agencies ask by every path (the decision, the gate, the narrowed list), and each must say
what the model says (CN-10). A planted rule that forgets denials is caught.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any, ClassVar, TypeVar

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import literal, select, text
from sqlalchemy.types import Uuid

from infra.authority.changes import put_agency_window
from infra.authority.facts import delete_agency_window
from infra.authority.predicate import visible
from infra.vocabulary import Category, Purpose, Role
from svc_consent.authority import decision
from svc_consent.authority.rules import agency_key
from tests.fixtures.consent_world import LONG_AGO, ConsentWorld, Person
from tests.fixtures.release_case import Case, new_case
from tests.fixtures.service_app import ServiceAppFactory, caller

CATEGORIES = ("IDENTITY", "ENROLLMENT", "HOUSING")
ACCESS = dict.fromkeys(CATEGORIES, "r")
PURPOSE = "LEAD_COORD"
NAMES = ("first", "second")
# Few and the same at each run, not made smaller when one fails (that takes minutes); what a longer
# look would find, the oracle's worlds look for.
FEW = settings(
    max_examples=5, stateful_step_count=12, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck), print_blob=False, phases=[Phase.generate],
    report_multiple_bugs=False,
)  # fmt: skip

T = TypeVar("T")
some = st.sets(st.sampled_from(CATEGORIES), min_size=1).map(sorted)
who = st.sampled_from(NAMES)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


class Consent(RuleBasedStateMachine):
    """One participant, two agencies that may be told, and what the model knows of it."""

    world: ClassVar[ConsentWorld]
    loop: ClassVar[asyncio.AbstractEventLoop]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run in the loop of the tests; the machine itself runs in a thread."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(120)

    @initialize()
    def begin(self) -> None:
        self.releases: dict[str, set[tuple[str, str]]] = {}
        self.versions: dict[str, int] = {}
        self.restrictions: dict[str, tuple[str, str | None, int]] = {}
        self.frozen: set[str] = set()
        self.away: set[str] = set()
        self.people: dict[str, Person] = {}
        self.case: Case = self.run(new_case(self.world))
        for name in NAMES:
            self.people[name] = self.run(self._somebody())

    async def _somebody(self) -> Person:
        return await self.world.make_person("LEO", await self.world.make_agency("LE"))

    def do(self, name: str, given: dict[str, Any], selection: str) -> dict[str, Any]:
        payload = self.run(self.case.run(name, given, selection))
        assert payload["userErrors"] == [], payload
        return payload

    @rule(told=st.dictionaries(who, some, min_size=1), beside=st.booleans())
    def sign(self, told: dict[str, list[str]], beside: bool) -> None:
        provisions = [
            self.case.provision(recipientAgencyId=self.people[name].agency_id, categories=found)
            for name, found in sorted(told.items())
        ]
        form = self.case.form(provisions=provisions, standsBeside=beside)
        release = self.do("signRelease", form, "release { id version }")["release"]
        if not beside and self.releases:
            del self.releases[list(self.releases)[-1]]  # the newest in force gives way
        cells = {(name, category) for name, found in told.items() for category in found}
        self.releases[release["id"]] = cells
        self.versions[release["id"]] = release["version"]

    @precondition(lambda self: self.releases)
    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(sorted(self.releases)))
        given = {"releaseId": chosen, "expectedVersion": self.versions[chosen], "reason": "No"}
        self.do("revokeRelease", given, "release { id }")
        del self.releases[chosen]

    @precondition(lambda self: self.releases)
    @rule()
    def revoke_everything(self) -> None:
        given = {"participantId": self.case.participant, "reason": "Nothing more"}
        self.do("revokeAllReleases", given, "releases { id }")
        self.releases.clear()

    @rule(name=who, category=st.none() | st.sampled_from(CATEGORIES))
    def restrict(self, name: str, category: str | None) -> None:
        given = {
            "participantId": self.case.participant, "agencyId": self.people[name].agency_id,
            "reason": "Less, please", "category": category,
        }  # fmt: skip
        made = self.do("restrictDisclosure", given, "restriction { id version }")["restriction"]
        self.restrictions[made["id"]] = (name, category, made["version"])

    @precondition(lambda self: self.restrictions)
    @rule(data=st.data())
    def lift(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(sorted(self.restrictions)))
        version = self.restrictions.pop(chosen)[2]
        given = {"restrictionId": chosen, "expectedVersion": version}
        self.do("liftRestriction", given, "restriction { id }")

    @rule(name=who)
    def report_misuse(self, name: str) -> None:
        given = {
            "participantId": self.case.participant, "agencyId": self.people[name].agency_id,
            "what": "It was used against the person",
        }  # fmt: skip
        self.do("reportMisuse", given, "isRecorded")
        self.frozen.add(name)

    @rule(name=who)
    def leave_or_come_back(self, name: str) -> None:
        agency = self.people[name].agency_id
        self.run(self._move(agency, is_back=name in self.away))
        self.away ^= {name}

    async def _move(self, agency: str, *, is_back: bool) -> None:
        async with self.world.service.chassis.database.read() as session:
            mou = await session.scalar(
                text(
                    "select m.id from mou m join membership s on s.id = m.membership_id"
                    " where s.agency_id = cast(:agency as uuid)"
                ),
                {"agency": agency},
            )
        made = put_agency_window(mou, agency, str(self.world.site_id), LONG_AGO, None)
        await self.world.change(
            [agency_key(agency)], [made if is_back else delete_agency_window(mou)]
        )

    def expected(self, name: str) -> list[str]:
        """Return what the model says that an agency is told."""
        if name in self.frozen or name in self.away:
            return []
        permitted = {c for cells in self.releases.values() for agency, c in cells if agency == name}
        less = [c for agency, c, _ in self.restrictions.values() if agency == name]
        if None in less:
            return []
        return sorted(permitted - set(less))

    @invariant()
    def every_path_says_what_the_model_says(self) -> None:
        if not getattr(self, "people", None) or len(self.people) < len(NAMES):
            return
        for name, person in self.people.items():
            expected = self.expected(name)
            found = self.run(self._by_every_path(person))
            assert found == dict.fromkeys(found, expected), (name, found, expected)

    async def _by_every_path(self, person: Person) -> dict[str, list[str]]:
        participant, world = self.case.participant, self.world
        answer = await world.decisions(person, [participant], ACCESS, PURPOSE)
        call = world.gate_call(
            person, await world.head(), [participant], categories=CATEGORIES, access=ACCESS
        )
        (verdict,) = await world.gate(call)
        # Whose agency is away holds no grant any more: the gate says so instead, and tells nothing.
        is_told = verdict["verdict"] == "RELEASED"
        lapsed = {c for each in verdict["lapsed"] for c in each["categories"]}
        asking = caller(
            Role(person.role), {Category(each): "r" for each in CATEGORIES},
            subject=person.subject, agency_id=person.agency_id, site_id=str(world.site_id),
            purpose=Purpose(PURPOSE),
        )  # fmt: skip
        listed = []
        async with world.service.chassis.database.read() as session:
            for category in map(Category, CATEGORIES):
                row = literal(participant, Uuid(as_uuid=False))
                if await session.scalar(select(literal(1)).where(visible(asking, category, row))):
                    listed.append(category.value)
        return {
            "decision": sorted(answer["decisions"][0]["categories"]),
            "gate": sorted(set(CATEGORIES) - lapsed) if is_told else [],
            "list": sorted(listed),
        }


async def walked(world: ConsentWorld) -> None:
    Consent.world, Consent.loop = world, asyncio.get_running_loop()
    await asyncio.to_thread(run_state_machine_as_test, Consent, settings=FEW)


async def test_cn_10_all_paths_agree_with_the_model_after_every_step(world: ConsentWorld) -> None:
    await walked(world)


async def test_cn_10_a_decision_that_forgets_denials_would_be_noticed(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decision._Held, "deny", lambda *_: None)
    with pytest.raises(AssertionError):
        await walked(world)
