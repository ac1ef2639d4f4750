"""Features that a supergraph links, and the local names of their directives.

Sources: https://specs.apollo.dev/link/v1.0 and https://specs.apollo.dev/core/v0.2.  A feature
`for: EXECUTION` or `for: SECURITY` that we do not carry out must not be ignored: the supergraph
is refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from graphql import DirectiveNode, DocumentNode, SchemaDefinitionNode, SchemaExtensionNode
from graphql.utilities import value_from_ast_untyped

from gateway.supergraph.model import SupergraphError

_JOIN_VERSIONS: Final = frozenset({"v0.1", "v0.2", "v0.3", "v0.4", "v0.5"})
_CARRIED_OUT: Final = frozenset(
    {
        "core", "link", "join", "inaccessible", "tag",
        "authenticated", "requiresScopes", "policy", "context",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Feature:
    """One linked feature, with the renames of its import list."""

    name: str
    version: str
    prefix: str
    imports: dict[str, str]

    def directive(self, name: str) -> str:
        """The name in this document of the feature's directive `name` (without the @)."""
        if name in self.imports:
            return self.imports[name]
        return self.prefix if name == self.name else f"{self.prefix}__{name}"

    def type_name(self, name: str) -> str:
        """The name in this document of the feature's type `name`."""
        return f"{self.prefix}__{name}"


def directive_arguments(node: DirectiveNode) -> dict[str, Any]:
    """The arguments of a directive as plain Python values; enum values as strings."""
    return {
        argument.name.value: value_from_ast_untyped(argument.value)
        for argument in node.arguments or ()
    }


def read_features(document: DocumentNode) -> dict[str, Feature]:
    """All linked features by their own name; SupergraphError if one is unknown and binding."""
    features: dict[str, Feature] = {}
    for arguments in _links(document):
        feature, purpose = _feature(arguments)
        if purpose in ("EXECUTION", "SECURITY") and feature.name not in _CARRIED_OUT:
            message = f"the linked feature {feature.name} is for {purpose} and not carried out here"
            raise SupergraphError(message, f"@link {feature.name}")
        features[feature.name] = feature
    join = features.get("join")
    if join is None:
        raise SupergraphError("no join specification is linked; is this a supergraph?")
    if join.version not in _JOIN_VERSIONS:
        message = f"join specification {join.version} is not known (v0.1 to v0.5 are)"
        raise SupergraphError(message, "@link join")
    return features


def _links(document: DocumentNode) -> Iterable[dict[str, Any]]:
    for definition in document.definitions:
        if isinstance(definition, SchemaDefinitionNode | SchemaExtensionNode):
            for directive in definition.directives or ():
                arguments = directive_arguments(directive)
                # The link directive itself may be renamed; it is known by its arguments.
                address = arguments.get("url", arguments.get("feature"))
                if isinstance(address, str):
                    yield {**arguments, "url": address}


def _feature(arguments: dict[str, Any]) -> tuple[Feature, str | None]:
    segments = urlsplit(arguments["url"]).path.strip("/").split("/")
    version = segments[-1] if segments[-1][:1] == "v" and segments[-1][1:2].isdigit() else ""
    names = segments[:-1] if version else segments
    name = names[-1] if names else ""
    imports: dict[str, str] = {}
    for item in arguments.get("import") or ():
        original = str(item["name"] if isinstance(item, dict) else item)
        local = str(item.get("as", original)) if isinstance(item, dict) else original
        if original.startswith("@"):
            imports[original[1:]] = local[1:]
    prefix = arguments.get("as") or name
    return Feature(name, version, prefix, imports), arguments.get("for")
