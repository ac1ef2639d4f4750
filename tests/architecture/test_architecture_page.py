"""The page of the architecture says what the code says."""

import os

import grimp
import pytest

from tests.architecture.architecture_page import PAGE, crossings, page
from tests.architecture.test_layout import SOURCE


@pytest.fixture(scope="module")
def drawn() -> str:
    return page()


def test_the_page_is_up_to_date(drawn: str) -> None:
    if os.environ.get("GT_WRITE_GOLDEN"):
        PAGE.write_text(drawn)
    hint = "draw it again: GT_WRITE_GOLDEN=1 ./goldenthread test tests/architecture"
    assert PAGE.read_text() == drawn, hint


def test_a_page_of_yesterday_is_noticed(drawn: str) -> None:
    assert drawn.replace("`pipeline`", "`pipelines`") != drawn


def test_no_arrow_goes_from_program_to_program() -> None:
    graph = grimp.build_graph(*SOURCE, cache_dir=None)
    assert crossings(graph) == set()
    graph.add_import(importer="svc_cases.app", imported="svc_consent.app")
    assert crossings(graph) == {("svc_cases", "svc_consent")}
