"""The worked example of the guide runs as it stands there, and says that it is synthetic."""

from pathlib import Path
from typing import Any

import infra

GUIDE = Path(str(infra.__file__)).parent / "docs" / "indicators.md"


def _code() -> str:
    return GUIDE.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]


def test_the_example_comes_out_as_the_guide_says() -> None:
    names: dict[str, Any] = {}
    exec(_code(), names)  # noqa: S102 - our own guide
    assert names["against_comparison"]("REARREST") == -58


def test_a_few_people_in_prison_are_not_shown() -> None:
    names: dict[str, Any] = {}
    code = _code().replace('"PRISON": 13', '"PRISON": 3')
    exec(code[: code.index("def change")], names)  # noqa: S102 - our own guide
    cells = names["shown"]["PRISON"]
    assert {cells[group]["YES"] for group in ("LEAD", "COMPARISON")} == {None}


def test_it_is_labelled_synthetic() -> None:
    assert "**Synthetic.** Nobody below exists" in GUIDE.read_text(encoding="utf-8")
