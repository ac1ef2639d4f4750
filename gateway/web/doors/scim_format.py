"""SCIM 2.0 as text: resources, filters, patches and errors (RFC 7643, RFC 7644). Pure.

Only what an account needs is kept of a person: ``userName``, ``externalId``, ``displayName`` and
``active``. Other attributes of the standard's schemas are accepted and not kept (RFC 7644, 3.3);
``ServiceProviderConfig`` and ``Schemas`` say so.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from infra.errors import GoldenThreadError

USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MAX_RESULTS: Final = 200

_FILTER = re.compile(r'^\s*([A-Za-z][\w.:$-]*)\s+eq\s+"((?:[^"\\]|\\.)*)"\s*$', re.IGNORECASE)
_MEMBER = re.compile(r'^members\[\s*value\s+eq\s+"([^"]+)"\s*\]$', re.IGNORECASE)
_FILTERABLE = {
    USER: {"username": "userName", "externalid": "externalId", "displayname": "displayName"},
    GROUP: {"displayname": "displayName", "externalid": "externalId"},
}
_READ_ONLY = frozenset({"id", "meta", "groups", "schemas"})


class ScimError(GoldenThreadError):
    """A request that is answered with an error of RFC 7644, 3.12."""

    code = "SCIM_ERROR"

    def __init__(self, status: int, detail: str, kind: str | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.kind = status, detail, kind

    def body(self) -> dict[str, Any]:
        """Return the body of the answer."""
        kind = {"scimType": self.kind} if self.kind else {}
        return {"schemas": [ERROR], "status": str(self.status), **kind, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class User:
    """What may be said of a person."""

    user_name: str
    external_id: str | None
    display_name: str | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class Group:
    """What may be said of a group; ``members`` are ids of people."""

    display_name: str
    external_id: str | None
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A group's new names, and how its members change."""

    group: Group
    add: tuple[str, ...]
    remove: tuple[str, ...]


def read_user(body: Any) -> User:
    """Read a person.

    Raises:
        ScimError: 400, no such resource, or an attribute of another kind.
    """
    given = _attributes(body, USER)
    name = _text(given, "userName")
    if not name:
        raise ScimError(400, "userName is required.", "invalidValue")
    return User(name, _text(given, "externalId"), _text(given, "displayName"), _flag(given))


def read_group(body: Any) -> Group:
    """Read a group.

    Raises:
        ScimError: 400, no such resource, or an attribute of another kind.
    """
    given = _attributes(body, GROUP)
    name = _text(given, "displayName")
    if not name:
        raise ScimError(400, "displayName is required.", "invalidValue")
    return Group(name, _text(given, "externalId"), _members(given.get("members")))


def _attributes(body: Any, schema: str) -> dict[str, Any]:
    schemas = body.get("schemas") if isinstance(body, dict) else None
    if not isinstance(schemas, list) or schema not in schemas:
        raise ScimError(400, f"A resource of {schema} is needed.", "invalidSyntax")
    return {_canonical(name): value for name, value in body.items()}


_CANONICAL = {
    name.lower(): name
    for name in ("userName", "externalId", "displayName", "active", "members", *_READ_ONLY)
}


def _canonical(name: str) -> str:
    """Return an attribute as the schemas spell it; case does not matter (RFC 7643, 2.1)."""
    for schema in (USER, GROUP):
        if name.lower().startswith(f"{schema.lower()}:"):
            name = name[len(schema) + 1 :]
    return _CANONICAL.get(name.lower(), name)


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise ScimError(400, f"{name} is a string.", "invalidValue")
    return value


def _flag(given: Mapping[str, Any]) -> bool:
    value = given.get("active")
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"  # some providers send words
    if value is not None and not isinstance(value, bool):
        raise ScimError(400, "active is a boolean.", "invalidValue")
    return True if value is None else value


