"""Subgraph schemas as text."""

from tests.conformance.random_federation.model import Argument, Field, Subgraph, TypeDef

_DIRECTIVES = (
    "key", "requires", "provides", "external", "shareable", "override", "inaccessible",
    "interfaceObject",
)  # fmt: skip
_LINK = "https://specs.apollo.dev/federation/v2.3"


def subgraph_sdl(subgraph: Subgraph) -> str:
    """The schema of one subgraph, as its developers would write it."""
    imports = ", ".join(f'"@{name}"' for name in _DIRECTIVES)
    parts = [f'extend schema @link(url: "{_LINK}", import: [{imports}])']
    parts += [type_sdl(one) for one in subgraph.types.values()]
    return "\n\n".join(parts) + "\n"


def type_sdl(one: TypeDef) -> str:
    if one.kind == "scalar":
        return f"scalar {one.name}"
    if one.kind == "union":
        return f"union {one.name} = " + " | ".join(one.members)
    if one.kind == "enum":
        values = [
            value + (" @inaccessible" if value in one.hidden_values else "") for value in one.values
        ]
        return f"enum {one.name} {{ " + " ".join(values) + " }"
    if one.kind == "input":
        return f"input {one.name} {{ " + " ".join(str(each) for each in one.inputs) + " }"
    head = f"{'type' if one.kind == 'object' else 'interface'} {one.name}"
    if one.implements:
        head += " implements " + " & ".join(one.implements)
    if one.is_interface_object:
        head += " @interfaceObject"
    for key in one.keys:
        more = "" if key.is_resolvable else ", resolvable: false"
        head += f' @key(fields: "{key.fields}"{more})'
    return head + " {\n" + "".join(f"  {_field(each)}\n" for each in one.fields.values()) + "}"


def _field(one: Field) -> str:
    text = f"{one.name}{arguments_sdl(one.arguments)}: {one.type_text}"
    if one.is_external:
        text += " @external"
    if one.is_shareable:
        text += " @shareable"
    if one.is_inaccessible:
        text += " @inaccessible"
    if one.override is not None:
        text += f' @override(from: "{one.override}")'
    if one.requires is not None:
        text += f" @requires(fields: {_quoted(one.requires)})"
    if one.provides is not None:
        text += f" @provides(fields: {_quoted(one.provides)})"
    return text


def arguments_sdl(arguments: list[Argument]) -> str:
    return "(" + ", ".join(str(one) for one in arguments) + ")" if arguments else ""


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'
