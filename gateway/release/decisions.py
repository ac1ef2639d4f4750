"""Decisions that may be cached for as long as one likes, since the release gate checks them.

Each entry carries the authority revision that it was read at and the instant until which time
alone cannot change it; both go to the gate, which refuses what has moved. The change feed only
makes entries disappear sooner (design section 4, "Decisions are optimistic").
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.consent_client import ConsentClient
from gateway.policy.access_table import BITS
from infra import clock
from infra.vocabulary import Category

MAX_RECIPIENTS = 2_000
MAX_PARTICIPANTS_EACH = 5_000
_SAFETY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class CachedDecision:
    """One participant as one recipient may see them for one purpose.

    Attributes:
        mask: capability bits granted (``gateway.policy.access_table.BITS``).
        revision: authority revision of the snapshot it was read from.
        valid_until: when time alone could change it.
    """

    mask: int
    revision: int
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class RecipientKey:
    """Everything about the caller that a decision depends on."""

    subject: str
    agency_id: str
    column: str
    purpose: str
    site_id: str = ""
    withheld: frozenset[Category] = frozenset()


class DecisionCache:
    """Bounded store of decisions by recipient, the least recently used recipient first out."""

    def __init__(self, max_recipients: int = MAX_RECIPIENTS) -> None:
        self._recipients: OrderedDict[RecipientKey, dict[str, CachedDecision]] = OrderedDict()
        self._max_recipients = max_recipients
        self.seen_revision = 0
        """What the change feed has told; a decision read before it may be stale and is not kept."""

    def get(self, recipient: RecipientKey, participant: str) -> CachedDecision | None:
        """Return a decision whose time has not run out, or None."""
        decisions = self._recipients.get(recipient)
        entry = None if decisions is None else decisions.get(participant)
        if decisions is None or entry is None:
            return None
        if entry.valid_until is not None:
            remaining = (entry.valid_until - clock.now()).total_seconds()
            if remaining < _SAFETY_SECONDS:
                del decisions[participant]
                return None
        return entry

    def put(self, recipient: RecipientKey, participant: str, decision: CachedDecision) -> None:
        """Keep a decision, unless the change feed has already gone past it."""
        if decision.revision < self.seen_revision:
            return
        decisions = self._recipients.setdefault(recipient, {})
        self._recipients.move_to_end(recipient)
        if len(decisions) >= MAX_PARTICIPANTS_EACH:
            decisions.clear()
        decisions[participant] = decision
        if len(self._recipients) > self._max_recipients:
            self._recipients.popitem(last=False)

    def forget_participant(self, participant: str) -> None:
        """Drop everything about one participant."""
        for decisions in self._recipients.values():
            decisions.pop(participant, None)

    def forget_recipients(self, subject: str = "", agency_id: str = "") -> None:
        """Drop everything that one person or one agency may see."""
        for key in [
            key
            for key in self._recipients
            if (subject and key.subject == subject) or (agency_id and key.agency_id == agency_id)
        ]:
            del self._recipients[key]

    def forget_all(self) -> None:
        """Drop everything, for example after a gap in the change feed."""
        self._recipients.clear()


class ConsentGuard:
    """The executor's guard for one request: loads decisions in batches and answers with masks."""

    def __init__(
        self,
        cache: DecisionCache,
        client: ConsentClient,
        recipient: RecipientKey,
        context: Mapping[str, Any],
    ) -> None:
        self._cache = cache
        self._client = client
        self._recipient = recipient
        self._context = context
        self.relied_on: dict[str, CachedDecision] = {}

    async def load(self, subjects: Collection[str]) -> None:
        """Make decisions known for all subjects.

        Raises:
            ConsentUnavailableError: ``svc_consent`` cannot be asked.
        """
        missing = []
        for subject in subjects:
            if subject in self.relied_on:
                continue
            known = self._cache.get(self._recipient, subject)
            if known is None:
                missing.append(subject)
            else:
                self.relied_on[subject] = known
        if not missing:
            return
        for participant, decision in (await self._client.decisions(self._context, missing)).items():
            mask = 0
            for category in decision.categories:
                mask |= BITS.get(category, 0)
            cached = CachedDecision(mask, decision.revision, decision.valid_until)
            self._cache.put(self._recipient, participant, cached)
            self.relied_on[participant] = cached

    def mask(self, subject: str) -> int:
        """Return the bits that a subject grants; nothing for one never decided."""
        known = self.relied_on.get(subject)
        return 0 if known is None else known.mask

    def narrow(self, subject: str, lapsed_mask: int) -> None:
        """Take bits away that the gate found lapsed, here and in the cache."""
        known = self.relied_on.get(subject)
        if known is not None:
            self.relied_on[subject] = CachedDecision(
                known.mask & ~lapsed_mask, known.revision, known.valid_until
            )
        self._cache.forget_participant(subject)
