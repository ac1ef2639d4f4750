"""What a request relies on: decisions asked for once, kept while they hold, narrowed by the gate.

And the two caches by themselves, at their bounds; with a database they are in `test_caches`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from gateway.consent_client import Claimed, ConsentClient, Decision
from gateway.errors import RequestRefusedError
from gateway.policy.access_table import BITS
from gateway.principal import Directory, Grant
from gateway.release import decisions as cache_module
from gateway.release.decisions import (
    MAX_PARTICIPANTS_EACH,
    CachedDecision,
    ConsentGuard,
    DecisionCache,
    RecipientKey,
)
from gateway.release.directory import DirectoryCache, choose_grant
from infra import clock
from infra.vocabulary import Category, Role

ME = RecipientKey("me", "a", "CM", "CAREMGT")
IDENTITY, NOTES = BITS[Category.IDENTITY], BITS[Category.CASE_NOTES]
CONTEXT = {"who": "me"}


class Decides:
    """The consent service as far as these ask it: decides alike for all, and notes who asks."""

    def __init__(self, *categories: Category, revision: int = 5) -> None:
        self.categories, self.revision = frozenset(categories), revision
        self.valid_until: datetime | None = None
        self.asked: list[list[str]] = []

    async def decisions(self, context: object, ids: Sequence[str]) -> Mapping[str, Decision]:
        """Decide about participants."""
        assert context is CONTEXT
        self.asked.append(list(ids))
        decision = Decision(self.categories, self.revision, self.valid_until)
        return dict.fromkeys(ids, decision)


def _guard(client: Decides, cache: DecisionCache | None = None) -> ConsentGuard:
    return ConsentGuard(cache or DecisionCache(), cast("ConsentClient", client), ME, CONTEXT)


async def test_each_participant_is_asked_for_once_and_all_together() -> None:
    client = Decides(Category.IDENTITY, Category.CASE_NOTES, Category.STRUCTURE)
    cache = DecisionCache()
    guard = _guard(client, cache)
    await guard.load(["p", "q"])
    await guard.load(["q", "r", "p"])
    await guard.load(["r"])
    assert client.asked == [["p", "q"], ["r"]]
    assert guard.mask("p") == IDENTITY | NOTES
    assert guard.relied_on["p"] == CachedDecision(IDENTITY | NOTES, 5, None)
    assert cache.get(ME, "p") == guard.relied_on["p"]


async def test_what_is_known_is_relied_on_and_the_rest_is_asked_for() -> None:
    client, cache = Decides(Category.IDENTITY), DecisionCache()
    cache.put(ME, "p", CachedDecision(NOTES, 3, None))
    guard = _guard(client, cache)
    await guard.load(["p", "q"])
    assert client.asked == [["q"]]
    assert (guard.mask("p"), guard.mask("q")) == (NOTES, IDENTITY)
    assert guard.relied_on["p"].revision == 3


@pytest.mark.parametrize("granted", [(), (Category.STRUCTURE,), *((each,) for each in BITS)])
async def test_no_bit_is_granted_beyond_what_was_decided(granted: tuple[Category, ...]) -> None:
    """Each category by itself, none at all, and one that has no bit."""
    guard = _guard(Decides(*granted))
    await guard.load(["p"])
    assert guard.mask("p") == sum(BITS.get(each, 0) for each in granted)


async def test_what_a_request_relies_on_stays_while_the_cache_forgets() -> None:
    """The gate is told of one revision for a participant, not of several."""
    client, cache = Decides(Category.IDENTITY), DecisionCache()
    guard = _guard(client, cache)
    await guard.load(["p"])
    cache.forget_all()
    client.categories, client.revision = frozenset({Category.CASE_NOTES}), 6
    cache.put(ME, "p", CachedDecision(NOTES, 6, None))
    await guard.load(["p"])
    cache.forget_all()
    await guard.load(["p"])
    assert client.asked == [["p"]]
    assert guard.relied_on["p"] == CachedDecision(IDENTITY, 5, None)


def test_one_without_an_agency_is_not_everybody_without_one() -> None:
    """A subject that is forgotten takes nobody along who has an empty name somewhere."""
    cache = DecisionCache()
    others = [RecipientKey("other", "", "PAR", "PATRQT"), RecipientKey("", "b", "SVC", "COC")]
    for key in (ME, *others):
        cache.put(key, "p", CachedDecision(1, 1, None))
    cache.forget_recipients(subject="me")
    assert [cache.get(key, "p") is not None for key in (ME, *others)] == [False, True, True]
    cache.forget_recipients(agency_id="a")
    assert [cache.get(key, "p") is not None for key in others] == [True, True]


def test_nobody_who_was_never_decided_grants_anything() -> None:
    assert _guard(Decides(Category.IDENTITY)).mask("p") == 0


async def test_what_the_gate_found_lapsed_is_gone_here_and_for_the_next() -> None:
    client, cache = Decides(Category.IDENTITY, Category.CASE_NOTES), DecisionCache()
    guard = _guard(client, cache)
    client.valid_until = clock.now() + timedelta(hours=1)
    await guard.load(["p", "q"])
    guard.narrow("p", NOTES)
    assert guard.mask("p") == IDENTITY
    assert guard.relied_on["p"].valid_until == client.valid_until
    assert guard.mask("q") == IDENTITY | NOTES
    assert cache.get(ME, "p") is None
    assert cache.get(ME, "q") is not None
    guard.narrow("somebody else", NOTES)
    assert guard.mask("somebody else") == 0


def _minutes(count: float) -> datetime:
    return clock.now() + timedelta(minutes=count)


def test_a_decision_serves_until_half_a_second_before_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ends_at = _minutes(1)
    for seconds, serves in ((0.51, True), (0.5, True), (0.49, False), (-5, False)):
        cache = DecisionCache()
        cache.put(ME, "p", CachedDecision(1, 1, ends_at))
        monkeypatch.setattr(clock, "now", lambda s=seconds: ends_at - timedelta(seconds=s))
        assert (cache.get(ME, "p") is not None) is serves
        monkeypatch.undo()


def test_the_recipient_that_was_used_longest_ago_leaves_first() -> None:
    cache = DecisionCache(max_recipients=2)
    keys = [RecipientKey(name, "a", "CM", "CAREMGT") for name in ("x", "y", "z")]
    for number in (0, 1, 0, 2):
        cache.put(keys[number], f"p{number}", CachedDecision(1, 1, None))
    held = [cache.get(key, f"p{number}") is not None for number, key in enumerate(keys)]
    assert held == [True, False, True]
    assert (cache_module.MAX_RECIPIENTS, MAX_PARTICIPANTS_EACH) == (2_000, 5_000)
    assert DecisionCache()._max_recipients == 2_000


def test_a_recipients_decisions_are_bounded() -> None:
    cache = DecisionCache()
    for number in range(MAX_PARTICIPANTS_EACH):
        cache.put(ME, str(number), CachedDecision(1, 1, None))
    assert cache.get(ME, "0") is not None
    cache.put(ME, "one more", CachedDecision(1, 1, None))
    assert cache.get(ME, "0") is None
    assert cache.get(ME, "one more") is not None


def test_everything_is_forgotten_after_a_gap() -> None:
    cache = DecisionCache()
    assert cache.seen_revision == 0
    cache.put(ME, "p", CachedDecision(1, 0, None))
    cache.forget_all()
    assert cache.get(ME, "p") is None


GRANTS = {
    name: Grant(name, Role.CM, f"agency of {name}", "site", is_liaison=False, service_field=None)
    for name in ("b", "a")
}


class Knows:
    """The directory as far as these ask it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, tuple[Claimed, ...]]] = []
        self.revision = 5
        self.valid_until: datetime | None = None
        self.subjects: dict[str, str | None] = {}

    async def directory(self, issuer: str, subject: str, told: tuple[Claimed, ...]) -> Directory:
        """Say who somebody is."""
        self.asked.append((issuer, subject, told))
        return _directory(
            self.subjects.get(subject, f"account of {subject}"),
            revision=self.revision, valid_until=self.valid_until,
        )  # fmt: skip


