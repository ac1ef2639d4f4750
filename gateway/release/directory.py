"""Who a subject is according to the directory; cached until its keys move or time runs out."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.consent_client import Claimed, ConsentClient
from gateway.errors import RequestRefusedError, error
from gateway.principal import Directory, Principal
from infra import clock

MAX_ENTRIES = 50_000
_SAFETY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class _Known:
    """An answer, and the claims that it was given for."""

    claims: tuple[Claimed, ...]
    directory: Directory


class DirectoryCache:
    """Directory answers by (issuer alias, token subject)."""

    def __init__(self, client: ConsentClient, max_entries: int = MAX_ENTRIES) -> None:
        self._client = client
        self._max_entries = max_entries
        self._entries: OrderedDict[tuple[str, str], _Known] = OrderedDict()
        self.seen_revision = 0

    async def directory(
        self, issuer: str, subject: str, claims: Sequence[Claimed] = ()
    ) -> Directory:
        """Return what the directory says.

        Args:
            issuer: our name of the issuer.
            subject: whom its token names.
            claims: what the token claims; an answer is kept for the same claims alone.

        Raises:
            ConsentUnavailableError: not cached, and it cannot be asked.
        """
        key = (issuer, subject)
        known = self._entries.get(key)
        told = tuple(claims)
        if known is not None and known.claims == told and not _is_over(known.directory):
            self._entries.move_to_end(key)
            return known.directory
        fresh = await self._client.directory(issuer, subject, told)
        if fresh.revision < self.seen_revision:
            return fresh  # the change feed has gone past it: use it once, let the gate judge
        self._entries[key] = _Known(told, fresh)
        if len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)
        return fresh

    def forget(self, issuer: str, subject: str) -> None:
        """Drop one entry, after the gate said that it has changed."""
        self._entries.pop((issuer, subject), None)

    def forget_subject(self, account: str) -> None:
        """Drop what is known of one account (or of nobody: the subject may just have got one)."""
        for key in [
            key
            for key, known in self._entries.items()
            if known.directory.subject in (account, None)
        ]:
            del self._entries[key]

    def forget_all(self) -> None:
        """Drop everything: after a gap in the change feed, or when an agency has changed.

        An entry names live grants only, so it does not tell who else holds one at an agency that
        comes (back) to life; agencies change seldom.
        """
        self._entries.clear()


def _is_over(directory: Directory) -> bool:
    if directory.valid_until is None:
        return False
    return (directory.valid_until - clock.now()).total_seconds() < _SAFETY_SECONDS


def _ambiguous(directory: Directory) -> dict[str, Any]:
    """Return the error that lists the caller's own grants, so that one can be named."""
    grants = [
        {
            "id": grant.id,
            "role": grant.role.value,
            "agencyId": grant.agency_id or None,
            "siteId": grant.site_id,
        }
        for grant in sorted(directory.grants.values(), key=lambda grant: grant.id)
    ]
    return error("GRANT_AMBIGUOUS", grants=grants)


def choose_grant(directory: Directory, acting_grant: str | None) -> Principal:
    """Return the one grant that a request acts under.

    Args:
        directory: live grants of the subject.
        acting_grant: the ``Acting-Grant`` header, if sent.

    Raises:
        RequestRefusedError: 403 blocked or without a live grant, 400 when it must be named.
    """
    if directory.is_blocked:
        raise RequestRefusedError(403, "SUBJECT_BLOCKED")
    if directory.subject is None or not directory.grants:
        raise RequestRefusedError(403, "GRANT_REQUIRED")
    if acting_grant is not None:
        grant = directory.grants.get(acting_grant)
        if grant is None:
            raise RequestRefusedError(403, "GRANT_REQUIRED")
    elif len(directory.grants) > 1:
        raise RequestRefusedError(400, "GRANT_AMBIGUOUS", [_ambiguous(directory)])
    else:
        grant = next(iter(directory.grants.values()))
    return Principal(directory.subject, grant, directory.revision, directory.valid_until)
