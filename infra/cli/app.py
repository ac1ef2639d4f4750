"""The commands. Each imports what it needs when it runs, so that `--help` is quick."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.data_folder import chosen
from infra.cli.errors import CommandError
from infra.cli.figures import figures_app
from infra.cli.sandbox import SANDBOX_VARIABLE, refuse_sandbox, sandbox_app
from infra.cli.upkeep import Data, upkeep_app

app = typer.Typer(
    name="goldenthread",
    help="Golden Thread: one consent-enforcing GraphQL door for the agencies of a LEAD initiative.",
    epilog="First steps: `up` in one terminal, then `token case_manager` in another.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
operations_app = typer.Typer(help="The committed GraphQL operations.", no_args_is_help=True)
audit_app = typer.Typer(help="The ledger of decisions and disclosures.", no_args_is_help=True)
training_app = typer.Typer(help="Courses and who has had them.", no_args_is_help=True)
app.add_typer(operations_app, name="operations")
app.add_typer(audit_app, name="audit")
app.add_typer(figures_app, name="figures")
app.add_typer(training_app, name="training")
app.add_typer(sandbox_app, name="sandbox")
app.add_typer(upkeep_app)

_HANDED_OVER = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command()
def up(
    port: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65534,
            help="Gateway port; the issuer takes the next (default: as last time, else 8000).",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Data folder (default: .goldenthread)."),
    ] = None,
    gateways: Annotated[
        int, typer.Option(min=1, max=8, help="So many gateways, behind haproxy.")
    ] = 1,
    replicas: Annotated[
        int, typer.Option(min=1, max=8, help="So many of each service, behind haproxy.")
    ] = 1,
    *,
    fresh: Annotated[bool, typer.Option(help="Throw the folder's data away first.")] = False,
) -> None:
    """Start everything on this machine and print `ready URL`; Ctrl-C stops it, data stays."""
    from infra.cli.data_folder import DEFAULT_FOLDER, POINTER, REPOSITORY
    from infra.dev.up.programs import Scale
    from infra.dev.up.run import UpError, UpRequest, run

    folder = DEFAULT_FOLDER if data is None else data.resolve()
    if not os.environ.get(SANDBOX_VARIABLE):
        refuse_sandbox(folder, "start it with ./goldenthread sandbox up")
    request = UpRequest(
        data_dir=folder,
        port=port,
        fresh=fresh,
        pointer=POINTER,
        root=REPOSITORY,
        scale=Scale(gateways, replicas),
    )
    try:
        status = run(request)
    except UpError as error:
        raise CommandError(str(error)) from error
    raise typer.Exit(status)


@app.command()
def doctor(
    data: Data = None,
    settings: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of PROGRAM.env files instead of a data folder."),
    ] = None,
    program: Annotated[
        str | None,
        typer.Option(help="Look at this one program, with the settings of this environment."),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Check a deployment and say what to do about what is wrong; 1 when something fails."""
    from infra.cli.doctor import deployment, findings
    from infra.cli.doctor.run import examine

    if program is not None:
        described = deployment.of_this_process(program)
    elif settings is not None:
        described = deployment.of_settings_folder(settings.resolve())
    else:
        described = deployment.of_data_folder(chosen(data))
    found = examine(described)
    if as_json:
        sys.stdout.write(json.dumps(findings.as_json(found), indent=2) + "\n")
    else:
        sys.stdout.write(findings.as_text(found))
    raise typer.Exit(1 if findings.has_failed(found) else 0)


