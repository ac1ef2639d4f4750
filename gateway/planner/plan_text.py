"""Print a query plan: as text for people and goldens, as JSON for programs."""

from collections.abc import Iterable
from typing import Any

from graphql import parse, print_ast

from gateway.planner.plan import EntityCall, FetchNode, InputField, PathStep, QueryPlan, Target
from gateway.planner.selection import ALWAYS, Conditions


def plan_text(plan: QueryPlan) -> str:
    """A query plan for people; equal plans print equally."""
    lines: list[str] = [
        f"plan of a {plan.kind}: {len(plan.nodes)} fetches, {plan.wave_count} waves"
    ]
    for node in plan.nodes:
        lines += ["", _title(node)]
        lines += [f"  at {path_text(target)}" for target in node.targets]
        for call in node.calls:
            lines += [f"  {line}" for line in _call_lines(call)]
        lines += [f"  {line}" for line in print_ast(parse(node.text)).splitlines()]
    return "\n".join(lines) + "\n"


def plan_json(plan: QueryPlan) -> dict[str, Any]:
    """A query plan as JSON-ready data."""
    return {
        "kind": plan.kind,
        "waves": plan.wave_count,
        "fetches": [
            {
                "id": node.id,
                "wave": node.wave,
                "waitsFor": list(node.waits_for),
                "subgraph": node.subgraph,
                "operation": node.text,
                "variables": list(node.variables),
                "condition": conditions_text(node.conditions),
                "paths": [path_text(target) for target in node.targets],
                "entities": [
                    {
                        "alias": call.alias,
                        "paths": [path_text(target) for target in call.targets],
                        "representations": _representations(call),
                    }
                    for call in node.calls
                ],
            }
            for node in plan.nodes
        ],
    }


def conditions_text(conditions: Conditions) -> str:
    """Conditions for people; "" for always."""
    if conditions == ALWAYS:
        return ""
    alternatives = sorted(
        " and ".join(sorted(f"${name}" if value else f"not ${name}" for name, value in literals))
        for literals in conditions
    )
    return " or ".join(alternatives)


def path_text(target: Target) -> str:
    """A place for people: `users.reviews.product`."""
    return ".".join(_step_text(step) for step in target.path)


def _title(node: FetchNode) -> str:
    title = f"{node.wave}.{node.id} {node.subgraph}"
    if node.waits_for:
        title += " after " + ", ".join(str(number) for number in node.waits_for)
    condition = conditions_text(node.conditions)
    return f"{title} if {condition}" if condition else title


def _call_lines(call: EntityCall) -> list[str]:
    where = " + ".join(path_text(target) for target in call.targets)
    return [f"{call.alias} at {where}", *(f"  by {one}" for one in _representations(call))]


def _representations(call: EntityCall) -> list[str]:
    found: dict[str, None] = {}
    for target in call.targets:
        for entity in target.types:
            fields = [*entity.keys, *(one.field for one in entity.requires)]
            found[f"{entity.local_type} {{ {_fields_text(fields)} }}"] = None
    return list(found)


def _fields_text(fields: Iterable[InputField]) -> str:
    return " ".join(_input_text(one) for one in fields)


def _input_text(one: InputField) -> str:
    text = one.name if one.key == one.name else f"{one.name}<{one.key}"
    if one.by_type is None:
        return text
    if not one.is_abstract and len(one.by_type) == 1:
        return f"{text} {{ {_fields_text(one.by_type[0][1])} }}"
    inner = " ".join(f"...on {name} {{ {_fields_text(fields)} }}" for name, fields in one.by_type)
    return f"{text} {{ {inner} }}"


def _step_text(step: PathStep) -> str:
    return f"{step.key}" if not step.is_abstract else f"[{step.type_name}]{step.key}"