def _directory(subject: str | None = "me", grants: Any = GRANTS, **changes: Any) -> Directory:
    given = {"is_blocked": False, "revision": 5, "valid_until": None, **changes}
    return Directory(subject=subject, grants=grants, **given)


def _cache(client: Knows, **changes: Any) -> DirectoryCache:
    return DirectoryCache(cast("ConsentClient", client), **changes)


async def test_an_entry_is_of_one_issuer_one_subject_and_the_claims_it_was_given_for() -> None:
    client = Knows()
    cache = _cache(client)
    claims: tuple[Claimed, ...] = (("CM", "agency", "site"),)
    for _ in range(2):
        await cache.directory("dev", "x")
        await cache.directory("other", "x")
        await cache.directory("dev", "y")
    assert len(client.asked) == 3
    await cache.directory("dev", "x", claims)
    await cache.directory("dev", "x", list(claims))
    assert client.asked[3:] == [("dev", "x", claims)]
    await cache.directory("dev", "x")
    assert len(client.asked) == 5


async def test_an_entry_ends_half_a_second_before_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = Knows()
    client.valid_until = ends_at = _minutes(1)
    cache = _cache(client)
    for seconds, asked in ((30, 1), (0.5, 1), (0.49, 2)):
        monkeypatch.setattr(clock, "now", lambda s=seconds: ends_at - timedelta(seconds=s))
        await cache.directory("dev", "x")
        assert len(client.asked) == asked


