"""The release gate: one transaction that checks, records and only then lets answers go."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import asyncpg

from svc_consent.authority.repository import read_facts
from svc_consent.disclosures.repository import gate as repository
from svc_consent.disclosures.repository.gate import GateFacts
from svc_consent.disclosures.rules import Call, Standing, entry_of, judge, verdict_of
from svc_consent.hot_pool import Connection, HotPool


async def pass_gate(pool: HotPool, lane: str, calls: Sequence[Call]) -> dict[str, Any]:
    """Judge and record calls in one transaction; return the revision and the verdicts.

    A call that was judged before, by its ``release_id``, gets its first verdict and no record.

    Args:
        pool: connections with short limits.
        lane: the ledger's chain of the gateway that asks.
        calls: at least one; their ids differ.

    Raises:
        AuthorityUnavailableError: nothing was recorded and nothing may leave; or it is not
            known whether it was recorded, which repeating the call tells.
    """
    try:
        return await _pass_once(pool, lane, calls)
    except asyncpg.UniqueViolationError:
        # The same call was judged through another lane at this moment; now its verdict is there.
        return await _pass_once(pool, lane, calls)


async def _pass_once(pool: HotPool, lane: str, calls: Sequence[Call]) -> dict[str, Any]:
    async with pool.connection() as connection:
        await repository.begin_under_lock(connection)
        chain = await repository.lock_lane(connection, lane)
        facts = await repository.read_gate_facts(
            connection,
            sorted({key for call in calls for key in call.keys}),
            sorted({call.grant_id for call in calls}),
            sorted({record.participant for call in calls for record in call.records}),
            [call.release_id for call in calls],
        )
        known = {entry["releaseId"]: entry for entry in facts.known}
        fresh = [call for call in calls if call.release_id not in known]
        standing = await _standing(connection, facts, fresh)
        pseudonyms = await _pseudonyms(connection, facts, fresh)
        for call in fresh:
            entry = entry_of(call, judge(call, standing), standing, pseudonyms)
            known[call.release_id] = entry
            chain.append(entry)
        if fresh:
            await repository.append(connection, chain)
        participants = {pseudonym: each for each, pseudonym in pseudonyms.items()}
        if len(fresh) < len(calls):
            named = [p["participant"] for e in facts.known for p in e["parts"] if p["participant"]]
            participants |= await repository.participants_of(connection, named)
        await repository.commit(connection)
    return {
        "revision": facts.revision,
        "verdicts": [verdict_of(known[call.release_id], participants) for call in calls],
    }


async def _standing(connection: Connection, facts: GateFacts, calls: Sequence[Call]) -> Standing:
    standing = Standing(facts.now, facts.revision, facts.keys, facts.live_grants)
    about = [call for call in calls if call.records]
    if not about:
        return standing
    grounds = await read_facts(
        connection,
        sorted({record.participant for call in about for record in call.records}),
        sorted({holder for call in about for holder in call.asker.holders}),
        sorted({call.asker.agency_id for call in about}),
        sorted({call.asker.purpose for call in about if call.asker.purpose is not None}),
    )
    return replace(standing, now=grounds.now, windows=grounds.windows, grounds=grounds.grounds)


async def _pseudonyms(
    connection: Connection, facts: GateFacts, calls: Sequence[Call]
) -> dict[str, str]:
    asked = {record.participant for call in calls for record in call.records}
    missing = sorted(asked - facts.pseudonyms.keys())
    if not missing:
        return facts.pseudonyms
    return {**facts.pseudonyms, **await repository.make_pseudonyms(connection, missing)}
