"""The doors over HTTP: read the request, run the operation as its caller, write their format."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.consent_client import ConsentUnavailableError
from gateway.errors import RequestRefusedError
from gateway.pipeline import GraphQLRequest, Pipeline
from gateway.web.credentials import CredentialsReader, challenge_of
from gateway.web.doors import cds_hooks, fhir
from gateway.web.doors.committed import CommittedOperations, code_of
from gateway.web.doors.fhir import ResourceError
from gateway.web.doors.responses import json_of
from infra import clock

FHIR_TYPE = "application/fhir+json"
_MAX_BODY = 65_536
_MAX_PAGES = 20
_OUTAGE = "SERVICE_UNAVAILABLE"

Bind = Callable[[GraphQLRequest, str], Awaitable[bool]]


class Doors:
    """Routes that are not GraphQL and run as GraphQL all the same."""

    def __init__(self, pipeline: Pipeline, credentials: CredentialsReader, bind: Bind) -> None:
        """Make the doors.

        Args:
            pipeline: runs every operation.
            credentials: reads who asks.
            bind: uses a one-time code for the login of a request.
        """
        self._credentials = credentials
        self._use_code = bind
        names = ("Releases", "Accounting", "DraftRelease")
        self._operations = CommittedOperations(pipeline, credentials, names)

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/fhir/Consent", self._consents, methods=["GET"]),
            Route("/fhir/Consent", self._import, methods=["POST"]),
            Route("/fhir/AuditEvent", self._audit_events, methods=["GET"]),
            Route("/cds-services", self._discovery, methods=["GET"]),
            Route(f"/cds-services/{cds_hooks.SERVICE}", self._consult, methods=["POST"]),
            Route("/bind", self._bind, methods=["POST"]),
        ]

    async def _run(
        self, request: Request, name: str, variables: Mapping[str, Any]
    ) -> tuple[int, Mapping[str, Any]]:
        answer = await self._operations.answer(request, name, variables)
        codes = {each.get("extensions", {}).get("code") for each in answer.body.get("errors") or ()}
        if _OUTAGE in codes:  # half an answer would read as "nothing is known"
            return 503, {"errors": [{"extensions": {"code": _OUTAGE}}]}
        if answer.status == 401:  # with what is asked for: a proof, a stronger sign-in
            raise RequestRefusedError(401, code_of(answer.body), headers=answer.headers)
        return answer.status, answer.body

    async def _all(
        self, request: Request, name: str, patient: str, of: str
    ) -> tuple[int, Mapping[str, Any], list[Mapping[str, Any]]]:
        """Return status, the last page's body, and the rows of all pages; each is gated anew."""
        rows: list[Mapping[str, Any]] = []
        after: str | None = None
        for _ in range(_MAX_PAGES):
            status, body = await self._run(request, name, {"id": patient, "after": after})
            if status != 200:
                break
            rows += _nodes(body, of)
            info = (_connection(body, of) or {}).get("pageInfo") or {}
            after = info.get("endCursor")
            if not info.get("hasNextPage"):
                break
        return status, body, rows

    async def _consents(self, request: Request) -> Response:
        patient = request.query_params.get("patient", "").removeprefix("Patient/")
        try:
            status, body, releases = await self._all(request, "Releases", patient, "releases")
        except RequestRefusedError as refused:
            return _fhir_refusal(refused)
        if status != 200:
            return _fhir(status, fhir.outcome_of("security", code_of(body)))
        wanted = request.query_params.get("_id")
        found = [
            fhir.consent_of(release, patient)
            for release in releases
            if wanted in (None, release["id"])
        ]
        return _fhir(200, fhir.bundle_of(found))

    async def _import(self, request: Request) -> Response:
        try:
            await self._operations.knock(request)
        except RequestRefusedError as refused:
            return _fhir_refusal(refused)
        raw = await request.body()
        key = request.headers.get("idempotency-key") or hashlib.sha256(raw).hexdigest()
        if len(raw) > _MAX_BODY:
            return _fhir(413, fhir.outcome_of("too-long", "the resource is too large"))
        try:
            given = fhir.draft_of(orjson.loads(raw), key)
            status, body = await self._run(request, "DraftRelease", {"input": given})
        except orjson.JSONDecodeError:
            return _fhir(400, fhir.outcome_of("structure", "the body is not JSON"))
        except ResourceError as error:
            return _fhir(422, fhir.outcome_of("invalid", str(error)))
        except RequestRefusedError as refused:
            return _fhir_refusal(refused)
        payload = (body.get("data") or {}).get("draftRelease")
        if status != 200 or not payload:
            return _fhir(
                status if status != 200 else 403, fhir.outcome_of("security", code_of(body))
            )
        if payload["userErrors"]:
            said = payload["userErrors"][0]["code"]
            return _fhir(422, fhir.outcome_of("business-rule", said))
        draft = payload["release"] or {}
        made = {"resourceType": "Consent", "id": draft.get("id"), "status": "draft"}
        return _fhir(201, made, {"location": f"/fhir/Consent?_id={draft.get('id')}"})

    async def _audit_events(self, request: Request) -> Response:
        patient = request.query_params.get("patient", "").removeprefix("Patient/")
        try:
            status, body, lines = await self._all(request, "Accounting", patient, "accounting")
        except RequestRefusedError as refused:
            return _fhir_refusal(refused)
        if status != 200:
            return _fhir(status, fhir.outcome_of("security", code_of(body)))
        return _fhir(200, fhir.bundle_of([fhir.audit_event_of(each, patient) for each in lines]))

    async def _discovery(self, _request: Request) -> Response:
        return json_of(200, cds_hooks.DISCOVERY)

    async def _consult(self, request: Request) -> Response:
        try:
            await self._operations.knock(request)
            question = orjson.loads(await request.body())["context"]
            (patient,) = question["patientId"]
            status, body, releases = await self._all(request, "Releases", str(patient), "releases")
        except RequestRefusedError as refused:
            return json_of(refused.status, {"code": refused.code}, headers=challenge_of(refused))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            return json_of(400, {"code": "BAD_REQUEST"})
        if status != 200:
            return json_of(status, {"code": code_of(body)})
        # Who may not read the releases has none to answer from: that is the constant answer.
        participant = (body.get("data") or {}).get("participant") or {}
        record = cds_hooks.Record(
            releases, participant.get("restrictions") or (), participant.get("incidents") or ()
        )
        return json_of(200, cds_hooks.consult(record, question, clock.now()))

    async def _bind(self, request: Request) -> Response:
        """Use a one-time code: the one thing that a login without any role can do."""
        try:
            self._credentials.admit(request)
            token, shown = self._credentials.read(request)
            code = orjson.loads(await request.body())["code"]
            asked = GraphQLRequest(token=token, query=None, variables=None, possession=shown)
            is_bound = await self._use_code(asked, str(code))
        except RequestRefusedError as refused:
            return json_of(refused.status, {"code": refused.code}, headers=challenge_of(refused))
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return json_of(400, {"code": "BAD_REQUEST"})
        except ConsentUnavailableError:
            return json_of(503, {"code": "SERVICE_UNAVAILABLE"})
        return (
            Response(status_code=204) if is_bound else json_of(403, {"code": "CODE_NOT_ACCEPTED"})
        )


def _connection(body: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    participant = (body.get("data") or {}).get("participant") or {}
    found: Mapping[str, Any] | None = participant.get(name)
    return found


def _nodes(body: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    edges = (_connection(body, name) or {}).get("edges") or ()
    return [edge["node"] for edge in edges if edge and edge["node"]]


def _fhir(
    status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    return json_of(status, body, FHIR_TYPE, headers)


def _fhir_refusal(refused: RequestRefusedError) -> Response:
    body = fhir.outcome_of("security", refused.code)
    return _fhir(refused.status, body, challenge_of(refused))
