"""The console's GraphQL client: a committed operation, through the pipeline, as the person.

Nothing is asked in any other way. What the pipeline refuses as a whole becomes one of the errors
below; what it refuses in part is in the reply, and the page says so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.pipeline import Answer, GraphQLRequest, Pipeline, StatedRecipient
from gateway.web.console.documents import load_documents
from gateway.web.console.session import Session
from infra.errors import GoldenThreadError
from infra.vocabulary import Role

OUTAGE = "SERVICE_UNAVAILABLE"
_OUTAGES = frozenset({OUTAGE, "SUBGRAPH_ERROR", "INTERNAL_SUBGRAPH_FAILURE", "OVERLOADED"})
_FIGURES, _NEVER = frozenset("AD"), "N"
_DEMAND = re.compile(r'(acr_values|max_age)="([^"]{1,200})"')


class SignedOutError(GoldenThreadError):
    """The session's access token is good no more; sign in again."""

    code = "SIGNED_OUT"


class StepUpError(GoldenThreadError):
    """The records are sensitive: sign in again as the challenge says (RFC 9470).

    Attributes:
        demands: parameters of the sign-in, ``acr_values`` and ``max_age``.
    """

    code = "STEP_UP_REQUIRED"

    def __init__(self, demands: Mapping[str, str]) -> None:
        super().__init__("a stronger or fresher sign-in is demanded")
        self.demands = demands


class RefusedError(GoldenThreadError):
    """The pipeline refused the whole request, or a service that the page needs is away.

    Attributes:
        code: of the refusal.
    """

    def __init__(self, code: str, errors: list[dict[str, Any]] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.errors = errors or []


@dataclass(frozen=True, slots=True)
class Reply:
    """What an operation gave.

    Attributes:
        data: the answer's data; fields that were refused or withheld are None.
        codes: codes of its errors.
        answer: as it came, for what asks on somebody's behalf (the explorer).
    """

    data: Mapping[str, Any]
    codes: frozenset[str]
    answer: Answer

    @property
    def refusal(self) -> str:
        """Why there is nothing: an outage rather than anything else, empty without an error."""
        return OUTAGE if self.is_partial else min(self.codes, default="")

    @property
    def is_partial(self) -> bool:
        """Whether a service did not answer, so that something may be missing."""
        return not _OUTAGES.isdisjoint(self.codes)


class Client:
    """Runs the console's operations."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._documents = load_documents()

    def agreement(
        self, role: str, *, is_liaison: bool, service_field: str | None
    ) -> Mapping[str, str]:
        """Return what the agencies' agreement lets a role see: kind of access by category.

        It is about no participant, and the same for everybody who reads it. The kinds are the
        letters of the agreement: never, figures, a summary, one's own, with a release, and so on;
        a cell without any ground is a never.
        """
        matrix = self._pipeline.preparer.table.matrix
        column = matrix.column_of(Role(role), is_liaison=is_liaison, service_field=service_field)
        return {
            category.value: cell.kind.value
            if cell.grounds or cell.kind.value in _FIGURES
            else _NEVER
            for category, cell in matrix.columns[column].items()
        }

    async def run(
        self,
        session: Session,
        name: str,
        variables: Mapping[str, Any] | None = None,
        *,
        purpose: str | None,
        grant_id: str | None = None,
        recipient: StatedRecipient | None = None,
        is_door: bool = False,
    ) -> Reply:
        """Run a committed operation.

        Args:
            purpose: why, as ``Purpose-Of-Use``.
            grant_id: acts under another grant than the session's.
            recipient: to whom the answer is handed, where that is not the person.
            is_door: whether something is handed over; such operations run in no other way.

        Raises:
            SignedOutError: the access token is not accepted.
            RefusedError: the request was refused as a whole.
        """
        document = self._documents[name]
        asked = self._request(session, document, variables, purpose, grant_id)
        handed = replace(asked, recipient=recipient, is_door=is_door)
        return read(await self._pipeline.answer(handed))

    async def send(
        self,
        session: Session,
        document: str,
        variables: Mapping[str, Any] | None,
        purpose: str | None,
        grant_id: str | None = None,
        operation_name: str | None = None,
    ) -> Answer:
        """Send any document as the person, for the explorer; never raises for a refusal."""
        asked = self._request(session, document, variables, purpose, grant_id)
        return await self._pipeline.answer(replace(asked, operation_name=operation_name))

    def _request(
        self,
        session: Session,
        document: str,
        variables: Mapping[str, Any] | None,
        purpose: str | None,
        grant_id: str | None,
    ) -> GraphQLRequest:
        acting = grant_id or (session.standing.grant_id if session.standing else None)
        return GraphQLRequest(
            token=session.access_token,
            query=document,
            variables=variables,
            purpose=purpose,
            acting_grant=acting,
        )


def read(answer: Answer) -> Reply:
    """Return the reply in an answer.

    Raises:
        SignedOutError: the access token is not accepted.
        StepUpError: it is not strong or fresh enough for what was asked.
        RefusedError: there is no data at all.
    """
    errors = list(answer.body.get("errors") or ())
    codes = [error.get("extensions", {}).get("code", "INTERNAL") for error in errors]
    data = answer.body.get("data")
    if "STEP_UP_REQUIRED" in codes:
        challenge = answer.headers.get("www-authenticate", "")
        raise StepUpError(dict(_DEMAND.findall(challenge)))
    if answer.status == 401:
        raise SignedOutError("the access token is not accepted")
    if data is None:
        raise RefusedError(codes[0] if codes else "INTERNAL", errors)
    return Reply(data, frozenset(codes), answer)
