"""A site's courts and statutes come in from a file, and a second run corrects."""

import tomllib
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from svc_cases.cases import lists, repository
from tests.fixtures.service_app import ServiceApp


def document(site: str, court: str, code: str, title: str) -> dict[str, Any]:
    """Return a file's content."""
    return tomllib.loads(
        f"""
site = "{site}"
[[courts]]
id = "{court}"
code = "{code}"
name = "District Court"
time_zone = "America/Los_Angeles"
[[statutes]]
code = "RCW 1.1"
title = "{title}"
nibrs = "90J"
charge_class = "MISDEMEANOR"
from_on = 2020-01-01
"""
    )


async def test_a_file_is_taken_in_and_a_corrected_one_corrects(cases: ServiceApp) -> None:
    site, court, code = str(uuid4()), str(uuid4()), f"c-{uuid4().hex[:8]}"
    for title in ("Tresspass", "Trespass"):
        read = lists.read_lists(document(site, court, code, title))
        async with cases.chassis.database.write() as session:
            await lists.store_lists(session, *read)
    async with cases.chassis.database.read() as session:
        found = await repository.court_by_code(session, code)
        assert found is not None
        (statute,) = await repository.statutes_of(session, found.site_id)
        day = await repository.statute_on(session, found.site_id, "RCW 1.1", date(2026, 1, 1))
    assert (statute.title, day) == ("Trespass", statute)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"site": "here"}, "site: not an id"),
        ({"extra": 1}, "nobody knows extra"),
        ({"courts": [{"id": "x"}]}, "court 1: code, name, time_zone is missing"),
        ({"statutes": [{"code": "a", "title": "b", "nibrs": "90J", "charge_class": "PETTY",
                        "from_on": date(2020, 1, 1)}]}, "statute 1: charge_class is one of"),
        ({"statutes": [{"code": "a", "title": "b", "nibrs": "90J", "charge_class": "CIVIL",
                        "from_on": "soon"}]}, "statute 1: from_on and to_on are days"),
        ({"statutes": [{"code": "a", "title": "b", "nibrs": "90J", "charge_class": "CIVIL",
                        "from_on": date(2020, 1, 2), "to_on": date(2020, 1, 1)}]},
         "statute 1: it ends before it begins"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(change: dict[str, Any], said: str) -> None:
    given = {**document(str(uuid4()), str(uuid4()), "c", "t"), **change}
    with pytest.raises(lists.ListError, match=said):
        lists.read_lists(given)
