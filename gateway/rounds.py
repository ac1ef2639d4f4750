"""Fetch, fence and gate, in rounds: what happens between a plan and the first byte.

A round fetches and assembles, nulls what consent does not grant (the fence is part of the compiled
projection), and asks the release gate. The gate may say that participants' consent has lapsed
(they are taken out and the rest is released: it is recorded so already), that a list has changed
(fetch again at a higher revision, at most twice), or that the principal has (start over).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.caller import Acting
from gateway.consent_client import ConsentClient, ConsentUnavailableError, Verdict
from gateway.executor import (
    Assembled,
    ExecutionContext,
    Guard,
    PermitAll,
    Projected,
    fetch_all,
    project,
)
from gateway.prepare import Prepared, operation_name
from gateway.release.call import GateCalls, asked_ids, earliest, mask_of
from gateway.release.decisions import ConsentGuard, DecisionCache, RecipientKey
from gateway.release.gate import RELEASE_WITHIN_SECONDS, WAIT_SECONDS, ReleaseGate
from gateway.release.recipient import RecipientNotNamedError, StatedRecipient
from gateway.subgraph_calls import SubgraphCalls
from infra import clock
from infra.errors import GoldenThreadError, bug
from infra.identity_token import Caller
from infra.telemetry import traces
from infra.telemetry.stages import stage

MAX_LIST_ROUNDS = 2
MAX_LATE_GATES = 2


class PrincipalChangedError(GoldenThreadError):
    """The gate found that the principal's grants or agency have changed; resolve them again."""

    code = "PRINCIPAL_CHANGED"


@dataclass(frozen=True, slots=True)
class Release:
    """What may leave.

    Attributes:
        revision: authority revision of the gate's verdict, 0 when no gate was needed.
        leave_by: moment (monotonic) after which the verdict does not release any more.
    """

    data: Mapping[str, Any] | None
    errors: list[dict[str, Any]]
    revision: int = 0
    leave_by: float = math.inf


