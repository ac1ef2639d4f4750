"""`figures extract`: published figures as CSV, by the groups that the state's studies must report.

RCW 71.24.909 asks for use and outcomes by race, ethnicity, gender, gender identity, disability
and age. Everything comes through the gateway, as somebody whose role opens figures: what is
suppressed there is empty here, and nothing is counted anew.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from infra.cli.asking import first_purpose, post
from infra.cli.data_folder import DataFolder
from infra.cli.errors import CommandError

SPLITS = ("NONE", "RACE", "GENDER", "SEX", "DISABILITY", "AGE")
FIELDS = (
    "reachIndicators", "engagementIndicators", "housingIndicators", "incomeIndicators",
    "overdoseIndicators", "healthIndicators", "mentalHealthIndicators", "planIndicators",
    "legalIndicators", "coordinationIndicators", "warrantIndicators",
)  # fmt: skip
COLUMNS = (
    "indicator", "title", "population", "period", "split", "group", "group_people", "outcome",
    "outcome_title", "people", "share", "equity_ratio",
)  # fmt: skip
QUERY = (
    "query($by: IndicatorSplit!, $periods: Int!) {"
    + " ".join(f"{field}(splitBy: $by, periods: $periods) {{ ...all }}" for field in FIELDS)
    + "} fragment all on IndicatorTable { key title population period split groups { code people"
    " cells { outcome title people share equityRatio } } }"
)


def extract(folder: DataFolder, persona: str, periods: int) -> str:
    """Return the figures as CSV.

    Args:
        folder: of the running platform.
        persona: who asks: a role with figures on all of it, such as the policy group.
        periods: how many of the newest of each.

    Raises:
        CommandError: nothing runs, or this role has no such figures.
    """
    purpose = first_purpose(folder, persona)
    answers = []
    for split in SPLITS:
        variables = {"by": split, "periods": periods}
        status, answer = post(folder, persona, purpose, QUERY, variables)
        if status != 200 or answer.get("data") is None:
            raise CommandError(f"the gateway answered {status}")
        answers.append(answer["data"])
    if not any(any(each.values()) for each in answers):
        raise CommandError(f"{persona} has no figures, or nothing is published yet")
    return as_csv(answers)


def as_csv(answers: Iterable[Mapping[str, Any]]) -> str:
    """Return answers as CSV, a row for each cell; what is suppressed is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row for answer in answers for row in _rows(answer))
    return text.getvalue()


def _rows(answer: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for tables in answer.values():
        for table in tables or ():
            for group in table["groups"]:
                for cell in group["cells"]:
                    yield {
                        "indicator": table["key"], "title": table["title"],
                        "population": table["population"], "period": table["period"],
                        "split": table["split"], "group": group["code"],
                        "group_people": group["people"], "outcome": cell["outcome"],
                        "outcome_title": cell["title"], "people": cell["people"],
                        "share": cell["share"], "equity_ratio": cell["equityRatio"],
                    }  # fmt: skip
