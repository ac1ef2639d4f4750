"""Command line of the gateway: serve, and look at policy, schema and plans.

``python -m gateway`` serves. The other commands need no settings: they read what is committed.
"""

import argparse
import sys
from pathlib import Path

from gateway.supergraph import SupergraphError
from infra.errors import GoldenThreadError
from infra.settings import Environment


def main(words: list[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="goldenthread (gateway)")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="serve the public API (the default)")
    commands.add_parser("check-settings", help="say whether the settings can be used")
    _add_policy(commands.add_parser("policy", help="check, print or compare the access policy"))
    schema = commands.add_parser("schema", help="print the schema that a role can ever see")
    schema.add_argument("--role", help="column of the matrix, for example CM; all when absent")
    schema.add_argument(
        "--since", type=Path, help="print what changed since this schema or supergraph"
    )
    plan = commands.add_parser("plan", help="print the query plan of an operation")
    plan.add_argument("--operation", type=Path, required=True, help="file with the document")
    plan.add_argument("--supergraph", type=Path, help="another supergraph than the committed one")
    plan.add_argument("--role", help="column of the matrix; the whole operation when absent")
    plan.add_argument(
        "--form",
        choices=("stages", "text", "json"),
        default="stages",
        help="every stage of planning, the plan alone, or the plan for programs",
    )
    labels = commands.add_parser("check-labels", help="check the labels of subgraph SDL files")
    labels.add_argument("--supergraph", type=Path, help="also check what was composed of them")
    labels.add_argument("files", type=Path, nargs="+")
    explained = commands.add_parser("explain-error", help="say what an error code means")
    explained.add_argument("code", nargs="?", help="for example COST_LIMIT; all when absent")
    _add_operations(commands.add_parser("operations", help="manifests of persisted operations"))
    arguments = parser.parse_args(sys.argv[1:] if words is None else words)
    try:
        return _run(arguments)
    except FileNotFoundError as error:
        sys.stderr.write(f"gateway: no such file: {error.filename}\n")
        return 2
    except (GoldenThreadError, SupergraphError, OSError) as error:
        sys.stderr.write(f"gateway: {error}\n")
        return 2


def _add_operations(operations: argparse.ArgumentParser) -> None:
    actions = operations.add_subparsers(dest="action", required=True)
    key = actions.add_parser("new-key", help="write a pair of keys to sign manifests with")
    key.add_argument("folder", type=Path)
    sign = actions.add_parser("sign", help="print a manifest (Apollo or Relay format) signed")
    sign.add_argument("manifest", type=Path)
    sign.add_argument("--client", required=True, help="client_id of the application")
    sign.add_argument("--version", type=int, required=True, help="must grow with each manifest")
    sign.add_argument("--key", type=Path, required=True, help="private key file (JWK)")
    check = actions.add_parser("check", help="check manifests or documents against a schema")
    check.add_argument("folder", type=Path, nargs="+")
    check.add_argument(
        "--key",
        type=Path,
        help="public key file (JWK) of manifests; without it, folders of *.graphql",
    )
    check.add_argument("--supergraph", type=Path, help="another supergraph than the committed one")


def _add_policy(policy: argparse.ArgumentParser) -> None:
    actions = policy.add_subparsers(dest="action", required=True)
    actions.add_parser("check", help="read every file of the policy strictly")
    table = actions.add_parser("table", help="print who sees which coordinate on which grounds")
    table.add_argument("--role", help="one column of the matrix only, for example CM")
    difference = actions.add_parser(
        "diff",
        help="say what became visible to whom between two tables; 1 if it was not approved",
        description="Compares two access tables as `policy table` prints them, for example the "
        "golden file of two commits. The exit status is 1 if anything widens that no approval "
        "names.",
    )
    difference.add_argument("old", type=Path, help="table before")
    difference.add_argument("new", type=Path, nargs="?", help="table after; the committed policy")
    difference.add_argument(
        "--approval", type=Path, help="approval file: an entry for each widening"
    )
    difference.add_argument(
        "--standing", action="store_true", help="approvals may be about earlier changes too"
    )
    approved = actions.add_parser(
        "approved",
        help="hold the committed policy against what was approved last; 1 if it is wider",
        description="What each column holds, by label, against `gateway/policy/approved.txt` and "
        "the approvals since (`gateway/policy/approvals.toml`). Needs no history.",
    )
    approved.add_argument("--old", type=Path, help="another table of what was approved")
    approved.add_argument("--approval", type=Path, help="another approval file")
    approved.add_argument(
        "--print", action="store_true", dest="is_printed", help="print what is held now instead"
    )


def _run(arguments: argparse.Namespace) -> int:
    if arguments.command in (None, "serve"):
        from gateway.app import create_app
        from gateway.settings import read_settings
        from infra import serve
        from infra.telemetry import logs, traces

        settings = read_settings()
        logs.configure("gateway", settings.instance, settings.log_level)
        traces.configure(
            "gateway",
            settings.instance,
            settings.otlp_endpoint,
            settings.trace_ratio,
            trusts_callers=False,
        )
        delay = Environment().number("GT_STOP_DELAY_SECONDS", 0.0)
        serve.run(create_app(settings), settings.bind, settings.metrics_bind, delay)
        return 0
    if arguments.command == "check-settings":
        from gateway.app import check_settings
        from gateway.settings import read_settings

        settings = read_settings()
        check_settings(settings)
        sys.stdout.write(f"settings ok: {settings.instance}\n")
        return 0
    from gateway import inspection

    match arguments.command:
        case "operations":
            return _operations(arguments)
        case "policy" if arguments.action == "diff":
            return inspection.policy_difference(
                arguments.old,
                arguments.new,
                arguments.approval,
                are_standing=arguments.standing,
            )
        case "policy" if arguments.action == "approved":
            return inspection.policy_approved(
                arguments.old, arguments.approval, is_printed=arguments.is_printed
            )
        case "policy" if arguments.action == "table":
            return inspection.policy_table(arguments.role)
        case "policy":
            return inspection.policy_check()
        case "schema":
            return inspection.schema(arguments.role, arguments.since)
        case "explain-error":
            return inspection.explain_error(arguments.code)
        case "plan":
            return inspection.show_plan(
                arguments.operation, arguments.supergraph, arguments.role, arguments.form
            )
        case _:
            return inspection.check_labels(arguments.files, arguments.supergraph)


def _operations(arguments: argparse.Namespace) -> int:
    from gateway.persisted import commands
    from gateway.policy.packaged import packaged_supergraph
    from gateway.supergraph import load_supergraph

    if arguments.action == "new-key":
        return commands.new_key(arguments.folder)
    if arguments.action == "sign":
        return commands.sign(arguments.manifest, arguments.client, arguments.version, arguments.key)
    chosen = arguments.supergraph
    supergraph = load_supergraph(chosen.read_text()) if chosen else packaged_supergraph()
    return commands.check(arguments.folder, arguments.key, supergraph)


if __name__ == "__main__":
    raise SystemExit(main())