async def test_what_the_feed_has_gone_past_serves_once() -> None:
    client = Knows()
    cache = _cache(client)
    assert cache.seen_revision == 0
    cache.seen_revision = 6
    for _ in range(2):
        await cache.directory("dev", "x")
    client.revision = 6
    for _ in range(2):
        await cache.directory("dev", "x")
    assert len(client.asked) == 3


async def test_the_answer_is_who_was_asked_for_however_it_is_come_by() -> None:
    client = Knows()
    cache = _cache(client)
    for subject in ("x", "y"):
        for _ in range(2):  # asked for, and kept
            assert (await cache.directory("dev", subject)).subject == f"account of {subject}"
    assert len(client.asked) == 2
    cache.seen_revision = client.revision + 1
    assert (await cache.directory("dev", "z")).subject == "account of z"  # and not kept at all


async def test_entries_are_forgotten_one_by_one_by_account_or_all() -> None:
    client = Knows()
    client.subjects["z"] = None
    cache = _cache(client)

    async def asked_again() -> set[str]:
        before = len(client.asked)
        for subject in ("x", "y", "z"):
            await cache.directory("dev", subject)
        return {subject for _, subject, _ in client.asked[before:]}

    assert await asked_again() == {"x", "y", "z"}
    cache.forget("dev", "x")
    cache.forget("dev", "never seen")
    assert await asked_again() == {"x"}
    cache.forget_subject("account of y")
    assert await asked_again() == {"y", "z"}
    cache.forget_all()
    assert await asked_again() == {"x", "y", "z"}


async def test_the_entry_that_was_used_longest_ago_leaves_first() -> None:
    client = Knows()
    cache = _cache(client, max_entries=2)
    for subject in ("x", "y", "x", "z", "x", "y"):
        await cache.directory("dev", subject)
    assert [subject for _, subject, _ in client.asked] == ["x", "y", "z", "y"]


def _refused(directory: Directory, acting: str | None = None) -> tuple[int, str]:
    with pytest.raises(RequestRefusedError) as refused:
        choose_grant(directory, acting)
    return refused.value.status, refused.value.errors[0]["extensions"]["code"]


def test_one_request_acts_under_one_grant() -> None:
    one = {"a": GRANTS["a"]}
    assert choose_grant(_directory(grants=one), None).grant is GRANTS["a"]
    chosen = choose_grant(_directory(valid_until=_minutes(1)), "b")
    assert (chosen.grant, chosen.revision) == (GRANTS["b"], 5)
    assert chosen.valid_until is not None
    assert _refused(_directory(is_blocked=True)) == (403, "SUBJECT_BLOCKED")
    assert _refused(_directory(None)) == (403, "GRANT_REQUIRED")
    assert _refused(_directory(grants={})) == (403, "GRANT_REQUIRED")
    assert _refused(_directory(), "c") == (403, "GRANT_REQUIRED")
    assert _refused(_directory(grants=one), "c") == (403, "GRANT_REQUIRED")
    assert _refused(_directory()) == (400, "GRANT_AMBIGUOUS")


def test_whoever_holds_several_is_told_which_in_order() -> None:
    nowhere = Grant("c", Role.PAR, "", "site", is_liaison=False, service_field=None)
    with pytest.raises(RequestRefusedError) as refused:
        choose_grant(_directory(grants={**GRANTS, "c": nowhere}), None)
    (said,) = refused.value.errors
    assert said["extensions"]["grants"] == [
        {"id": "a", "role": "CM", "agencyId": "agency of a", "siteId": "site"},
        {"id": "b", "role": "CM", "agencyId": "agency of b", "siteId": "site"},
        {"id": "c", "role": "PAR", "agencyId": None, "siteId": "site"},
    ]
