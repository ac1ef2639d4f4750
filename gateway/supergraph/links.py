"""Features that a supergraph links, and the local names of their directives.

Sources: https://specs.apollo.dev/link/v1.0 and https://specs.apollo.dev/core/v0.2.  A feature
`for: EXECUTION` or `for: SECURITY` that we do not carry out must not be ignored: the supergraph
is refused.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from graphql import (
    DirectiveNode,
    DocumentNode,
    EnumValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    StringValueNode,
    ValueNode,
)
from graphql.utilities import value_from_ast_untyped

from gateway.supergraph.model import SupergraphError

_JOIN_VERSIONS: Final = frozenset({"v0.1", "v0.2", "v0.3", "v0.4", "v0.5"})
_CARRIED_OUT: Final = frozenset(
    {
        "core", "link", "join", "inaccessible", "tag",
        "authenticated", "requiresScopes", "policy", "context",
    }
)  # fmt: skip

_HOME: Final = "https://specs.apollo.dev/"
_OWN: Final = re.compile(r"/(link|core)/v[0-9]+\.[0-9]+/?$")
"""The address of the specification that says how to link."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One linked feature, with the renames of its import list.

    Attributes:
        identity: its address without the version.
        imports: directives that have a name of their own here, without their @.
        imported_types: types that have one.
    """

    name: str
    identity: str
    version: str
    prefix: str
    imports: dict[str, str]
    imported_types: dict[str, str]

    def directive(self, name: str) -> str:
        """The name in this document of the feature's directive `name` (without the @)."""
        if name in self.imports:
            return self.imports[name]
        return self.prefix if name == self.name else f"{self.prefix}__{name}"

    def type_name(self, name: str) -> str:
        """The name in this document of the feature's type `name`."""
        return self.imported_types.get(name, f"{self.prefix}__{name}")


def directive_arguments(node: DirectiveNode, coordinate: str) -> dict[str, Any]:
    """The arguments of a directive as plain Python values; enum values as strings.

    Raises:
        SupergraphError: a value nests deeper than can be read.
    """
    try:
        return {
            argument.name.value: value_from_ast_untyped(argument.value)
            for argument in node.arguments or ()
        }
    except RecursionError:
        message = f"the arguments of @{node.name.value} cannot be read"
        raise SupergraphError(message, coordinate) from None


def read_features(document: DocumentNode) -> dict[str, Feature]:
    """All linked features by their own name; SupergraphError if one is unknown and binding.

    Of several features of one name, that of the federation's own specifications has it.
    """
    features: dict[str, Feature] = {}
    for feature, purpose in _links(document):
        if purpose in ("EXECUTION", "SECURITY") and feature.name not in _CARRIED_OUT:
            message = f"the linked feature {feature.name} is for {purpose} and not carried out here"
            raise SupergraphError(message, f"@link {feature.name}")
        known = features.get(feature.name)
        if known is not None and known.identity == feature.identity:
            raise SupergraphError("linked twice", f"@link {feature.name}")
        if known is not None and known.identity.startswith(_HOME):
            features[feature.identity] = feature  # of that name, yet by somebody else
            continue
        if known is not None:
            features[known.identity] = known
        features[feature.name] = feature
    join = features.get("join")
    if join is None:
        raise SupergraphError("no join specification is linked; is this a supergraph?")
    if join.version not in _JOIN_VERSIONS:
        message = f"join specification {join.version} is not known (v0.1 to v0.5 are)"
        raise SupergraphError(message, "@link join")
    return features


def _links(document: DocumentNode) -> list[tuple[Feature, str | None]]:
    uses = [
        directive
        for definition in document.definitions
        if isinstance(definition, SchemaDefinitionNode | SchemaExtensionNode)
        for directive in definition.directives or ()
    ]
    names = {"link", "core"} | set(_own_names(uses))
    return [_feature(one) for one in uses if one.name.value in names]


def _own_names(uses: Iterable[DirectiveNode]) -> Iterable[str]:
    """The link directive may itself be renamed, in the use that links its own specification."""
    for one in uses:
        given = {argument.name.value: argument.value for argument in one.arguments or ()}
        address, renamed = given.get("url", given.get("feature")), given.get("as")
        if (
            isinstance(address, StringValueNode)
            and isinstance(renamed, StringValueNode)
            and renamed.value == one.name.value
            and _OWN.search(address.value)
        ):
            yield one.name.value


def _feature(node: DirectiveNode) -> tuple[Feature, str | None]:
    where = f"@{node.name.value}"
    given = {one.name.value: one.value for one in node.arguments or ()}
    if len(given) != len(node.arguments or ()):
        raise SupergraphError("an argument is given twice", where)
    unknown = given.keys() - {"url", "feature", "as", "for", "import"}
    if unknown:
        raise SupergraphError(f"the argument {min(unknown)} is unknown", where)
    address = given.get("url", given.get("feature"))
    if not isinstance(address, StringValueNode):
        raise SupergraphError("links no address", where)
    try:
        parts = urlsplit(address.value)
    except ValueError:
        raise SupergraphError("links an address that is none", where) from None
    segments = parts.path.strip("/").split("/")
    version = segments[-1] if segments[-1][:1] == "v" and segments[-1][1:2].isdigit() else ""
    names = segments[:-1] if version else segments
    name = names[-1] if names else ""
    where = f"@link {name}"
    renamed = _absent(given.get("as"))
    if renamed is not None and not (isinstance(renamed, StringValueNode) and renamed.value):
        raise SupergraphError("renamed to what is no name", where)
    purpose = _absent(given.get("for"))
    if purpose is not None and not isinstance(purpose, EnumValueNode):
        raise SupergraphError("its purpose is of another kind", where)
    prefix = renamed.value if renamed is not None else name
    imports, types = _imports(_absent(given.get("import")), where)
    identity = f"{parts.scheme}://{parts.netloc}/{'/'.join(names)}"
    feature = Feature(name, identity, version, prefix, imports, types)
    return feature, purpose.value if purpose is not None else None


def _absent(node: ValueNode | None) -> ValueNode | None:
    return None if isinstance(node, NullValueNode) else node


def _imports(node: ValueNode | None, where: str) -> tuple[dict[str, str], dict[str, str]]:
    """Local names of imported directives, each without its @, and of imported types."""
    imports: dict[str, str] = {}
    types: dict[str, str] = {}
    if node is None:
        return imports, types
    for item in node.values if isinstance(node, ListValueNode) else (node,):
        original, local = _import(item, where)
        if original.startswith("@") != local.startswith("@"):
            raise SupergraphError("a directive and a type are imported as each other", where)
        if original.startswith("@"):
            imports[original[1:]] = local[1:]
        else:
            types[original] = local
    return imports, types


def _import(item: ValueNode, where: str) -> tuple[str, str]:
    if isinstance(item, StringValueNode):
        return item.value, item.value
    if isinstance(item, ObjectValueNode):
        given = {one.name.value: _absent(one.value) for one in item.fields}
        name = given.get("name")
        local = given.get("as") or name
        if isinstance(name, StringValueNode) and isinstance(local, StringValueNode):
            return name.value, local.value
    raise SupergraphError("imports what has no name", where)
