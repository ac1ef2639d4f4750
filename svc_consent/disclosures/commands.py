"""The release gate: one transaction that checks, records and only then lets answers go."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg

from svc_consent.agencies.site_settings import safe_values
from svc_consent.authority.repository import Wanted
from svc_consent.authority.rules import POLICY_KEY
from svc_consent.disclosures.repository import gate as repository
from svc_consent.disclosures.repository.gate import Checked, Reliance
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
        checked = await repository.check(connection, lane, _reliance(calls))
        known = {entry["releaseId"]: entry for entry in checked.known}
        fresh = [call for call in calls if call.release_id not in known]
        facts, chain = checked.facts, checked.chain
        standing = Standing(
            now=facts.now,
            revision=facts.revision,
            keys=checked.keys,
            live_grants=checked.live_grants,
            windows=facts.windows,
            grounds=facts.grounds,
        )
        fresh = await _capped(connection, fresh)
        pseudonyms = await _pseudonyms(connection, checked, fresh)
        for call in fresh:
            entry = entry_of(call, judge(call, standing), standing, pseudonyms)
            known[call.release_id] = entry
            chain.append(entry)
        if fresh:
            await repository.append(connection, chain)
        participants = {pseudonym: each for each, pseudonym in pseudonyms.items()}
        if checked.known:
            named = [
                part["participant"]
                for entry in checked.known
                for part in entry["parts"]
                if part["participant"]
            ]
            participants |= await repository.participants_of(connection, named)
        await repository.commit(connection)
    return {
        "revision": facts.revision,
        "verdicts": [verdict_of(known[call.release_id], participants) for call in calls],
    }


async def _capped(connection: Connection, calls: Sequence[Call]) -> list[Call]:
    """Count denied look-ups; those beyond the cap of the hour are counted and not named.

    Whoever tries ids by the thousand would fill the ledger, and learn nothing the sooner.
    """
    over: set[str] = set()
    # One order for all: two gateways that count the same people never wait for each other.
    for call in sorted(calls, key=lambda each: (each.asker.subject, each.release_id)):
        site_id = _uuid(call.site_id)
        if call.denied and site_id is not None:
            subject, tried = call.asker.subject, len(call.denied)
            attempts, cap = await repository.count_denied(connection, subject, tried, site_id)
            if attempts > (safe_values()["denied_attempts_per_hour"] if cap is None else cap):
                over.add(call.release_id)
    return [replace(call, denied=()) if call.release_id in over else call for call in calls]


def _reliance(calls: Sequence[Call]) -> Reliance:
    about = [call for call in calls if call.records]
    return Reliance(
        wanted=Wanted(
            participants=list(
                {record.participant for call in about for record in call.records}
                | {each for call in calls for each in call.denied}
            ),
            holders=list({holder for call in about for holder in call.asker.holders}),
            agencies=list({call.asker.agency_id for call in about}),
            purposes=list({c.asker.purpose for c in about if c.asker.purpose is not None}),
        ),
        keys=list({POLICY_KEY, *(key for call in calls for key in call.keys)}),
        grants=list({call.grant_id for call in calls}),
        releases=[call.release_id for call in calls],
    )


async def _pseudonyms(
    connection: Connection, checked: Checked, calls: Sequence[Call]
) -> dict[str, str]:
    asked = {record.participant for call in calls for record in call.records}
    asked |= {participant for call in calls for participant in call.denied}
    missing = sorted(asked - checked.pseudonyms.keys())
    if not missing:
        return checked.pseudonyms
    return {**checked.pseudonyms, **await repository.make_pseudonyms(connection, missing)}


def _uuid(text: str) -> str | None:
    try:
        return str(UUID(text))
    except ValueError:
        return None
