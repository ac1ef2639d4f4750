"""One obligation at a time: whom it binds, over what, how it is shown, and what keeps it out."""

from typing import Any

import pytest

from gateway.policy import obligations as module
from gateway.policy.errors import PolicyError
from gateway.policy.labels import Label
from gateway.policy.matrix import load_matrix
from gateway.policy.obligations import Obligations, load_obligations
from infra.vocabulary import Category, Form, Purpose

MATRIX = load_matrix()
RULE = """[systems]
ActCode = "urn:act"
[[obligation]]
id = "ONE"
statement = "Do this."
source = "Somebody"
codes = ["ActCode#DO"]
when = {}
"""
SUD, HOUSING = Label(Category.SUD, Form.RAW), Label(Category.HOUSING, Form.RAW)
PLAN, SUMMARY = Label(Category.GOALS_PLAN, Form.RAW), Label(Category.GOALS_PLAN, Form.SUMMARY)
COUNTED = Label(Category.REFERRAL, Form.AGGREGATE)
LISTED = Label(Category.CATALOGUE, Form.RAW)


def only(when: str) -> Obligations:
    """Return one obligation with these conditions."""
    return load_obligations(MATRIX, RULE.replace("{}", f"{{ {when} }}"))


def told(
    when: str, labels: set[Label], column: str = "SVC:SUD", purpose: Purpose | None = Purpose.TREAT
) -> list[Any]:
    """Return over which categories it binds, None for none in particular; [] if it does not."""
    shown = only(when).of(frozenset(labels), column, purpose)
    return [each.get("categories") for each in shown]


@pytest.mark.parametrize(
    ("when", "labels", "categories"),
    [
        ('grounds = "r"', {SUD, PLAN}, [["GOALS_PLAN", "SUD"]]),
        ('grounds = "r", purposes = ["TREAT"]', {SUD}, [["SUD"]]),
        ('grounds = "r", purposes = ["COC"]', {SUD}, []),
        ('grounds = "r", roles = ["SVC"]', {SUD}, [["SUD"]]),
        ('grounds = "r", roles = ["DEF", "LEO"]', {SUD}, []),
        ('grounds = "r", categories = ["SUD"]', {SUD, PLAN}, [["SUD"]]),
        ('grounds = "r", categories = ["SUD"]', {PLAN}, []),
        ('grounds = "r", forms = ["SUMMARY"]', {SUMMARY}, [["GOALS_PLAN"]]),
        ('grounds = "r", forms = ["SUMMARY"]', {PLAN}, []),
        ('grounds = "rb"', {SUD}, [["SUD"]]),
        ('grounds = "b"', {SUD}, []),
        # What the column never reads binds it to nothing.
        ('categories = ["HOUSING", "SUD"]', {HOUSING, SUD}, [["SUD"]]),
        # What is about nobody is in no column.
        ('grounds = "r"', {SUD, LISTED}, [["SUD"]]),
        ('grounds = "r"', {LISTED}, []),
        ('selects = "anything"', {LISTED}, [None]),
        ('selects = "anything"', set(), [None]),
        ('selects = "anything"', {SUD}, [["SUD"]]),
    ],
)
def test_it_binds_whom_and_over_what_it_says(
    when: str, labels: set[Label], categories: list[Any]
) -> None:
    assert told(when, labels) == categories


def test_figures_oblige_whatever_else_is_read_with_them_and_name_no_category() -> None:
    figures = 'selects = "figures"'
    assert told(figures, {COUNTED, SUD}, "PM", Purpose.HPRGRP) == [None]
    assert told(figures, {COUNTED}, "PM", Purpose.HPRGRP) == [None]
    assert told(figures, {SUD}, "PM", Purpose.HPRGRP) == []
    # A figure is no row: what binds whoever reads rows of the category does not come with it.
    assert told('grounds = "r"', {COUNTED}, "PM", Purpose.HPRGRP) == []


@pytest.mark.parametrize("when", ['grounds = "r"', 'selects = "anything"'])
def test_without_a_purpose_nobody_is_bound_since_nothing_is_told(when: str) -> None:
    assert told(when, {SUD}, purpose=None) == []


def test_what_was_found_once_is_kept_as_long_as_there_is_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_MAX_KNOWN", 2)
    rule = only('grounds = "r"')

    def of(*labels: Label) -> Any:
        return rule.of(frozenset(labels), "SVC:SUD", Purpose.TREAT)

    first, second = of(SUD), of(PLAN)
    assert of(SUD) is first
    assert of(PLAN) is second
    assert of(SUD, PLAN) != first
    assert len(rule._known) == 1
    assert of(SUD) == first
    assert len(rule._known) == 2


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        # A provider reads plans in every form, a probation officer the summary alone.
        ('grounds = "r", roles = ["SVC"], categories = ["GOALS_PLAN"], forms = ["SUMMARY"]', True),
        ('grounds = "r", roles = ["SVC"], categories = ["GOALS_PLAN"], forms = ["RAW"]', True),
        ('grounds = "r", roles = ["PRB"], categories = ["GOALS_PLAN"], forms = ["SUMMARY"]', True),
        ('grounds = "r", roles = ["PRB"], categories = ["GOALS_PLAN"], forms = ["RAW"]', False),
        ('grounds = "r", roles = ["PRB"], purposes = ["LEAD_COORD"]', True),
        ('grounds = "r", roles = ["PRB"], purposes = ["TREAT"]', False),
        ('selects = "figures", roles = ["PCG"]', True),
        ('selects = "figures", roles = ["PCG"], purposes = ["TREAT"]', False),
    ],
)
def test_what_can_never_bind_anybody_is_a_mistake(when: str, fits: bool) -> None:
    if fits:
        assert [each.id for each in only(when).rules] == ["ONE"]
        return
    with pytest.raises(PolicyError, match="ONE can never apply"):
        only(when)


@pytest.mark.parametrize(
    ("given", "planted", "says"),
    [
        ("[systems]", "[systems", "not TOML"),
        ('statement = "Do this."\n', "", "an obligation has id, statement"),
        ('source = "Somebody"', 'source = ""', "an obligation has id, statement"),
        ("when = {}", "", "an obligation has id, statement"),
        ('"ActCode#DO"', '"ActCode#"', "names no known system"),
        ('"ActCode#DO"', '"DO"', "names no known system"),
        ("when = {}", 'when = { ground = "r" }', "unknown condition ground"),
        ("when = {}", 'when = { selects = "everything" }', "selects is anything or figures"),
    ],
)
def test_a_careless_rule_is_refused(given: str, planted: str, says: str) -> None:
    assert given in RULE
    whole = RULE.replace(given, planted).replace("{}", '{ grounds = "r" }')
    with pytest.raises(PolicyError, match=says):
        load_obligations(MATRIX, whole)
