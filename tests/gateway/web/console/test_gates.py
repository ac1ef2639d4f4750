"""What training opens: everybody who lacks something is named at its gate, and nobody else."""

import re
from typing import Any

from gateway.web.console.views import gates
from tests.gateway.web.console.test_long_training_lists import Row, page_of, person_of, shown
from tests.gateway.web.console.test_training_forms import Desk, rule_of


def standing(number: int, status: str, key: str) -> Row:
    return {
        "status": status, "reason": f"Not completed: {number}", "dueOn": "2027-01-01",
        "personnel": person_of(number), "requirement": {"key": key},
    }  # fmt: skip


class Gated(Desk):
    """Answers requirements, and who stands where with each, narrowed as the service does it."""

    def __init__(self, *standings: Row, **planted: Any) -> None:
        super().__init__(**planted)
        self.standings = standings
        self.rules = [
            {**rule_of("owg", is_own=False), "clearance": "OWG"},
            {**rule_of("owg-more", is_own=False), "clearance": "OWG"},
            {**rule_of("law", is_own=False), "clearance": None},
        ]

    def root(self) -> dict[str, Any]:
        return super().root() | {"compliance": self._compliance}

    def _compliance(self, _info: Any, **asked: Any) -> Row:
        key, status = asked.pop("requirementKey", None), asked.pop("status", None)
        return page_of(
            [
                row
                for row in self.standings
                if key in (None, row["requirement"]["key"]) and status in (None, row["status"])
            ],
            **asked,
        )


def named(page: str) -> list[str]:
    return re.findall(r"training/people/(p\d+)", page)


WHO = (
    standing(1, "OVERDUE", "owg"),
    standing(2, "DUE", "owg-more"),
    standing(3, "MET", "owg"),
    standing(4, "EXEMPT", "owg"),
    standing(5, "OVERDUE", "law"),
)


async def test_who_lacks_what_a_gate_asks_for_is_named_with_where_to_assign() -> None:
    page = await shown(Gated(*WHO), gates.shown)
    assert named(page) == ["p1", "p2"]
    assert page.count("Case conferences of the work group") == 1
    assert "Not completed: 1" in page
    assert 'href="/console/training/courses/9101"' in page
    assert "Rule law" not in page


async def test_planted_question_for_everybody_names_who_has_it() -> None:
    """The twin asks for all who stand anywhere with the requirement."""
    planted = {"KeptOut": lambda text: text.replace(", status: OVERDUE", "")}
    assert {"p3", "p4"} <= set(named(await shown(Gated(*WHO, **planted), gates.shown)))


async def test_a_long_list_says_how_many_there_are_and_leads_to_all() -> None:
    late = [standing(number, "OVERDUE", "owg") for number in range(80)]
    page = await shown(Gated(*late), gates.shown)
    assert "50 of 80 are listed" in page
    assert "compliance?requirement=owg&amp;status=OVERDUE" in page
    assert "Nobody is kept out" in page  # of the other requirement


async def test_where_training_opens_nothing_the_page_says_so() -> None:
    desk = Gated()
    desk.rules = [{**rule_of("law", is_own=False), "clearance": None}]
    assert "Training opens nothing here" in await shown(desk, gates.shown)
    assert "KeptOut" not in desk.asked
