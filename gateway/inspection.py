"""What developers and privacy officers can print: policy, schema of a role, plan of an operation.

Results go to standard output; the last line of a check is a one-line summary.
"""

import contextlib
import json
import sys
from pathlib import Path

from graphql import GraphQLError, build_schema, print_schema

from gateway.error_reference import explain, gateway_codes, service_codes
from gateway.limits.budget import Budget
from gateway.limits.cost import cost_of
from gateway.nodes import Nodes
from gateway.planner import (
    Operation,
    OperationError,
    PlanningError,
    active_labels,
    normalize,
    parse_operation,
    plan_json,
    plan_text,
)
from gateway.planner.planner import plan_in_stages
from gateway.planner.stage_text import stages_text
from gateway.policy.access_table import AccessTable, table_text
from gateway.policy.difference import (
    Change,
    difference,
    held,
    load_approvals,
    parse_table,
    table_lines,
    unapproved,
)
from gateway.policy.errors import PolicyError
from gateway.policy.packaged import packaged_supergraph, packaged_table, policy_file
from gateway.policy.roles import prune
from gateway.policy.schema_view import role_schema
from gateway.policy.sdl_labels import check_composed, check_subgraphs
from gateway.schema_changes import schema_changes
from gateway.supergraph import Supergraph, SupergraphError, load_supergraph
from infra.errors import GoldenThreadError

_JOINS = "https://specs.apollo.dev/join/"
"""What tells a supergraph from the schema that is told of it."""


class InspectionError(GoldenThreadError):
    """What was given to look at cannot be read; the message says where."""

    code = "BAD_USER_INPUT"


def _write(text: str) -> None:
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def _summary(table: AccessTable) -> str:
    return (
        f"policy ok: version {table.version}, {len(table.matrix.columns)} columns, "
        f"{len(table.labels.fields)} coordinates, {len(table.obligations.rules)} obligations"
    )


def policy_check() -> int:
    """Read every file of the committed policy strictly, over the committed supergraph."""
    _write(_summary(packaged_table(packaged_supergraph())))
    return 0


def policy_table(role: str | None) -> int:
    """Print who sees which coordinate, on which grounds."""
    table = packaged_table(packaged_supergraph())
    column = None if role is None else _column(table, role)
    for line in table_text(table).splitlines():
        if column is None or line.split()[0] == column:
            _write(line)
    _write(_summary(table))
    return 0


def policy_difference(
    old: Path, new: Path | None, approval: Path | None, *, are_standing: bool = False
) -> int:
    """Print what differs between two tables; 1 if something widens that nobody approved.

    Args:
        are_standing: approvals may be about earlier changes than those between the two tables.
    """
    before = parse_table(old.read_text(), str(old))
    if new is None:
        committed = table_text(packaged_table(packaged_supergraph()))
        changes = difference(before, parse_table(committed, "committed policy"))
    else:
        changes = difference(before, parse_table(new.read_text(), str(new)))
    approvals = load_approvals(approval.read_text(), str(approval)) if approval else []
    return _told(changes, unapproved(changes, approvals, are_standing=are_standing))


def policy_approved(approved: Path | None, approval: Path | None, *, is_printed: bool) -> int:
    """Hold the committed policy against what was approved last; 1 if something is wider.

    Args:
        approved: what each column held when it was approved, as ``is_printed`` prints it; the
            committed file if none is given.
        approval: approvals since then; the committed file if none is given.
        is_printed: print what the columns hold now instead, to be approved as a whole.
    """
    now = held(parse_table(table_text(packaged_table(packaged_supergraph())), "committed policy"))
    if is_printed:
        _write(table_lines(now))
        return 0
    approved, approval = (
        approved or policy_file("approved.txt"),
        approval or policy_file("approvals.toml"),
    )
    changes = difference(parse_table(approved.read_text(), str(approved)), now)
    return _told(changes, unapproved(changes, load_approvals(approval.read_text(), str(approval))))


def _told(changes: list[Change], open_ones: list[Change]) -> int:
    for change in changes:
        mark = "  NOT APPROVED" if change in open_ones else ""
        _write(f"{change.text}{mark}")
    wider = sum(change.is_wider for change in changes)
    _write(
        f"policy diff: {wider} wider ({len(open_ones)} not approved), "
        f"{len(changes) - wider} other changes"
    )
    return 1 if open_ones else 0


def _column(table: AccessTable, role: str) -> str:
    if role not in table.matrix.columns:
        known = ", ".join(sorted(table.matrix.columns))
        raise PolicyError(f"no such column; one of {known}", role)
    return role


