"""An honest subgraph: it answers what the federation specification says it can, and no more.

It errors on representations that match none of its keys, on `@requires` inputs that are missing
or differ from the world, and on `@external` fields that no `@provides` on the way promises.
"""

import re
from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    TypeDefinitionNode,
    build_ast_schema,
    execute_sync,
    extend_schema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    parse,
    validate,
)
from graphql.execution.values import get_argument_values

from tests.conformance.world import World, type_of

_HEAD = """
scalar _Any
scalar FieldSet
scalar link__Import
directive @link(url: String, as: String, for: String, import: [link__Import]) repeatable on SCHEMA
directive @key(fields: FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE
directive @requires(fields: FieldSet!) on FIELD_DEFINITION
directive @provides(fields: FieldSet!) on FIELD_DEFINITION
directive @external on OBJECT | FIELD_DEFINITION
directive @shareable repeatable on OBJECT | FIELD_DEFINITION
directive @override(from: String!, label: String) on FIELD_DEFINITION
directive @inaccessible on
  | FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM
  | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION
directive @tag(name: String!) repeatable on
  | FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM
  | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION
directive @extends on OBJECT | INTERFACE
directive @interfaceObject on OBJECT
scalar ContextFieldValue
directive @context(name: String!) repeatable on OBJECT | INTERFACE | UNION
directive @fromContext(field: ContextFieldValue) on ARGUMENT_DEFINITION
"""


def _argument(node: Any, directive_name: str, argument_name: str) -> list[str]:
    return [
        argument.value.value
        for directive in node.directives or ()
        if directive.name.value == directive_name
        for argument in directive.arguments or ()
        if argument.name.value == argument_name
    ]


def _field_set(text: str) -> SelectionSetNode:
    definition = parse("{" + text + "}").definitions[0]
    assert isinstance(definition, OperationDefinitionNode)
    return definition.selection_set


def _root_names(document: DocumentNode) -> set[str]:
    return {
        (one.alias or one.name).value
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
        for one in definition.selection_set.selections
        if isinstance(one, FieldNode)
    }