class Rounds:
    """Runs prepared operations until their answer is released."""

    def __init__(
        self,
        calls: SubgraphCalls,
        consent: ConsentClient,
        decisions: DecisionCache,
        gate: ReleaseGate,
        patience: float = 1.0,
    ) -> None:
        self._calls = calls
        self._consent = consent
        self._decisions = decisions
        self._gate = gate
        self._patience = patience

    async def run_ungated(
        self, prepared: Prepared, variables: Mapping[str, Any], introspection: Mapping[str, Any]
    ) -> Release:
        """Run an operation that selects nothing but catalogue, as nobody in particular."""
        if prepared.pruned.governed:
            bug("whatever is about people passes the release gate")
        context = self._calls.anonymous()
        guard = PermitAll()
        assembled = await fetch_all(prepared.compiled, variables, context, guard)
        projected = project(
            prepared.compiled, assembled, variables, guard, introspection=introspection
        )
        return Release(projected.data, projected.errors)

    async def run(
        self,
        prepared: Prepared,
        variables: Mapping[str, Any],
        introspection: Mapping[str, Any],
        acting: Acting,
        token_expires_at: int,
        known_revision: int,
        recipient: StatedRecipient | None = None,
    ) -> Release:
        """Run an operation under one grant.

        Args:
            introspection: answers about the schema, by response key.
            known_revision: authority revision that services must have reached.
            recipient: to whom the answer is handed over; a release of its own.

        Raises:
            RecipientNotNamedError: nothing may be handed to the recipient, not even in part.
            PrincipalChangedError: resolve the principal and run again.
            ConsentUnavailableError: nothing consent-governed may leave.
        """
        pruned = prepared.pruned
        gate_calls = GateCalls(
            acting.principal,
            purpose=acting.stated_purpose,
            access=acting.access,
            policy_version=acting.caller.policy_version,
            operation_name=operation_name(prepared.operation),
            pruned=pruned,
            token_expires_at=token_expires_at,
        )
        asked = asked_ids(pruned.operation, variables)
        caller = replace(acting.caller, min_revision=known_revision)
        is_mutation = prepared.operation.kind == "mutation"
        if is_mutation:
            caller = await self._permit(gate_calls, caller)
        for _ in range(MAX_LIST_ROUNDS + 1):
            guard = self._guard(acting)
            context = self._calls.for_caller(caller)
            with stage("fetch"):
                assembled = await _fetch(prepared, variables, context, guard)
            with stage("project"):
                projected = project(
                    prepared.compiled, assembled, variables, guard, introspection=introspection
                )
            if pruned.is_catalogue_only:
                return Release(projected.data, projected.errors)
            disagreement = _disagreement(projected, guard)
            if disagreement and not is_mutation:
                # Either may be the one behind: read the list at least as far, and decide anew.
                for _, subject in projected.withheld:
                    self._decisions.forget_participant(subject)
                caller = replace(caller, min_revision=max(caller.min_revision, disagreement))
                continue
            read = _authority_of_rows(assembled)
            relied = _Relied(asked, read[0] if read else None, read if pruned.uses_lists else None)
            verdict, sent_at = await self._released(gate_calls, guard, projected, relied)
            if verdict.outcome == "LIST_CHANGED" and not is_mutation:
                caller = replace(caller, min_revision=verdict.revision)
                continue
            if verdict.outcome != "RELEASED":
                raise ConsentUnavailableError("the answer could not be released")
            if verdict.lapsed:
                for participant, categories in verdict.lapsed.items():
                    guard.narrow(participant, mask_of(categories))
                projected = project(
                    prepared.compiled, assembled, variables, guard, introspection=introspection
                )
                if projected.withheld and not is_mutation:
                    # A row of a list has lapsed: its count and page are wrong as well.
                    caller = replace(caller, min_revision=verdict.revision)
                    continue
            if recipient is not None:
                sent_at = await self._handed_over(
                    gate_calls.hand_over(recipient, projected.released, verdict.revision)
                )
            leave_by = sent_at + RELEASE_WITHIN_SECONDS * self._patience
            return Release(projected.data, projected.errors, verdict.revision, leave_by)
        raise ConsentUnavailableError("consent changes faster than a list can be read")

    def _guard(self, acting: Acting) -> ConsentGuard:
        principal, grant = acting.principal, acting.principal.grant
        purpose = acting.purpose.value if acting.purpose else None
        recipient = RecipientKey(
            principal.subject,
            grant.agency_id,
            acting.column,
            purpose or "",
            grant.site_id,
            grant.withheld,
        )
        context = {
            "subject": principal.subject,
            "agencyId": grant.agency_id,
            "siteId": grant.site_id,
            "role": grant.role.value,
            "purpose": purpose,
            "access": {category.value: grounds for category, grounds in acting.access.items()},
        }
        return ConsentGuard(self._decisions, self._consent, recipient, context)

    async def _permit(self, gate_calls: GateCalls, caller: Caller) -> Caller:
        """Pass the gate before a mutation's effect; the permit travels in the internal token."""
        call = gate_calls.before_effect()
        with stage("gate"):
            verdict, _ = await self._gate.verdict(call)
        if verdict.outcome != "RELEASED":
            raise PrincipalChangedError("the principal has changed")
        revision = max(caller.min_revision, verdict.revision)
        return replace(caller, min_revision=revision, permit=verdict.release_id)

    async def _handed_over(self, call: Mapping[str, Any]) -> float:
        """Pass the gate as somebody outside; returns when its call was sent."""
        with stage("gate"), traces.span("gateway.gate"):
            verdict, sent_at = await self._gate.verdict(call)
        if verdict.outcome == "PRINCIPAL_CHANGED":
            raise PrincipalChangedError("the principal, or the recipient's agreement, has changed")
        if verdict.outcome != "RELEASED" or verdict.lapsed or not call["records"]:
            raise RecipientNotNamedError("no release names the recipient for all of it")
        return sent_at

    async def _released(
        self,
        gate_calls: GateCalls,
        guard: ConsentGuard,
        projected: Projected,
        relied: "_Relied",
    ) -> tuple[Verdict, float]:
        """Pass the gate; an answer that would leave too late after that passes it again."""
        give_up_at = clock.monotonic() + WAIT_SECONDS * self._patience
        for _ in range(MAX_LATE_GATES + 1):
            if clock.monotonic() >= give_up_at:
                break
            call = gate_calls.release(
                guard.relied_on, projected.released, relied.lists, relied.asked, relied.read_at
            )
            with stage("gate"), traces.span("gateway.gate"):
                verdict, sent_at = await self._gate.verdict(call, give_up_at)
            if verdict.outcome == "PRINCIPAL_CHANGED":
                raise PrincipalChangedError("the principal has changed")
            if clock.monotonic() - sent_at <= RELEASE_WITHIN_SECONDS * self._patience:
                return verdict, sent_at
        raise ConsentUnavailableError("the answer came too late after the gate")


async def _fetch(
    prepared: Prepared, variables: Mapping[str, Any], context: ExecutionContext, guard: Guard
) -> Assembled:
    """Run the plan; an outage of ``svc_consent`` in any of its tasks is one plain error."""
    try:
        return await fetch_all(prepared.compiled, variables, context, guard)
    except ExceptionGroup as group:
        outage, other = group.split(ConsentUnavailableError)
        if outage is None or other is not None:
            raise
        raise ConsentUnavailableError("decisions could not be loaded") from group


def _disagreement(projected: Projected, guard: ConsentGuard) -> int:
    """Return the revision to ask for when a list held a row that the fence refuses, else 0."""
    revisions = [
        guard.relied_on[subject].revision
        for _, subject in projected.withheld
        if subject in guard.relied_on
    ]
    return max(revisions, default=0)


@dataclass(frozen=True, slots=True)
class _Relied:
    """What one round asked for and read: see ``GateCalls.release``."""

    asked: Sequence[str]
    read_at: int | None
    lists: tuple[int, datetime | None] | None


def _authority_of_rows(assembled: Assembled) -> tuple[int, datetime | None] | None:
    """Return the least revision that rows were read at, and the earliest end of their truth.

    None when no service read any row: a list that failed holds nothing to rely on.
    """
    revision: int | None = None
    until: datetime | None = None
    for extensions in assembled.extensions:
        authority = extensions.get("authority")
        if authority is None:
            continue
        read_at = int(authority["revision"])
        revision = read_at if revision is None else min(revision, read_at)
        if authority.get("validUntil"):
            until = earliest(until, datetime.fromisoformat(authority["validUntil"]))
    return None if revision is None else (revision, until)
