"""Operation to query plan: parse, validate, normalise, search, plan; pure, and without policy."""

from gateway.planner.errors import PlanningError
from gateway.planner.introspection import introspect
from gateway.planner.normalize import normalize
from gateway.planner.operation import Operation, OperationError, coerce_variables, parse_operation
from gateway.planner.override_labels import active_labels
from gateway.planner.plan import QueryPlan
from gateway.planner.plan_text import plan_json, plan_text
from gateway.planner.planner import plan
from gateway.planner.selection import NormalizedOperation

__all__ = [
    "NormalizedOperation", "Operation", "OperationError", "PlanningError", "QueryPlan",
    "active_labels", "coerce_variables", "introspect", "normalize", "parse_operation", "plan",
    "plan_json", "plan_text",
]  # fmt: skip
