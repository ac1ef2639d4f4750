"""The gateway's side of ``svc_consent``'s internal API: directory, decisions, release gate."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

import orjson

from gateway.principal import Directory, Grant
from infra.errors import GoldenThreadError
from infra.http_client import HttpClient, HttpClientError
from infra.identity_token import TokenMinter
from infra.vocabulary import Category, Role

AUDIENCE = "consent"
LOOKUP_TIMEOUT_SECONDS = 0.5
GATE_TIMEOUT_SECONDS = 0.5

_T = TypeVar("_T")


class ConsentUnavailableError(GoldenThreadError):
    """``svc_consent`` does not answer, or not properly. Whatever needs it is refused."""

    code = "SERVICE_UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class Decision:
    """What one recipient may see of one participant for one purpose, at a revision."""

    categories: frozenset[Category]
    revision: int
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The release gate's answer to one call.

    Attributes:
        outcome: RELEASED, PRINCIPAL_CHANGED or LIST_CHANGED.
        lapsed: participant -> categories that fell away since the decision relied on.
    """

    release_id: str
    outcome: str
    revision: int
    lapsed: Mapping[str, frozenset[Category]]


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the change feed, as far as the gateway needs it."""

    revision: int
    keys: tuple[str, ...]


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


class ConsentClient:
    """Calls to ``svc_consent``; every failure is a ``ConsentUnavailableError``."""

    def __init__(self, client: HttpClient, minter: TokenMinter) -> None:
        self._client = client
        self._minter = minter

    async def directory(self, issuer: str, subject: str) -> Directory:
        """Return the live grants of a token's subject.

        Raises:
            ConsentUnavailableError: it cannot be asked.
        """
        return await self._post(
            "/internal/directory/principal",
            {"issuer": issuer, "subject": subject},
            LOOKUP_TIMEOUT_SECONDS,
            _directory,
        )

    async def decisions(
        self, context: Mapping[str, Any], participants: Collection[str]
    ) -> dict[str, Decision]:
        """Return one decision for each participant asked about; unknown ones grant nothing.

        Args:
            context: subject, agency, role, purpose and access of the caller.
            participants: ids.

        Raises:
            ConsentUnavailableError: it cannot be asked.
        """
        return await self._post(
            "/internal/authority/decisions",
            {**context, "participants": list(participants)},
            LOOKUP_TIMEOUT_SECONDS,
            _decisions,
        )

    async def gate(self, lane: str, calls: Sequence[Mapping[str, Any]]) -> list[Verdict]:
        """Pass several requests through the release gate in one transaction.

        Raises:
            ConsentUnavailableError: no verdict within the deadline; nothing may be released.
        """
        body = {"lane": lane, "calls": list(calls)}
        return await self._post("/internal/gate", body, GATE_TIMEOUT_SECONDS, _verdicts)

    async def use_binding_code(self, issuer: str, subject: str, code: str) -> bool:
        """Use a one-time code that binds a login to a participant; return whether it did.

        Raises:
            ConsentUnavailableError: it cannot be asked.
        """
        return await self._post(
            "/internal/bindings/use",
            {"issuer": issuer, "subject": subject, "code": code},
            LOOKUP_TIMEOUT_SECONDS,
            lambda answer: bool(answer["bound"]),
        )

    async def changes(self, after: int, wait_seconds: float) -> tuple[int, list[Change]]:
        """Return the head revision and the changes after a revision, waiting for the first.

        Raises:
            ConsentUnavailableError: the feed cannot be read.
        """
        path = f"/internal/authority/changes?after={after}&wait={wait_seconds:g}"
        return await self._call("GET", path, b"", wait_seconds + 5, _changes)

    async def _post(
        self, path: str, body: object, timeout_seconds: float, read: Callable[[Any], _T]
    ) -> _T:
        return await self._call("POST", path, orjson.dumps(body), timeout_seconds, read)

    async def _call(
        self,
        method: str,
        path: str,
        body: bytes,
        timeout_seconds: float,
        read: Callable[[Any], _T],
    ) -> _T:
        headers = {
            "authorization": f"Bearer {self._minter.for_service(AUDIENCE)}",
            "content-type": "application/json",
        }
        try:
            response = await self._client.request(
                method, path, headers, body, timeout_seconds=timeout_seconds
            )
            if response.status != 200:
                raise ConsentUnavailableError(f"{path.partition('?')[0]}: {response.status}")
            return read(orjson.loads(response.body))
        except (HttpClientError, KeyError, ValueError, TypeError, AttributeError) as error:
            # Not answering properly is as good as not answering; JSON errors are ValueErrors.
            raise ConsentUnavailableError("the consent service does not answer") from error


def _directory(answer: Any) -> Directory:
    grants = {
        grant["id"]: Grant(
            id=grant["id"],
            role=Role(grant["role"]),
            agency_id=grant["agencyId"] or "",
            site_id=grant["siteId"] or "",
            is_liaison=bool(grant["isLiaison"]),
            service_field=grant["serviceField"],
        )
        for grant in answer["grants"]
    }
    return Directory(
        subject=answer["subject"],
        is_blocked=bool(answer["isBlocked"]),
        grants=MappingProxyType(grants),
        revision=int(answer["revision"]),
        valid_until=_instant(answer["validUntil"]),
    )


def _decisions(answer: Any) -> dict[str, Decision]:
    revision = int(answer["revision"])
    return {
        decision["participant"]: Decision(
            categories=frozenset(Category(code) for code in decision["categories"]),
            revision=revision,
            valid_until=_instant(decision["validUntil"]),
        )
        for decision in answer["decisions"]
    }


def _verdicts(answer: Any) -> list[Verdict]:
    return [
        Verdict(
            release_id=verdict["releaseId"],
            outcome=verdict["verdict"],
            revision=int(verdict["revision"]),
            lapsed=MappingProxyType(
                {
                    lapsed["participant"]: frozenset(
                        Category(code) for code in lapsed["categories"]
                    )
                    for lapsed in verdict["lapsed"]
                }
            ),
        )
        for verdict in answer["verdicts"]
    ]


def _changes(answer: Any) -> tuple[int, list[Change]]:
    changes = [Change(int(each["revision"]), tuple(each["keys"])) for each in answer["changes"]]
    return int(answer["revision"]), changes
