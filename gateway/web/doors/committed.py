"""Committed operations, run through the pipeline as whoever asks at a door."""

from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

from starlette.requests import Request

from gateway.errors import RequestRefusedError
from gateway.pipeline import Answer, GraphQLRequest, Pipeline, StatedRecipient
from gateway.web.credentials import CredentialsReader
from gateway.web.storable import values_have_nul

_FOLDER = resources.files("gateway.web.doors") / "operations"
_OUTAGE = "SERVICE_UNAVAILABLE"
_PROVEN = "was_answered"


class CommittedOperations:
    """Runs the operations of ``operations/`` by name."""

    def __init__(
        self, pipeline: Pipeline, credentials: CredentialsReader, names: Iterable[str]
    ) -> None:
        """Read the operations.

        Args:
            pipeline: runs every operation.
            credentials: reads who asks.
            names: the operations that the door uses.
        """
        self._pipeline = pipeline
        self._credentials = credentials
        self._documents = {
            name: (_FOLDER / f"{name}.graphql").read_text(encoding="utf-8") for name in names
        }

    async def knock(self, request: Request) -> None:
        """Ask who comes before anything of a request's body is read.

        Raises:
            RequestRefusedError: as for an operation.
        """
        self._credentials.admit(request)
        token, shown = self._credentials.read(request)
        await self._pipeline.identify(GraphQLRequest(token=token, query=None, possession=shown))
        setattr(request.state, _PROVEN, True)

    async def answer(
        self,
        request: Request,
        name: str,
        variables: Mapping[str, Any],
        *,
        purpose: str | None = None,
        recipient: StatedRecipient | None = None,
    ) -> Answer:
        """Run an operation.

        A request is counted, and what it shows beside its token is checked, once: a proof is good
        once, and a door may need several operations for one answer.

        Args:
            request: says who asks, under which grant, and why.
            name: of the operation.
            variables: its variables.
            purpose: instead of the one that the request states.
            recipient: to whom the answer is handed, where that is not who asks.

        Raises:
            RequestRefusedError: the request is refused as a whole.
        """
        is_proven = getattr(request.state, _PROVEN, False)
        if not is_proven:
            self._credentials.admit(request)
        token, shown = self._credentials.read(request)
        if values_have_nul(variables):
            raise RequestRefusedError(400, "BAD_REQUEST")
        answer = await self._pipeline.answer(
            GraphQLRequest(
                token=token,
                query=self._documents[name],
                variables=variables,
                purpose=purpose or request.headers.get("purpose-of-use"),
                acting_grant=request.headers.get("acting-grant"),
                possession=shown,
                recipient=recipient,
                is_door=True,
                is_proven=is_proven,
            )
        )
        if answer.status == 200:
            setattr(request.state, _PROVEN, True)
        return answer

    async def whole(
        self,
        request: Request,
        name: str,
        variables: Mapping[str, Any],
        *,
        purpose: str | None = None,
        recipient: StatedRecipient | None = None,
    ) -> Mapping[str, Any]:
        """Run an operation of which a part would read as the whole; returns its data.

        Raises:
            RequestRefusedError: it was refused, in whole or in the part that was wanted.
        """
        answer = await self.answer(request, name, variables, purpose=purpose, recipient=recipient)
        errors = answer.body.get("errors") or []
        if answer.status == 200 and not errors:
            return answer.body.get("data") or {}
        code = code_of(answer.body)
        status = answer.status
        if status == 200:
            status = 503 if code == _OUTAGE else 403
        raise RequestRefusedError(status, code, errors, answer.headers)


def code_of(body: Mapping[str, Any]) -> str:
    """Return the first error's code, FORBIDDEN where it has none."""
    errors = body.get("errors") or [{}]
    return str(errors[0].get("extensions", {}).get("code", "FORBIDDEN"))
