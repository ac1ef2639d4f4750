"""Nobody whom the programme serves is in what goes out: requests to the academy, files for it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from svc_training.acadis import rules
from svc_training.acadis.commands import import_files
from svc_training.acadis.provider import CsvFolder
from svc_training.acadis.rules import COLUMNS, FileRefusedError, RowProblem
from tests.fixtures.acadis_stand_in import AcadisStandIn
from tests.fixtures.people_served import people_served_in, planted
from tests.fixtures.service_app import ServiceApp
from tests.svc_training.acadis.speaking import cancelled, one_run, registered
from tests.svc_training.acadis.test_files import batch, table
from tests.svc_training.acadis.test_reporting import decided
from tests.svc_training.assignments.test_assigning import person


async def sent_out(training: ServiceApp, **report: Any) -> list[str]:
    """Register, cancel, report and compare; returns every request that went out."""
    async with AcadisStandIn().listening() as acadis:
        await registered(training, "9101-1", person("CF001"), person("CF002"))
        await one_run(training, acadis)
        await cancelled(training, "9101-1", "CF001")
        await decided(training, **report)
        await one_run(training, acadis)
        await cancelled(training, "9101-1", "CF002")
        await one_run(training, acadis)
    verbs = {each.split(" ", 1)[0] for each in acadis.sent}
    assert verbs == {"GET", "POST", "DELETE"}
    assert [each for each in acadis.sent if "/v1/events" in each]
    return acadis.sent


async def test_requests_name_nobody_who_is_served(training: ServiceApp) -> None:
    assert people_served_in(await sent_out(training)) == []


async def test_planted_name_in_a_request_is_found(training: ServiceApp) -> None:
    sent = await sent_out(training, title="Another", description=f"About {planted()}.")
    assert planted().lower() in people_served_in(sent)


async def written(training: ServiceApp, folder: Path, files: Mapping[str, str]) -> str:
    """Take a folder of files over as the command does; returns what is written into it."""
    for name, text in files.items():
        (folder / name).write_bytes(text.encode())
    exchange = CsvFolder(folder)
    try:
        async with training.chassis.database.write() as session:
            taken = await import_files(session, await exchange.read(), by="test", agency_id=None)
        problems = [RowProblem(*each) for each in taken.errors]
    except FileRefusedError as error:
        problems = [error.problem]
    await exchange.write_errors(problems)
    new = [path for path in folder.iterdir() if path.name not in files]
    assert [path.name for path in new] == [rules.ERROR_FILE]
    return new[0].read_text("utf-8")


async def test_what_goes_back_into_the_folder_repeats_no_cell(
    training: ServiceApp, tmp_path: Path
) -> None:
    """Whatever cell a name was written into by mistake, the errors say where, and not what."""
    for name, columns in COLUMNS.items():
        folder = tmp_path / name
        folder.mkdir()
        text = table(name, [dict.fromkeys(columns, planted())])
        back = await written(training, folder, batch(f"cells-{name}", **{name: text}))
        assert f"{name}:1" in back
        assert people_served_in([back]) == []


async def test_nor_the_name_of_a_file_or_a_column(training: ServiceApp, tmp_path: Path) -> None:
    named, headed = tmp_path / "named", tmp_path / "headed"
    named.mkdir()
    headed.mkdir()
    text = table("results.csv", [])
    back = [
        await written(training, named, batch("named", **{f"{planted()}.csv": text})),
        await written(training, headed, batch("headed", **{"results.csv": f"{planted()},{text}"})),
    ]
    assert "UNKNOWN_FILE" in back[0]
    assert "UNKNOWN_COLUMN" in back[1]
    assert people_served_in(back) == []


def test_planted_message_that_repeats_a_cell_is_found() -> None:
    problem = RowProblem("results.csv", 1, "attendance", "BAD_WORD", f"{planted()} is no word.")
    assert people_served_in([rules.write_errors([problem])]) != []
