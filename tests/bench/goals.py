"""Says beside a measurement whether its goal is met; nothing ever fails by it.

A measurement that is too coarse for its goal shows neither: that is said, and no run is shortened
until it is met.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal, and what a run has shown of it.

    Attributes:
        what: the goal in words, with its figure.
        found: what was measured, in words.
        is_met: None where the run does not show it either way.
    """

    what: str
    found: str
    is_met: bool | None

    def __str__(self) -> str:
        said = {True: "met", False: "missed", None: "not shown"}[self.is_met]
        return f"goal {self.what}: {said} ({self.found})"


def lines(goals: list[Goal]) -> str:
    """Return one line a goal."""
    return "".join(f"{goal}\n" for goal in goals)


def below(what: str, found: float, limit: float, *, error: float = 0.0, unit: str = "") -> Goal:
    """Judge a figure that must stay below a limit, by twice its error on either side."""
    said = f"{found:+.1f} ± {error:.1f}{unit}" if error else f"{found:.1f}{unit}"
    if found + 2 * error < limit:
        return Goal(what, said, is_met=True)
    return Goal(what, said, False if found - 2 * error >= limit else None)