class HonestSubgraph:
    """One subgraph of a case, over the case's world."""

    def __init__(self, sdl: str, world: World) -> None:
        self._world = world
        self.schema, self._nodes = _build(sdl)
        self.requests: list[dict[str, Any]] = []
        self.errors: list[Any] = []
        self.lost: set[str] = set()
        """Root fields, by response name, of answers that came to nothing as a whole."""

    def execute(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one GraphQL request."""
        self.requests.append(dict(request))
        document = parse(request["query"])
        errors = validate(self.schema, document)
        if errors:
            self.errors += errors
            return {"errors": [error.formatted for error in errors]}
        result = execute_sync(
            self.schema,
            document,
            variable_values=request.get("variables") or {},
            field_resolver=self._resolve,
            type_resolver=self._type_of,
        )
        if result.data is None:
            self.lost |= _root_names(document)
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            self.errors += result.errors
            answer["errors"] = [error.formatted for error in result.errors]
        return answer

    def _type_of(self, value: Any, info: GraphQLResolveInfo[Any], abstract: Any) -> str:
        name = type_of(value)
        if isinstance(self.schema.get_type(name), GraphQLObjectType):
            return name
        message = f"{name} is not known here"
        raise GraphQLError(message)

    def _resolve(self, holder: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if info.field_name == "_entities":
            return [self._entity(one) for one in arguments["representations"]]
        parent, name = info.parent_type.name, info.field_name
        if info.parent_type in (info.schema.query_type, info.schema.mutation_type):
            value = self._world.root_value(parent, info, arguments)
        else:
            self._take_contexts(holder, parent, name, arguments)
            self._check(holder, parent, name)
            try:
                value = self._world.value(holder, name, arguments)
            except KeyError:
                value = None
        if not is_composite_type(get_named_type(info.return_type)):
            return value
        node = self._field_node(parent, name)
        provided = [_field_set(text) for text in _argument(node, "provides", "fields")]
        provided += _below(holder.get("_provided", ()) if isinstance(holder, dict) else (), name)
        found = self._world.dereference(value, info.return_type)
        return _mark(found, provided, self._interface_object(info))

    def _take_contexts(
        self, holder: Any, parent: str, name: str, arguments: dict[str, Any]
    ) -> None:
        """Check arguments with `@fromContext` against the world, and take them out."""
        for node in self._field_node(parent, name).arguments or ():
            if any(one.name.value == "fromContext" for one in node.directives or ()):
                given = arguments.pop(node.name.value, None)
                if given not in holder["_contexts"]:
                    message = f"{parent}.{name} is read in the context {given!r}"
                    raise GraphQLError(message)

    def _interface_object(self, info: GraphQLResolveInfo[Any]) -> str | None:
        """The declared type if it is an interface object: what it really is, is not known."""
        named = info.return_type
        while hasattr(named, "of_type"):
            named = named.of_type
        name = getattr(named, "name", "")
        is_one = any(
            directive.name.value == "interfaceObject"
            for node in self._nodes.get(name, ())
            for directive in node.directives or ()
        )
        return name if is_one else None

    def _field_node(self, type_name: str, field_name: str) -> Any:
        for node in self._nodes[type_name]:
            for field in node.fields or ():
                if field.name.value == field_name:
                    return field
        raise KeyError(field_name)

    def _check(self, holder: dict[str, Any], parent: str, name: str) -> None:
        node = self._field_node(parent, name)
        directives = {directive.name.value for directive in node.directives or ()}
        type_is_external = any(
            directive.name.value == "external"
            for one in self._nodes[parent]
            for directive in one.directives or ()
        )
        keys = {
            field
            for one in self._nodes[parent]
            for text in _argument(one, "key", "fields")
            for field in re.findall(r"\w+", text)
        }
        promised = any(_selects(one, parent, name) for one in holder.get("_provided", ()))
        is_external = "external" in directives or type_is_external
        if is_external and not promised and name not in keys:
            message = f"{parent}.{name} is external here"
            raise GraphQLError(message)
        for text in _argument(node, "requires", "fields"):
            self._check_inputs(holder, holder.get("_representation"), _field_set(text))

    def _check_inputs(self, holder: Any, given: Any, wanted: SelectionSetNode) -> None:
        if holder is None:
            if given is not None:
                raise GraphQLError("a required null is not null")
            return
        if isinstance(holder, list):
            if not isinstance(given, list) or len(given) != len(holder):
                raise GraphQLError("a required list differs")
            for one, inner in zip(holder, given, strict=True):
                self._check_inputs(one, inner, wanted)
            return
        for node in wanted.selections:
            if isinstance(node, InlineFragmentNode):
                kind = holder.get("__typename")
                condition = node.type_condition.name.value if node.type_condition else kind
                if condition == kind or self._world.is_a(self.schema, f"{kind}/", condition):
                    self._check_inputs(holder, given, node.selection_set)
                continue
            assert isinstance(node, FieldNode)
            name = node.name.value
            if name == "__typename":
                continue
            if not isinstance(given, dict) or name not in given:
                message = f"the required field {name} is missing"
                raise GraphQLError(message)
            try:
                value = self._world.value(holder, name, self._arguments(holder, node))
            except KeyError:
                value = None
            self._compare(name, value, given[name], node.selection_set)

    def _arguments(self, holder: Any, node: FieldNode) -> dict[str, Any]:
        """Arguments of a required field as its resolver would get them, defaults included."""
        named: Any = self.schema.get_type(str(holder.get("__typename")))
        definition = getattr(named, "fields", {}).get(node.name.value)
        if definition is not None:
            return get_argument_values(definition, node)
        return {one.name.value: _plain(one.value) for one in node.arguments or ()}

    def _compare(self, name: str, value: Any, given: Any, wanted: SelectionSetNode | None) -> None:
        if wanted is None:
            if given != value:
                message = f"the required field {name} is {given!r}, not {value!r}"
                raise GraphQLError(message)
        elif value is not None:
            self._check_inputs(self._object(value), given, wanted)

    def _object(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._object(one) for one in value]
        if self._world.is_reference(value):
            return {"__typename": value.split("/")[0], **self._world.objects[value]}
        return value

    def _entity(self, representation: dict[str, Any]) -> Any:
        type_name = representation.get("__typename")
        nodes = self._nodes.get(str(type_name))
        if nodes is None:
            message = f"no entity type {type_name}"
            raise GraphQLError(message)
        sets = [
            _field_set(text)
            for node in nodes
            for directive in node.directives or ()
            if directive.name.value == "key"
            and not any(
                argument.name.value == "resolvable" and argument.value.value is False
                for argument in directive.arguments
            )
            for argument in directive.arguments
            if argument.name.value == "fields"
            for text in [argument.value.value]
        ]
        usable = [one for one in sets if _has(representation, one)]
        if not usable:
            message = f"representation of {type_name} has none of its keys"
            raise GraphQLError(message)
        for reference in self._world.objects:
            own = reference.split("/")[0]
            is_interface_object = self._is_interface_object(str(type_name))
            if own != type_name and not (
                (is_interface_object and self._knows_as(reference, str(type_name)))
                or self._world.is_a(self.schema, reference, str(type_name))
            ):
                continue
            found = self._object(reference)
            if any(self._matches(found, representation, one) for one in usable):
                shown = str(type_name) if is_interface_object else own
                return {**found, "__typename": shown, "_representation": representation}
        return None

    def _is_interface_object(self, type_name: str) -> bool:
        return any(
            directive.name.value == "interfaceObject"
            for node in self._nodes.get(type_name, ())
            for directive in node.directives or ()
        )

    def _knows_as(self, reference: str, interface: str) -> bool:
        implemented = self._world.objects[reference].get("_implements", ())
        return interface in implemented

    def _matches(self, found: Any, given: Any, wanted: SelectionSetNode) -> bool:
        if isinstance(found, list):
            return (
                isinstance(given, list)
                and len(given) == len(found)
                and all(
                    self._matches(one, inner, wanted)
                    for one, inner in zip(found, given, strict=True)
                )
            )
        for node in wanted.selections:
            assert isinstance(node, FieldNode)
            name = node.name.value
            if name == "__typename":
                continue
            value = found.get(name)
            if node.selection_set is None:
                if given.get(name) != value:
                    return False
                continue
            if value is None or given.get(name) is None:
                return False
            if not self._matches(self._object(value), given[name], node.selection_set):
                return False
        return True


def _plain(node: Any) -> Any:
    if hasattr(node, "values"):
        return [_plain(one) for one in node.values]
    if node.kind == "int_value":
        return int(node.value)
    return node.value


def _has(given: Any, wanted: SelectionSetNode) -> bool:
    if isinstance(given, list):
        return all(_has(one, wanted) for one in given)
    for node in wanted.selections:
        assert isinstance(node, FieldNode)
        name = node.name.value
        if name == "__typename":
            continue
        if not isinstance(given, dict) or given.get(name) is None:
            return False
        if node.selection_set is not None and not _has(given[name], node.selection_set):
            return False
    return True


def _selects(selection_set: SelectionSetNode, parent: str, name: str) -> bool:
    for node in selection_set.selections:
        if isinstance(node, InlineFragmentNode):
            if _selects(node.selection_set, parent, name):
                return True
        elif isinstance(node, FieldNode) and node.name.value == name:
            return True
    return False


def _below(provided: Any, name: str) -> list[SelectionSetNode]:
    found: list[SelectionSetNode] = []
    for selection_set in provided:
        for node in selection_set.selections:
            if isinstance(node, InlineFragmentNode):
                found += _below([node.selection_set], name)
            elif node.name.value == name and node.selection_set is not None:
                found.append(node.selection_set)
    return found


def _mark(value: Any, provided: list[SelectionSetNode], interface_object: str | None) -> Any:
    if isinstance(value, list):
        return [_mark(one, provided, interface_object) for one in value]
    if not isinstance(value, dict):
        return value
    marked = {**value, "_provided": provided}
    if interface_object is not None:
        marked["__typename"] = interface_object
    return marked


def _build(sdl: str) -> tuple[GraphQLSchema, dict[str, list[Any]]]:
    document = parse(sdl)
    base = parse(_HEAD)
    known = {node.name.value for node in document.definitions if hasattr(node, "name")}
    definitions: list[Any] = list(base.definitions)
    head = [node for node in definitions if node.name.value not in known]
    nodes: dict[str, list[Any]] = {}
    plain: list[Any] = []
    extensions: list[Any] = []
    defined = {
        node.name.value for node in document.definitions if isinstance(node, TypeDefinitionNode)
    }
    written: list[Any] = list(document.definitions)
    for node in written:
        if node.kind in ("schema_extension", "schema_definition"):
            continue
        name = node.name.value
        nodes.setdefault(name, []).append(node)
        if node.kind.endswith("_type_extension") and name not in defined:
            plain.append(_as_definition(node))
            defined.add(name)
        elif node.kind.endswith("_type_extension"):
            extensions.append(node)
        else:
            plain.append(node)
    if "Query" not in defined:
        plain.extend(parse("type Query { _nothing: Int }").definitions)
    schema = build_ast_schema(
        DocumentNode(definitions=(*head, *plain)), assume_valid=True, assume_valid_sdl=True
    )
    if extensions:
        schema = extend_schema(
            schema, DocumentNode(definitions=tuple(extensions)), assume_valid=True
        )
    schema = _with_entities(schema, nodes)
    return schema, nodes


def _as_definition(node: Any) -> Any:
    import graphql

    kind = type(node).__name__.replace("TypeExtensionNode", "TypeDefinitionNode")
    values = {key: getattr(node, key) for key in node.keys if key != "loc"}
    return getattr(graphql, kind)(**values)


def _with_entities(schema: GraphQLSchema, nodes: dict[str, list[Any]]) -> GraphQLSchema:
    entities: dict[str, None] = {}
    for name, found in nodes.items():
        if not any(_argument(node, "key", "fields") for node in found):
            continue
        named = schema.get_type(name)
        if is_abstract_type(named):
            entities.update({one.name: None for one in schema.get_possible_types(named)})
        else:
            entities[name] = None
    if not entities:
        return schema
    query = schema.get_root_type(OperationType.QUERY)
    assert query is not None
    extension = parse(
        f"union _Entity = {' | '.join(entities)}\n"
        f"extend type {query.name} {{ _entities(representations: [_Any!]!): [_Entity]! }}"
    )
    return extend_schema(schema, extension, assume_valid=True)