@app.command()
def status(data: Data = None, *, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Show what is running, where, and whether each program is ready."""
    from infra.cli.status import check, show

    report = check(chosen(data))
    sys.stdout.write(json.dumps(report, indent=2) + "\n" if as_json else show(report))
    raise typer.Exit(0 if report["ready"] else 1)


@app.command()
def token(
    persona: Annotated[str, typer.Argument(help="For example `case_manager`; see `demo`.")],
    data: Data = None,
    seconds: Annotated[int, typer.Option(min=1, max=600, help="How long it is good for.")] = 600,
) -> None:
    """Print an access token for a demo persona."""
    from infra.cli.tokens import mint

    sys.stdout.write(mint(chosen(data), persona, seconds) + "\n")


@app.command()
def demo(data: Data = None, *, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Show the demo personas, participants, case numbers and course session."""
    found = chosen(data).demo()
    if as_json:
        sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
        return
    from infra.cli.demo_view import show

    sys.stdout.write(show(found))


@app.command()
def synth(
    participants: Annotated[
        int, typer.Option(metavar="N", min=1, max=1_000_000, help="How many participants.")
    ],
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="The same seed, the same world.")],
    data: Data = None,
) -> None:
    """Load a synthetic world in sites of its own; a second run goes on where one stopped."""
    from infra.cli.synthesis import synthesize

    sys.stdout.write(synthesize(chosen(data), participants, seed) + "\n")


@app.command("import")
def import_rows(
    kind: Annotated[str, typer.Argument(metavar="participants|enrollments|referrals|cases")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV file, UTF-8.")],
    mapping: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="What its columns mean (TOML).")
    ],
    persona: Annotated[
        str | None, typer.Option("--as", metavar="PERSONA", help="Who imports (default: mapping).")
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="A deployment's /graphql (default: what runs here)."),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Its token (default: GT_IMPORT_TOKEN); with --url."),
    ] = None,
    data: Data = None,
    *,
    dry_run: Annotated[bool, typer.Option(help="Check every row and send none.")] = False,
) -> None:
    """Send the rows of a file as commands, once each; a second run sends what is left."""
    from infra.cli.importing.mapping import MUTATIONS
    from infra.cli.importing.run import Import, import_file

    if kind not in MUTATIONS:
        raise CommandError(f"import takes {', '.join(MUTATIONS)}", status=2)
    if url is None:
        refuse_sandbox(chosen(data).path)
    wanted = Import(kind, file, mapping, persona, dry_run, url, token_file)
    line, status = import_file(chosen(data), wanted)
    sys.stdout.write(line + "\n")
    raise typer.Exit(status)


@app.command()
def ask(
    operation: Annotated[str, typer.Argument(metavar="OPERATION")],
    persona: Annotated[
        str | None, typer.Option("--as", metavar="PERSONA", help="Who asks (default: its own).")
    ] = None,
    purpose: Annotated[
        str | None, typer.Option(metavar="CODE", help="Purpose of use (default: the persona's).")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change a variable; may be repeated."),
    ] = None,
    data: Data = None,
) -> None:
    """Run a committed operation on the running platform and print the answer."""
    from infra.cli.asking import ask_operation

    status, answer = ask_operation(
        chosen(data), operation, persona=persona, purpose=purpose, changes=changes or []
    )
    sys.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")
    if status != 200:
        raise typer.Exit(1)


@operations_app.command("list")
def operations_list(data: Data = None) -> None:  # noqa: ARG001 - all take it
    """Print the names of the committed operations."""
    from infra.cli.operations import names

    sys.stdout.write("".join(f"{name}\n" for name in names()))


@operations_app.command("show")
def operations_show(name: str, data: Data = None) -> None:  # noqa: ARG001 - all take it
    """Print an operation as JSON: `query`, `variables`, `persona`, `purpose`."""
    from infra.cli.operations import load

    sys.stdout.write(json.dumps(load(name), indent=2) + "\n")


@operations_app.command("new-key", context_settings=_HANDED_OVER, add_help_option=False)
def operations_new_key(context: typer.Context, data: Data = None) -> None:
    """Write a pair of keys to sign manifests of persisted operations with."""
    _hand_over("gateway", ["operations", "new-key"], context, data)


@operations_app.command("sign", context_settings=_HANDED_OVER, add_help_option=False)
def operations_sign(context: typer.Context, data: Data = None) -> None:
    """Print a manifest (Apollo or Relay format) signed, as the gateway loads it."""
    _hand_over("gateway", ["operations", "sign"], context, data)


@operations_app.command("check", context_settings=_HANDED_OVER, add_help_option=False)
def operations_check(context: typer.Context, data: Data = None) -> None:
    """Check manifests against a schema: which operations would be refused."""
    _hand_over("gateway", ["operations", "check"], context, data)


