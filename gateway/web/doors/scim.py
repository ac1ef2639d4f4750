"""The SCIM 2.0 door (RFC 7644): an agency's identity provider provisions accounts and groups.

Each request runs committed operations as the provider's registered client; nothing here gives a
role. Groups propose what the agency's administrator has mapped (decision record 0014).
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.errors import RequestRefusedError
from gateway.pipeline import Pipeline
from gateway.web.credentials import CredentialsReader, challenge_of
from gateway.web.doors import scim_discovery, scim_format
from gateway.web.doors.committed import CommittedOperations
from gateway.web.doors.responses import json_of
from gateway.web.doors.scim_format import GROUP, MAX_RESULTS, USER, Change, Group, ScimError, User

SCIM_TYPE = "application/scim+json"
_NUMBER = re.compile(r"-?[0-9]{1,9}")
MAX_MEMBERS_AT_ONCE = 50
_ROOT = "/scim/v2"
_NAMES = (
    "ScimUser", "ScimUsers", "ScimPutUser", "ScimRemoveUser", "ScimGroup", "ScimGroups",
    "ScimPutGroup", "ScimRemoveGroup", "ScimNothing",
)  # fmt: skip
_ERRORS = {
    "NOT_FOUND": (404, None),
    "TAKEN": (409, "uniqueness"),
    "VERSION_CONFLICT": (412, None),
    "IMMUTABLE": (400, "mutability"),
    "FORBIDDEN": (403, None),
    "TOO_MANY_MEMBERS": (413, "tooMany"),
}

Handler = Callable[[Request], Awaitable[Response]]


class ScimDoor:
    """Routes of an identity provider's client."""

    def __init__(self, pipeline: Pipeline, credentials: CredentialsReader) -> None:
        """Make the door.

        Args:
            pipeline: runs every operation.
            credentials: reads who asks.
        """
        self._operations = CommittedOperations(pipeline, credentials, _NAMES)

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        one, many = ["GET", "PUT", "PATCH", "DELETE"], ["GET", "POST"]
        found: list[tuple[str, Handler, list[str]]] = [
            ("/ServiceProviderConfig", self._configuration, ["GET"]),
            ("/ResourceTypes", self._types, ["GET"]),
            ("/ResourceTypes/{id}", self._types, ["GET"]),
            ("/Schemas", self._schemas, ["GET"]),
            ("/Schemas/{id}", self._schemas, ["GET"]),
            ("/Users", self._users, many),
            ("/Users/{id}", self._user, one),
            ("/Groups", self._groups, many),
            ("/Groups/{id}", self._group, one),
            ("/{rest:path}", self._nowhere, [*one, "POST"]),
        ]
        return [
            Route(f"{_ROOT}{path}", _answering(handler, methods), methods=[*one, "POST"])
            for path, handler, methods in found
        ]

    async def _body(self, request: Request) -> Any:
        await self._operations.knock(request)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in (SCIM_TYPE, "application/json"):
            raise ScimError(415, f"Send {SCIM_TYPE}.")
        try:
            return orjson.loads(await request.body())
        except orjson.JSONDecodeError:
            raise ScimError(400, "The body is not JSON.", "invalidSyntax") from None

    async def _configuration(self, request: Request) -> Response:
        await self._operations.whole(request, "ScimNothing", {})
        return _scim(200, scim_discovery.configuration(_base(request)))

    async def _types(self, request: Request) -> Response:
        return await self._described(request, scim_discovery.resource_types(_base(request)))

    async def _schemas(self, request: Request) -> Response:
        return await self._described(request, scim_discovery.schemas(_base(request)))

    async def _described(self, request: Request, found: list[dict[str, Any]]) -> Response:
        await self._operations.whole(request, "ScimNothing", {})
        if "filter" in request.query_params:
            raise ScimError(403, "What the door says of itself is not filtered.")
        wanted = request.path_params.get("id")
        if wanted is None:
            return _scim(200, scim_format.list_of(found, len(found), 1))
        for each in found:
            if each["id"] == wanted:
                return _scim(200, each)
        raise _missing()

    async def _nowhere(self, request: Request) -> Response:
        await self._operations.whole(request, "ScimNothing", {})
        raise _missing()

    async def _users(self, request: Request) -> Response:
        if request.method == "POST":
            user = scim_format.read_user(await self._body(request))
            row = await self._put(request, "ScimPutUser", _user_input(user))
            return _resource(request, 201, scim_format.user_of(row, _base(request)))
        return await self._list(request, "ScimUsers", USER, scim_format.user_of)

    async def _user(self, request: Request) -> Response:
        row = await self._row(request, "ScimUser", "provisionedUser")
        if request.method == "GET":
            return _resource(request, 200, scim_format.user_of(row, _base(request)))
        _check_match(request, row)
        if request.method == "DELETE":
            return await self._remove(request, "ScimRemoveUser", row)
        body = await self._body(request)
        if request.method == "PUT":
            user = scim_format.read_user(body)
        else:
            before = User(row["userName"], row["externalId"], row["displayName"], row["active"])
            user = scim_format.patch_user(before, body)
        given = {**_user_input(user), "id": row["id"], "expectedVersion": row["version"]}
        after = await self._put(request, "ScimPutUser", given)
        return _resource(request, 200, scim_format.user_of(after, _base(request)))

    async def _groups(self, request: Request) -> Response:
        if request.method == "POST":
            after = scim_format.read_group(await self._body(request))
            change = Change(after, after.members, ())
            row = await self._put_group(request, change, None)
            return _resource(request, 201, scim_format.group_of(row, _base(request)))
        return await self._list(request, "ScimGroups", GROUP, scim_format.group_of)

    async def _group(self, request: Request) -> Response:
        row = await self._row(request, "ScimGroup", "provisionedGroup")
        if request.method == "GET":
            return _resource(request, 200, scim_format.group_of(row, _base(request)))
        _check_match(request, row)
        if request.method == "DELETE":
            return await self._remove(request, "ScimRemoveGroup", row)
        members = tuple(each["userId"] for each in row["members"] or ())
        before = Group(row["displayName"], row["externalId"], members)
        body = await self._body(request)
        if request.method == "PUT":
            change = scim_format.changed(before, scim_format.read_group(body))
        else:
            change = scim_format.patch_group(before, body)
        after = await self._put_group(request, change, row)
        return _resource(request, 200, scim_format.group_of(after, _base(request)))

    async def _row(self, request: Request, name: str, field: str) -> Mapping[str, Any]:
        row_id = request.path_params["id"]
        try:
            UUID(row_id)
        except ValueError:
            await self._operations.whole(request, "ScimNothing", {})
            raise _missing() from None
        data = await self._operations.whole(request, name, {"id": row_id})
        row: Mapping[str, Any] | None = data.get(field)
        if row is None:
            raise _missing()
        return row

    async def _list(
        self, request: Request, name: str, schema: str, show: Callable[..., dict[str, Any]]
    ) -> Response:
        asked = request.query_params
        wanted = scim_format.read_filter(asked.get("filter"), schema)
        start = max(1, _number(asked.get("startIndex"), 1))
        count = min(MAX_RESULTS, max(0, _number(asked.get("count"), MAX_RESULTS)))
        data = await self._operations.whole(
            request, name, {**wanted, "start": start, "count": count}
        )
        page = data.get("page") or {"total": 0, "items": []}
        shown = [
            scim_format.selected(
                show(row, _base(request)), asked.get("attributes"), asked.get("excludedAttributes")
            )
            for row in page["items"]
        ]
        return _scim(200, scim_format.list_of(shown, page["total"], start))

    async def _put_group(
        self, request: Request, change: Change, row: Mapping[str, Any] | None
    ) -> Mapping[str, Any]:
        """Store a group; more members than fit in one change come in several."""
        named = {"displayName": change.group.display_name, "externalId": change.group.external_id}
        joins, leaves = list(change.add), list(change.remove)
        while True:
            add, joins = joins[:MAX_MEMBERS_AT_ONCE], joins[MAX_MEMBERS_AT_ONCE:]
            remove, leaves = leaves[:MAX_MEMBERS_AT_ONCE], leaves[MAX_MEMBERS_AT_ONCE:]
            known = {} if row is None else {"id": row["id"], "expectedVersion": row["version"]}
            given = {**named, **known, "addMembers": add, "removeMembers": remove}
            row = await self._put(request, "ScimPutGroup", given)
            if not joins and not leaves:
                return row

    async def _put(
        self, request: Request, name: str, given: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        payload = await self._payload(request, name, given)
        row: Mapping[str, Any] | None = payload.get("resource")
        if row is None:
            raise _missing()
        return row

    async def _remove(self, request: Request, name: str, row: Mapping[str, Any]) -> Response:
        await self._payload(request, name, {"id": row["id"], "expectedVersion": row["version"]})
        return Response(status_code=204)

    async def _payload(
        self, request: Request, name: str, given: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        data = await self._operations.whole(
            request, name, {"input": {**given, "idempotencyKey": uuid4().hex}}
        )
        payload: Mapping[str, Any] = data.get("payload") or {}
        for error in payload.get("userErrors") or ():
            status, kind = _ERRORS.get(error["code"], (400, "invalidValue"))
            raise ScimError(status, error["message"], kind)
        return payload


def _user_input(user: User) -> dict[str, Any]:
    return {
        "userName": user.user_name,
        "externalId": user.external_id,
        "displayName": user.display_name,
        "active": user.is_active,
    }


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/") + _ROOT


def _missing() -> ScimError:
    return ScimError(404, "There is no such resource.")


def _number(text: str | None, otherwise: int) -> int:
    if text is None:
        return otherwise
    if not _NUMBER.fullmatch(text):
        raise ScimError(400, "startIndex and count are integers.", "invalidValue")
    return int(text)


def _check_match(request: Request, row: Mapping[str, Any]) -> None:
    wanted = request.headers.get("if-match")
    tags = {each.strip() for each in (wanted or "").split(",")}
    if wanted is not None and not tags & {"*", scim_format.etag(row)}:
        raise ScimError(412, "The resource has changed meanwhile; read it again.")


def _resource(request: Request, status: int, resource: Mapping[str, Any]) -> Response:
    tag, location = resource["meta"]["version"], resource["meta"]["location"]
    headers = {"etag": tag, "location": location}
    if request.method == "GET" and request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    asked = request.query_params
    shown = scim_format.selected(resource, asked.get("attributes"), asked.get("excludedAttributes"))
    return _scim(status, shown, headers)


def _scim(
    status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    return json_of(status, body, SCIM_TYPE, headers)


def _answering(handler: Handler, methods: list[str]) -> Handler:
    """Return a handler whose refusals are errors of SCIM, other methods among them."""

    async def answer(request: Request) -> Response:
        try:
            if request.method not in methods and request.method != "HEAD":
                told = ScimError(405, "This resource has no such method.")
                return _scim(405, told.body(), {"allow": ", ".join(methods)})
            return await handler(request)
        except ScimError as error:
            return _scim(error.status, error.body())
        except RequestRefusedError as refused:
            told = ScimError(refused.status, refused.code)
            return _scim(refused.status, told.body(), challenge_of(refused))

    return answer