def schema(role: str | None, since: Path | None = None) -> int:
    """Print the API schema, or what of it a role can ever see.

    Args:
        since: an older schema, as this command printed it, or an older supergraph: print what
            changed instead; 1 when an operation that ran before may not run any more.

    Raises:
        InspectionError: the older schema cannot be read.
    """
    supergraph = packaged_supergraph()
    shown = supergraph.api_schema
    if role is not None:
        table = packaged_table(supergraph)
        shown = role_schema(shown, table.view(_column(table, role), has_person_purpose=True))
    if since is None:
        _write(print_schema(shown))
        return 0
    try:
        text = since.read_text()
        is_supergraph = _JOINS in text and role is None
        older = load_supergraph(text).api_schema if is_supergraph else build_schema(text)
    except (GraphQLError, SupergraphError, TypeError) as error:
        raise InspectionError(f"{since}: {error}") from None
    changes = schema_changes(older, shown)
    for change in changes:
        _write(change.text)
    breaking = sum(change.is_breaking for change in changes)
    _write(f"schema changes: {breaking} breaking, {len(changes) - breaking} other")
    return 1 if breaking else 0


def explain_error(code: str | None) -> int:
    """Print what an error code means, or all codes.

    Raises:
        UnknownErrorCodeError: there is no such code.
    """
    if code is not None:
        _write(explain(code.strip().upper()))
        return 0
    of_gateway, of_services = gateway_codes(), service_codes()
    for name, known in sorted(of_gateway.items()):
        _write(f"{name}  {known.status}")
    for name, programs in sorted(of_services.items()):
        _write(f"{name}  in userErrors of {', '.join(sorted(programs))}")
    _write(f"error codes: {len(of_gateway)} of the gateway, {len(of_services)} of services")
    return 0


def _parsed(file: Path, supergraph: Supergraph) -> Operation:
    """Read an operation from a document, or from what ``operations show`` prints."""
    text = file.read_text()
    if text.lstrip().startswith('{"') or text.lstrip().startswith("{\n"):
        # No JSON is no fault: an anonymous query begins with a brace as well.
        with contextlib.suppress(ValueError, KeyError, TypeError):
            text = json.loads(text)["query"]
    try:
        return parse_operation(text, None, supergraph)
    except OperationError as error:
        first = error.errors[0]
        where = f":{first.locations[0].line}" if first.locations else ""
        raise InspectionError(f"{file}{where}: {first.message}") from None


def show_plan(
    operation: Path, supergraph_file: Path | None, role: str | None, form: str = "stages"
) -> int:
    """Print an operation's query plan, as the whole or as one role may run it.

    Args:
        form: `stages` for every stage, `text` for the plan alone, `json` for programs.

    Raises:
        InspectionError: the operation cannot be read or planned; the message says where.
    """
    supergraph = (
        load_supergraph(supergraph_file.read_text()) if supergraph_file else packaged_supergraph()
    )
    parsed = _parsed(operation, supergraph)
    nodes = Nodes(supergraph)  # global ids that come as variables name no type here
    normalized = nodes.replaced(normalize(parsed), nodes.asked(parsed, {}))
    if form == "stages":
        budget = Budget()
        cost = cost_of(normalized, supergraph, budget.assumed_list)
        _write(f"# cost: {cost.estimate({})} of {budget.cost}, with default page sizes")
    if role is not None:
        table = packaged_table(supergraph)
        view = table.view(_column(table, role), has_person_purpose=True)
        pruned = prune(normalized, view, table.labels)
        for refusal in () if form == "json" else pruned.refusals:
            _write(f"# refused: {refusal.coordinate} at {'.'.join(refusal.path)}")
        normalized = pruned.operation
    try:
        stages = plan_in_stages(normalized, supergraph, override_labels=active_labels(supergraph))
    except PlanningError as error:
        raise InspectionError(f"{operation}: {error}") from None
    if form == "json":
        _write(json.dumps(plan_json(stages.plan), indent=2))
        return 0
    _write(stages_text(stages) if form == "stages" else plan_text(stages.plan))
    return 0


def check_labels(files: list[Path], supergraph_file: Path | None) -> int:
    """Check the labels of subgraph SDL files together, and policy and labels of a supergraph."""
    documents = {file.parent.name or file.stem: file.read_text() for file in files}
    count = check_subgraphs(documents)
    if supergraph_file is not None:
        supergraph = load_supergraph(supergraph_file.read_text())
        packaged_table(supergraph)
        check_composed(supergraph, documents)
    _write(f"labels ok: {len(files)} subgraphs, {count} labelled coordinates")
    return 0
