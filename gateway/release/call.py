"""The record of one release: what the gate is asked, and what the ledger will say of it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from graphql import value_from_ast_untyped

from gateway.planner.selection import NormalizedOperation, ObjectSelection
from gateway.policy.access_table import BITS
from gateway.policy.roles import PrunedOperation
from gateway.principal import Principal
from gateway.release.decisions import CachedDecision
from gateway.release.recipient import StatedRecipient
from infra.vocabulary import Category, Purpose

MAX_ASKED = 8
"""Most ids of one operation that are recorded when they were denied."""


def categories_of(mask: int) -> list[str]:
    """Return the categories of a mask, in the vocabulary's order."""
    return [category.value for category, bit in BITS.items() if mask & bit]


def mask_of(categories: frozenset[Category]) -> int:
    """Return the mask of some categories."""
    mask = 0
    for category in categories:
        mask |= BITS.get(category, 0)
    return mask


def earliest(*instants: datetime | None) -> datetime | None:
    """Return the earliest instant that is known, if any."""
    known = [instant for instant in instants if instant is not None]
    return min(known, default=None)


def asked_ids(operation: NormalizedOperation, variables: Mapping[str, Any]) -> list[str]:
    """Return the ids of people whom a query asks for by id, as they were written.

    Alike for who is there, hidden or absent: it depends on the operation alone.
    """
    if operation.kind != "query":
        return []
    found: list[str] = []
    for selected in operation.root.fields:
        if selected.selection is None:
            continue
        names = {"participantId"}
        if any(_is_person(each) for each in selected.selection.by_type.values()):
            names.add("id")
        for argument in selected.arguments:
            if argument.name.value not in names:
                continue
            value = value_from_ast_untyped(argument.value, dict(variables))
            if isinstance(value, str):
                found.append(value)
    return found[:MAX_ASKED]


def _is_person(selection: ObjectSelection) -> bool:
    """Return whether an object is about the person whom its own id names."""
    key = selection.subject_key
    return any(each.response_key == key and each.name == "id" for each in selection.fields)


class GateCalls:
    """Builds gate calls for one request (one principal, one operation)."""

    def __init__(
        self,
        principal: Principal,
        *,
        purpose: Purpose | None,
        access: Mapping[Category, str],
        policy_version: str,
        operation_name: str,
        pruned: PrunedOperation,
        token_expires_at: int,
    ) -> None:
        self._principal = principal
        self._valid_until = earliest(
            principal.valid_until, datetime.fromtimestamp(token_expires_at, UTC)
        )
        grant = principal.grant
        self._fixed: dict[str, Any] = {
            "subject": principal.subject,
            "grantId": grant.id,
            "agencyId": grant.agency_id,
            "siteId": grant.site_id,
            "role": grant.role.value,
            "purpose": purpose.value if purpose else None,
            "access": {category.value: grounds for category, grounds in access.items()},
            "operationName": operation_name,
            "operationHash": pruned.operation.hash,
            "policyVersion": policy_version,
        }
        self._coordinates = {
            category.value: list(names) for category, names in pruned.coordinates.items()
        }

    def before_effect(self) -> dict[str, Any]:
        """Return the call that a mutation makes before its effect."""
        return self._call("BEFORE_EFFECT", self._own_keys(), self._valid_until, [])

    def release(
        self,
        relied_on: Mapping[str, CachedDecision],
        released: Mapping[str, int],
        lists: tuple[int, datetime | None] | None,
        asked: Sequence[str] = (),
        read_at: int | None = None,
    ) -> dict[str, Any]:
        """Return the call before the first byte of an answer.

        Args:
            relied_on: decisions by participant.
            released: what the answer holds, by participant.
            lists: revision and time limit that lists and counts were read at, if any were.
            asked: ids that were asked for; those of which nothing is told are denied look-ups.
            read_at: least revision that services read any row at; a decision may be newer than
                the rows, and then it says nothing about the dates that those were chosen by.
        """
        keys = self._own_keys()
        valid_until = self._valid_until
        for participant, decision in relied_on.items():
            relied = decision.revision if read_at is None else min(decision.revision, read_at)
            keys[f"participant:{participant}"] = relied
            valid_until = earliest(valid_until, decision.valid_until)
        if lists is not None:
            if self._principal.grant.agency_id:
                keys[f"visible:{self._principal.grant.agency_id}"] = lists[0]
            keys[f"subject:{self._principal.subject}"] = min(lists[0], self._principal.revision)
            valid_until = earliest(valid_until, lists[1])
        records = [
            {"participant": participant, "categories": categories_of(mask), "count": 1}
            for participant, mask in released.items()
            if mask
        ]
        denied = [each for each in asked if not released.get(each)]
        return {**self._call("RELEASE", keys, valid_until, records), "denied": denied}

    def hand_over(
        self, recipient: StatedRecipient, released: Mapping[str, int], revision: int
    ) -> dict[str, Any]:
        """Return the call before an answer is handed to somebody outside.

        It is decided and recorded as theirs: what the gate would not let them see must not go.

        Args:
            recipient: to whom.
            released: what the answer holds, by participant.
            revision: at which the gate released it to the caller.
        """
        keys = {**self._own_keys(), f"agency:{recipient.agency_id}": revision}
        keys |= {f"participant:{participant}": revision for participant in released}
        records = [
            {"participant": participant, "categories": categories_of(mask), "count": 1}
            for participant, mask in released.items()
            if mask
        ]
        return {
            **self._call("RELEASE", keys, self._valid_until, records),
            "agencyId": recipient.agency_id,
            "role": recipient.role.value,
            "purpose": recipient.purpose.value,
            "access": {category.value: grounds for category, grounds in recipient.access.items()},
            "denied": [],
        }

    def _own_keys(self) -> dict[str, int]:
        principal = self._principal
        keys = {f"subject:{principal.subject}": principal.revision, "policy": principal.revision}
        if principal.grant.agency_id:
            keys[f"agency:{principal.grant.agency_id}"] = principal.revision
        return keys

    def _call(
        self,
        stage: str,
        keys: dict[str, int],
        valid_until: datetime | None,
        records: list[dict[str, Any]],
    ) -> dict[str, Any]:
        return {
            "releaseId": str(uuid4()),
            **self._fixed,
            "stage": stage,
            "keys": keys,
            "validUntil": valid_until.isoformat() if valid_until else None,
            "coordinates": self._coordinates if stage == "RELEASE" else {},
            "records": records,
        }
