"""The doors over HTTP: read the request, run the operation as its caller, write their format."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from importlib import resources
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.consent_client import ConsentUnavailableError
from gateway.errors import RequestRefusedError
from gateway.identity import AccessTokenError
from gateway.identity.possession import Possession
from gateway.pipeline import GraphQLRequest, Pipeline
from gateway.web.doors import cds_hooks, fhir
from gateway.web.doors.fhir import ResourceError

FHIR_TYPE = "application/fhir+json"
_MAX_BODY = 65_536
_MAX_PAGES = 20
_OUTAGE = "SERVICE_UNAVAILABLE"

Bind = Callable[[str, str], Awaitable[bool]]


class Doors:
    """Routes that are not GraphQL and run as GraphQL all the same."""

    def __init__(self, pipeline: Pipeline, bind: Bind) -> None:
        """Make the doors.

        Args:
            pipeline: runs every operation.
            bind: uses a one-time code for the login of an access token.
        """
        self._pipeline = pipeline
        self._use_code = bind
        folder = resources.files("gateway.web.doors") / "operations"
        self._documents = {
            name: (folder / f"{name}.graphql").read_text(encoding="utf-8")
            for name in ("Releases", "Accounting", "DraftRelease")
        }

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
        scheme, token = credentials_of(request)
        shown = Possession(
            scheme, request.method, request.url.path, tuple(request.headers.getlist("dpop"))
        )
        answer = await self._pipeline.answer(
            GraphQLRequest(
                token=token,
                query=self._documents[name],
                variables=variables,
                purpose=request.headers.get("purpose-of-use"),
                acting_grant=request.headers.get("acting-grant"),
                possession=shown,
            )
        )
        codes = {each.get("extensions", {}).get("code") for each in answer.body.get("errors") or ()}
        if _OUTAGE in codes:  # half an answer would read as "nothing is known"
            return 503, {"errors": [{"extensions": {"code": _OUTAGE}}]}
        return answer.status, answer.body

    async def _consents(self, request: Request) -> Response:
        patient = request.query_params.get("patient", "").removeprefix("Patient/")
        try:
            status, body = await self._run(request, "Releases", {"id": patient})
        except RequestRefusedError as refused:
            return _fhir(refused.status, fhir.outcome_of("security", refused.code))
        if status != 200:
            return _fhir(status, fhir.outcome_of("security", _code(body)))
        wanted = request.query_params.get("_id")
        found = [
            fhir.consent_of(release, patient)
            for release in _nodes(body, "releases")
            if wanted in (None, release["id"])
        ]
        return _fhir(200, fhir.bundle_of(found))

    async def _import(self, request: Request) -> Response:
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
            return _fhir(refused.status, fhir.outcome_of("security", refused.code))
        payload = (body.get("data") or {}).get("draftRelease")
        if status != 200 or not payload:
            return _fhir(status if status != 200 else 403, fhir.outcome_of("security", _code(body)))
        if payload["userErrors"]:
            said = payload["userErrors"][0]["code"]
            return _fhir(422, fhir.outcome_of("business-rule", said))
        draft = payload["release"] or {}
        return _fhir(201, {"resourceType": "Consent", "id": draft.get("id"), "status": "draft"})

    async def _audit_events(self, request: Request) -> Response:
        patient = request.query_params.get("patient", "").removeprefix("Patient/")
        events: list[dict[str, Any]] = []
        after: str | None = None
        for _ in range(_MAX_PAGES):
            try:
                status, body = await self._run(
                    request, "Accounting", {"id": patient, "after": after}
                )
            except RequestRefusedError as refused:
                return _fhir(refused.status, fhir.outcome_of("security", refused.code))
            if status != 200:
                return _fhir(status, fhir.outcome_of("security", _code(body)))
            events += [
                fhir.audit_event_of(line, patient, len(events) + number)
                for number, line in enumerate(_nodes(body, "accounting"))
            ]
            info = (_connection(body, "accounting") or {}).get("pageInfo") or {}
            after = info.get("endCursor")
            if not info.get("hasNextPage"):
                break
        return _fhir(200, fhir.bundle_of(events))

    async def _discovery(self, _request: Request) -> Response:
        return _json(200, cds_hooks.DISCOVERY)

    async def _consult(self, request: Request) -> Response:
        try:
            question = orjson.loads(await request.body())["context"]
            (patient,) = question["patientId"]
            status, body = await self._run(request, "Releases", {"id": str(patient)})
        except RequestRefusedError as refused:
            return _json(refused.status, {"code": refused.code})
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            return _json(400, {"code": "BAD_REQUEST"})
        if status != 200:
            return _json(status, {"code": _code(body)})
        # Who may not read the releases has none to answer from: that is the constant answer.
        return _json(200, cds_hooks.consult(_nodes(body, "releases"), question))

    async def _bind(self, request: Request) -> Response:
        """Use a one-time code: the one thing that a login without any role can do."""
        try:
            _, token = credentials_of(request)
            code = orjson.loads(await request.body())["code"]
            is_bound = await self._use_code(token, str(code))
        except (RequestRefusedError, AccessTokenError):
            return _json(401, {"code": "UNAUTHENTICATED"})
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return _json(400, {"code": "BAD_REQUEST"})
        except ConsentUnavailableError:
            return _json(503, {"code": "SERVICE_UNAVAILABLE"})
        return Response(status_code=204) if is_bound else _json(403, {"code": "CODE_NOT_ACCEPTED"})


def credentials_of(request: Request) -> tuple[str, str]:
    """Return scheme and token of a request's one Authorization header.

    Raises:
        RequestRefusedError: none, several, or another scheme.
    """
    given = request.headers.getlist("authorization")
    scheme, _, token = (given[0] if len(given) == 1 else "").partition(" ")
    if scheme.lower() not in ("bearer", "dpop") or not token.strip():
        raise RequestRefusedError(401, "UNAUTHENTICATED")
    return scheme.lower(), token.strip()


def _connection(body: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    participant = (body.get("data") or {}).get("participant") or {}
    found: Mapping[str, Any] | None = participant.get(name)
    return found


def _nodes(body: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    edges = (_connection(body, name) or {}).get("edges") or ()
    return [edge["node"] for edge in edges if edge and edge["node"]]


def _code(body: Mapping[str, Any]) -> str:
    errors = body.get("errors") or [{}]
    return str(errors[0].get("extensions", {}).get("code", "FORBIDDEN"))


def _json(status: int, body: Mapping[str, Any], media_type: str = "application/json") -> Response:
    headers = {"content-type": f"{media_type}; charset=utf-8", "cache-control": "no-store"}
    return Response(orjson.dumps(body), status, headers)


def _fhir(status: int, body: Mapping[str, Any]) -> Response:
    return _json(status, body, FHIR_TYPE)
