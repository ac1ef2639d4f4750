"""The console's GraphQL client: a committed operation, through the pipeline, as the person.

Nothing is asked in any other way. What the pipeline refuses as a whole becomes one of the errors
below; what it refuses in part is in the reply, and the page says so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.pipeline import Answer, GraphQLRequest, Pipeline
from gateway.web.console.documents import load_documents
from gateway.web.console.session import Session
from infra.errors import GoldenThreadError

OUTAGE = "SERVICE_UNAVAILABLE"
_OUTAGES = frozenset({OUTAGE, "SUBGRAPH_ERROR", "INTERNAL_SUBGRAPH_FAILURE", "OVERLOADED"})
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

    async def run(
        self,
        session: Session,
        name: str,
        variables: Mapping[str, Any] | None = None,
        *,
        purpose: str | None,
        grant_id: str | None = None,
    ) -> Reply:
        """Run a committed operation.

        Args:
            purpose: why, as ``Purpose-Of-Use``.
            grant_id: acts under another grant than the session's.

        Raises:
            SignedOutError: the access token is not accepted.
            RefusedError: the request was refused as a whole.
        """
        return read(await self.send(session, self._documents[name], variables, purpose, grant_id))

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
        acting = grant_id or (session.standing.grant_id if session.standing else None)
        return await self._pipeline.answer(
            GraphQLRequest(
                token=session.access_token,
                query=document,
                variables=variables,
                operation_name=operation_name,
                purpose=purpose,
                acting_grant=acting,
            )
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