def _members(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    rows = value if isinstance(value, list) else [value]
    if not all(isinstance(each, dict) and isinstance(each.get("value"), str) for each in rows):
        raise ScimError(400, "members have a value: the id of a user.", "invalidValue")
    return tuple(dict.fromkeys(each["value"] for each in rows))


def read_filter(text: str | None, schema: str) -> dict[str, str]:
    """Return the one attribute that is asked for, by name.

    Raises:
        ScimError: 400, anything but ``attribute eq "value"``.
    """
    if text is None:
        return {}
    found = _FILTER.match(text)
    name = _canonical(found[1]).lower() if found else ""
    if found is None or name not in _FILTERABLE[schema]:
        raise ScimError(400, 'Filters are: attribute eq "value".', "invalidFilter")
    return {_FILTERABLE[schema][name]: re.sub(r"\\(.)", r"\1", found[2])}


def _operations(body: Any) -> list[tuple[str, str | None, Any]]:
    if not isinstance(body, dict) or PATCH not in (body.get("schemas") or ()):
        raise ScimError(400, "A PatchOp is needed.", "invalidSyntax")
    given = next((value for name, value in body.items() if name.lower() == "operations"), None)
    if not isinstance(given, list) or not given:
        raise ScimError(400, "A PatchOp has operations.", "invalidSyntax")
    found = []
    for each in given:
        kind = str(each.get("op", "")).lower() if isinstance(each, dict) else ""
        if kind not in ("add", "replace", "remove"):
            raise ScimError(400, "op is add, replace or remove.", "invalidSyntax")
        path = each.get("path")
        if path is not None and not isinstance(path, str):
            raise ScimError(400, "path is a string.", "invalidPath")
        if kind == "remove" and path is None:
            raise ScimError(400, "remove needs a path.", "noTarget")
        found.append((kind, path, each.get("value")))
    return found


def _set(given: dict[str, Any], kind: str, path: str, value: Any) -> None:
    name = _canonical(path)
    if name in _READ_ONLY:
        raise ScimError(400, f"{name} is read only.", "mutability")
    given[name] = None if kind == "remove" else value


def _patched(given: dict[str, Any], kind: str, path: str | None, value: Any) -> None:
    """Apply one operation to the plain attributes of a resource."""
    if path is not None:
        _set(given, kind, path, value)
        return
    if not isinstance(value, dict):
        raise ScimError(400, "Without a path, value is an object.", "invalidValue")
    for name, each in value.items():
        _set(given, kind, name, each)


def patch_user(user: User, body: Any) -> User:
    """Return a person after a patch (RFC 7644, 3.5.2).

    Raises:
        ScimError: 400, the patch cannot be applied.
    """
    given: dict[str, Any] = {
        "userName": user.user_name,
        "externalId": user.external_id,
        "displayName": user.display_name,
        "active": user.is_active,
    }
    for kind, path, value in _operations(body):
        _patched(given, kind, path, value)
    if given["userName"] is None:
        raise ScimError(400, "userName is required.", "mutability")
    return read_user({"schemas": [USER], **given})


def patch_group(group: Group, body: Any) -> Change:
    """Return a group after a patch, and who joins and leaves.

    Raises:
        ScimError: 400, the patch cannot be applied.
    """
    given: dict[str, Any] = {"displayName": group.display_name, "externalId": group.external_id}
    members = list(group.members)
    for kind, path, value in _operations(body):
        one = _MEMBER.match(path) if path else None
        if one is not None:
            if kind != "remove":
                raise ScimError(400, "A member is added or removed.", "invalidPath")
            members = [each for each in members if each != one[1]]
        elif path is not None and _canonical(path) == "members":
            members = _changed(members, kind, value)
        elif path is None and isinstance(value, dict):
            rest = {name: each for name, each in value.items() if _canonical(name) != "members"}
            for name, each in value.items():
                if _canonical(name) == "members":
                    members = _changed(members, kind, each)
            _patched(given, kind, None, rest)
        else:
            _patched(given, kind, path, value)
    if given["displayName"] is None:
        raise ScimError(400, "displayName is required.", "mutability")
    after = read_group({"schemas": [GROUP], **given})
    kept = tuple(dict.fromkeys(members))
    return changed(group, replace(after, members=kept))


def _changed(members: list[str], kind: str, value: Any) -> list[str]:
    named = _members(value)
    if kind == "add":
        return [*members, *named]
    if kind == "replace":
        return list(named)
    return [each for each in members if named and each not in named]


def changed(before: Group, after: Group) -> Change:
    """Return how a group comes to be another."""
    had, has = set(before.members), set(after.members)
    return Change(
        after,
        tuple(each for each in after.members if each not in had),
        tuple(each for each in before.members if each not in has),
    )


def _meta(row: Mapping[str, Any], kind: str, base: str) -> dict[str, Any]:
    return {
        "resourceType": kind,
        "created": row["createdAt"],
        "lastModified": row["updatedAt"],
        "location": f"{base}/{kind}s/{row['id']}",
        "version": etag(row),
    }


def etag(row: Mapping[str, Any]) -> str:
    """Return the entity tag of a resource (RFC 7644, 3.14)."""
    return f'W/"{row["version"]}"'


def user_of(row: Mapping[str, Any], base: str) -> dict[str, Any]:
    """Return a person as a resource."""
    found = {
        "schemas": [USER],
        "id": row["id"],
        "externalId": row["externalId"],
        "userName": row["userName"],
        "displayName": row["displayName"],
        "active": row["active"],
        "groups": [
            {
                "value": each["groupId"],
                "$ref": f"{base}/Groups/{each['groupId']}",
                "display": each["groupName"],
                "type": "direct",
            }
            for each in row.get("memberships") or ()
        ],
        "meta": _meta(row, "User", base),
    }
    return {name: value for name, value in found.items() if value not in (None, [])}


def group_of(row: Mapping[str, Any], base: str) -> dict[str, Any]:
    """Return a group as a resource."""
    found = {
        "schemas": [GROUP],
        "id": row["id"],
        "externalId": row["externalId"],
        "displayName": row["displayName"],
        "members": [
            {
                "value": each["userId"],
                "$ref": f"{base}/Users/{each['userId']}",
                "type": "User",
            }
            for each in row.get("members") or ()
        ],
        "meta": _meta(row, "Group", base),
    }
    return {name: value for name, value in found.items() if value not in (None, [])}


def list_of(resources: Sequence[Any], total: int, start: int) -> dict[str, Any]:
    """Return a list response."""
    return {
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": list(resources),
    }


_ALWAYS = frozenset({"schemas", "id"})


def selected(
    resource: Mapping[str, Any], attributes: str | None, excluded: str | None
) -> dict[str, Any]:
    """Return a resource with the attributes that were asked for (RFC 7644, 3.9)."""
    if attributes is not None:
        wanted = {_canonical(each.strip()).partition(".")[0] for each in attributes.split(",")}
        return {name: value for name, value in resource.items() if name in wanted | _ALWAYS}
    left = {_canonical(each.strip()) for each in (excluded or "").split(",")} - _ALWAYS
    return {name: value for name, value in resource.items() if name not in left}
