"""The gateway's side of ``svc_consent``'s internal API: directory, decisions, release gate."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

import orjson

from gateway.principal import Directory, Grant
from infra import http_retry
from infra.errors import GoldenThreadError
from infra.http_client import HttpClient, HttpClientError, HttpResponse
from infra.http_retry import RetryBudget
from infra.identity_token import TokenMinter
from infra.vocabulary import Category, Role

AUDIENCE = "consent"
LOOKUP_TIMEOUT_SECONDS = 0.5
GATE_TIMEOUT_SECONDS = 0.5

Claimed = tuple[str, str | None, str | None]
"""A role, an agency and a site, as a token claims them."""

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


@dataclass(frozen=True, slots=True)
class RateUse:
    """What a gateway let through of one bucket that all gateways share.

    Attributes:
        kind: of the bucket, such as ``subject``.
        key: whose it is.
        per_second: tokens that it gains.
        burst: tokens that it holds at most.
        spent: tokens taken.
    """

    kind: str
    key: str
    per_second: float
    burst: float
    spent: float

    def told(self) -> dict[str, Any]:
        """Return it as it is sent."""
        return {
            "kind": self.kind,
            "key": self.key,
            "perSecond": self.per_second,
            "burst": self.burst,
            "spent": self.spent,
        }


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


class ConsentClient:
    """Calls to ``svc_consent``; every failure is a ``ConsentUnavailableError``."""

    def __init__(self, client: HttpClient, minter: TokenMinter, patience: float = 1.0) -> None:
        self._client = client
        self._minter = minter
        self._patience = patience
        self._retries = RetryBudget()

    async def directory(
        self, issuer: str, subject: str, claims: Sequence[Claimed] = ()
    ) -> Directory:
        """Return the live grants of a token's subject, as far as its claims do not speak against.

        Raises:
            ConsentUnavailableError: it cannot be asked.
        """
        return await self._post(
            "/internal/directory/principal",
            {"issuer": issuer, "subject": subject, "claims": claims},
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

    async def settle_rates(self, instance: str, uses: Sequence[RateUse]) -> tuple[int, list[float]]:
        """Say what this gateway let through; return how many gateways live, and what is left.

        What is asked again of another instance may count twice, which errs on the strict side.

        Raises:
            ConsentUnavailableError: it was not heard, as far as anybody knows.
        """
        body = {"instance": instance, "uses": [each.told() for each in uses]}
        found = await self._post("/internal/rates/settle", body, LOOKUP_TIMEOUT_SECONDS, _settled)
        if len(found[1]) != len(uses):
            raise ConsentUnavailableError("the consent service does not answer")
        return found

    async def take_rate(self, use: RateUse) -> tuple[bool, float]:
        """Take tokens of a bucket that all gateways share; return whether, and what is left.

        Raises:
            ConsentUnavailableError: nobody knows whether they were there.
        """
        return await self._post(
            "/internal/rates/take",
            {"use": use.told()},
            LOOKUP_TIMEOUT_SECONDS,
            lambda answer: (bool(answer["isTaken"]), float(answer["level"])),
        )

    async def session_has_ended(
        self, ended: list[str], session: list[str], started_at: int
    ) -> bool | None:
        """Say which sessions of the console have ended; return whether one has, at any gateway.

        None where nobody answers: what has ended may not have been heard.
        """
        body = {"ended": ended, "session": session, "startedAt": started_at}
        try:
            return await self._post(
                "/internal/sessions",
                body,
                LOOKUP_TIMEOUT_SECONDS,
                lambda answer: answer["hasEnded"] is not False,
            )
        except ConsentUnavailableError:
            return None

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

        async def send(seconds: float) -> HttpResponse:
            return await self._client.request(method, path, headers, body, timeout_seconds=seconds)

        seconds = timeout_seconds * self._patience
        try:
            # Look-ups change nothing, and the gate gives a call that it knows its first verdict.
            response = await http_retry.ask(
                send, self._retries, timeout_seconds=seconds, idempotent=True
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
            withheld=frozenset(Category(code) for code in grant.get("withheld", ())),
            withheld_figures=frozenset(Category(code) for code in grant.get("withheldFigures", ())),
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


def _settled(answer: Any) -> tuple[int, list[float]]:
    return int(answer["peers"]), [float(level) for level in answer["levels"]]
