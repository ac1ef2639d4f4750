"""What the SCIM door says of itself: configuration, types and schemas (RFC 7643, 5 to 7)."""

from typing import Any, Final

from gateway.web.doors.scim_format import GROUP, MAX_RESULTS, USER

_CORE: Final = "urn:ietf:params:scim:schemas:core:2.0:"


def configuration(base: str) -> dict[str, Any]:
    """Return the service provider's configuration."""
    return {
        "schemas": [f"{_CORE}ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MAX_RESULTS},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "OAuth Bearer Token",
                "description": "An access token of the provider's registered client.",
                "primary": True,
            }
        ],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": f"{base}/ServiceProviderConfig",
        },
    }


def resource_types(base: str) -> list[dict[str, Any]]:
    """Return the types of resources."""
    return [
        {
            "schemas": [f"{_CORE}ResourceType"],
            "id": kind,
            "name": kind,
            "endpoint": f"/{kind}s",
            "schema": schema,
            "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{kind}"},
        }
        for kind, schema in (("User", USER), ("Group", GROUP))
    ]


def _attribute(name: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    found = {
        "name": name,
        "type": kind,
        "multiValued": False,
        "required": False,
        "mutability": "readWrite",
        "returned": "default",
    }
    if kind == "string":
        found |= {"caseExact": False, "uniqueness": "none"}
    return found | more


def _reference(kinds: list[str]) -> dict[str, Any]:
    return _attribute(
        "$ref", "reference", referenceTypes=kinds, mutability="readOnly", caseExact=True,
        uniqueness="none",
    )  # fmt: skip


def schemas(base: str) -> list[dict[str, Any]]:
    """Return the attributes that are kept of each type of resource."""
    groups = _attribute(
        "groups", "complex", multiValued=True, mutability="readOnly",
        subAttributes=[
            _attribute("value", mutability="readOnly"),
            _reference(["Group"]),
            _attribute("display", mutability="readOnly"),
            _attribute("type", mutability="readOnly", canonicalValues=["direct"]),
        ],
    )  # fmt: skip
    members = _attribute(
        "members", "complex", multiValued=True,
        subAttributes=[
            _attribute("value", mutability="immutable"),
            _reference(["User"]) | {"mutability": "immutable"},
            _attribute("type", mutability="immutable", canonicalValues=["User"]),
        ],
    )  # fmt: skip
    user = [
        _attribute("userName", required=True, uniqueness="server"),
        _attribute("displayName"),
        _attribute("active", "boolean"),
        groups,
    ]
    group = [_attribute("displayName", required=True, uniqueness="server"), members]
    return [
        {
            "schemas": [f"{_CORE}Schema"],
            "id": urn,
            "name": name,
            "description": description,
            "attributes": attributes,
            "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{urn}"},
        }
        for urn, name, description, attributes in (
            (USER, "User", "A person who can sign in.", user),
            (GROUP, "Group", "A group, which may propose a role for its members.", group),
        )
    ]