@app.command(
    "test",
    context_settings={**_HANDED_OVER, "help_option_names": []},
    add_help_option=False,
)
def run_test_suite(context: typer.Context) -> None:
    """Run the tests; what follows goes to pytest."""
    from infra.cli.handover import run_tests

    run_tests(context.args)


@app.command(context_settings=_HANDED_OVER, add_help_option=False)
def bench(context: typer.Context, name: Annotated[str, typer.Argument()] = "thread") -> None:
    """Measure: `thread` is start-up, memory and latency of the whole platform (minutes)."""
    from infra.cli.handover import run_benchmark

    run_benchmark(name, context.args)


@app.command()
def screenshots(data: Data = None) -> None:
    """Take the pictures of the console in `infra/docs/console/` (needs Chromium; `up` must run)."""
    from infra.cli.handover import take_screenshots

    take_screenshots(chosen(data))


@app.command()
def compose(
    *, check: Annotated[bool, typer.Option(help="Only say whether it is up to date.")] = False
) -> None:
    """Compose the services' schemas into the gateway's supergraph (needs Node)."""
    from infra.cli.composing import compose_supergraph

    sys.stdout.write(compose_supergraph(check=check) + "\n")


@app.command(context_settings=_HANDED_OVER, add_help_option=False)
def policy(context: typer.Context, data: Data = None) -> None:
    """Check, print or compare the access policy: `policy check|table|diff`."""
    _hand_over("gateway", ["policy"], context, data)


@app.command(context_settings=_HANDED_OVER, add_help_option=False)
def schema(context: typer.Context, data: Data = None) -> None:
    """Print the API schema as a role sees it: `schema --role R`."""
    _hand_over("gateway", ["schema"], context, data)


@app.command("explain-error", context_settings=_HANDED_OVER, add_help_option=False)
def explain_error(context: typer.Context, data: Data = None) -> None:
    """Say what an error code means and what to do: `explain-error CODE`; all without a code."""
    _hand_over("gateway", ["explain-error"], context, data)


@app.command(context_settings=_HANDED_OVER, add_help_option=False)
def plan(context: typer.Context, data: Data = None) -> None:
    """Print the query plan of an operation."""
    _hand_over("gateway", ["plan"], context, data)


@audit_app.command("verify", context_settings=_HANDED_OVER, add_help_option=False)
def audit_verify(context: typer.Context, data: Data = None) -> None:
    """Check the hash chains and signed heads of the ledger."""
    _hand_over("svc_consent", ["audit", "verify"], context, data, needs_running=True)


@audit_app.command("purge", context_settings=_HANDED_OVER, add_help_option=False)
def audit_purge(context: typer.Context, data: Data = None) -> None:
    """Take a participant out of the ledger, with proof."""
    _hand_over("svc_consent", ["audit", "purge"], context, data, needs_running=True)


@audit_app.command("retention", context_settings=_HANDED_OVER, add_help_option=False)
def audit_retention(context: typer.Context, data: Data = None) -> None:
    """Purge everybody whose time in the ledger has ended, by the rules; `--dry-run` counts."""
    _hand_over("svc_consent", ["audit", "retention"], context, data, needs_running=True)


@training_app.command("import", context_settings=_HANDED_OVER, add_help_option=False)
def training_import(context: typer.Context, data: Data = None) -> None:
    """Import a public course page, or a folder of exchange files: `training import PATH`."""
    refuse_sandbox(chosen(data).path)
    _hand_over("svc_training", ["import"], context, data, needs_running=True)


@training_app.command("sync", context_settings=_HANDED_OVER, add_help_option=False)
def training_sync(context: typer.Context, data: Data = None) -> None:
    """Exchange with the academy's system over REST, once (settings: GT_ACADIS_...)."""
    refuse_sandbox(chosen(data).path)
    _hand_over("svc_training", ["sync"], context, data, needs_running=True)


def _hand_over(
    program: str,
    words: list[str],
    context: typer.Context,
    data: Path | None,
    *,
    needs_running: bool = False,
) -> None:
    """Become a program on these words and whatever else was given."""
    from infra.cli.handover import hand_over

    hand_over(program, [*words, *context.args], chosen(data), needs_running=needs_running)
