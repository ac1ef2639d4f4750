"""A site's file goes in through the gateway, once, row by row; what is refused is told by line."""

import csv
from pathlib import Path

from tests.fixtures.whole_platform import Platform

MAPPING = """
mutation = "submitCommunityReferral"
source = "a list for this test"
key = ["No"]
persona = "community_partner"
purpose = "LEAD_REFERRAL"

[constant]
"concern" = "Sleeps near the shops."
"form.urgency" = "ROUTINE"
"form.interceptPoint" = "COMMUNITY_SERVICES"
"form.counterfactual" = "WOULD_NOT_ACT"
"form.personIsAware" = "YES"

[columns]
"Given" = "form.person.givenName"
"Family" = "form.person.familyName"
"Born" = {to = "form.person.dateOfBirth", date = "%m/%d/%Y"}
"What" = "form.account"
"""
ROWS = """No,Given,Family,Born,What
1,Imported,Example-One,02/03/1980,Asked for help.
2,Imported,Example-Two,1980-02-03,Asked for help.
3,Imported,Example-Three,,
4,,,03/04/1980,Asked for help.
5,Imported,Example-Five,,Asked for help.
"""
MINE = "{ myReferrals(first: 1) { totalCount } }"


async def count(platform: Platform) -> int:
    answer = await platform.send("community_partner", MINE, purpose="LEAD_REFERRAL")
    found: int = answer.data["myReferrals"]["totalCount"]
    return found


async def test_a_file_is_taken_once_and_its_mistakes_are_told(
    platform: Platform, tmp_path: Path
) -> None:
    file, mapping = tmp_path / "list.csv", tmp_path / "mapping.toml"
    file.write_text(ROWS)
    mapping.write_text(MAPPING)
    words = ("import", "referrals", str(file), "--mapping", str(mapping))
    before = await count(platform)

    tried = platform.command(*words, "--dry-run", check=False)
    assert tried.stdout.startswith("import referrals: 3 rows would be taken, 0 were"), tried.stderr
    assert tried.returncode == 1
    assert await count(platform) == before

    first = platform.command(*words, check=False)
    assert first.stdout == "import referrals: 2 rows taken, 0 were taken before, 3 refused\n"
    assert await count(platform) == before + 2
    with (tmp_path / "list.csv.errors.csv").open(newline="") as report:
        told = [(row["line"], row["field"], row["code"]) for row in csv.DictReader(report)]
    assert [line for line, _, _ in told] == ["3", "4", "5"]
    assert told[0] == ("3", "Born", "NOT_A_DATE")
    assert told[2][2] == "PERSON_MISSING"
    assert "Imported" not in (tmp_path / "list.csv.errors.csv").read_text()

    second = platform.command(*words, check=False)
    assert second.stdout == "import referrals: 0 rows taken, 2 were taken before, 3 refused\n"
    # The marks are lost, as after a kill before they were written: the keys still hold.
    (tmp_path / "list.csv.imported").unlink()
    third = platform.command(*words, check=False)
    assert third.stdout == "import referrals: 2 rows taken, 0 were taken before, 3 refused\n"
    assert await count(platform) == before + 2
