"""The release gate: one transaction that checks, records and only then lets answers go."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import asyncpg

from svc_consent.authority.repository import read_facts
from svc_consent.disclosures import repository
from svc_consent.disclosures.repository import GateFacts
from svc_consent.disclosures.rules import (
    Call,
    Judgement,
    Standing,
    entries_of,
    judge,
)
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
        fresh = [call for call in calls if call.release_id not in facts.known]
        standing = await _standing(connection, facts, fresh)
        judged = [(call, judge(call, standing)) for call in fresh]
        pseudonyms = await _pseudonyms(connection, facts, fresh)
        for call, judgement in judged:
            for entry in entries_of(call, judgement, standing, pseudonyms):
                chain.append(entry)
        if judged:
            rows = [_row(call, found, standing, pseudonyms) for call, found in judged]
            await repository.append(connection, chain, rows)
        await repository.commit(connection)
    verdicts = {call.release_id: _presented(call, found, standing) for call, found in judged}
    return {
        "revision": facts.revision,
        "verdicts": [{**facts.known, **verdicts}[call.release_id] for call in calls],
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


def _row(
    call: Call, judgement: Judgement, standing: Standing, pseudonyms: dict[str, str]
) -> dict[str, Any]:
    return {
        "release_id": call.release_id,
        "verdict": judgement.verdict.value,
        "revision": standing.revision,
        "lapsed": [
            {"pseudonym": pseudonyms[participant], "categories": categories}
            for participant, categories in judgement.lapsed
        ],
    }


def _presented(call: Call, judgement: Judgement, standing: Standing) -> dict[str, Any]:
    return {
        "releaseId": call.release_id,
        "verdict": judgement.verdict.value,
        "revision": standing.revision,
        "lapsed": [
            {"participant": participant, "categories": categories}
            for participant, categories in judgement.lapsed
        ],
    }
