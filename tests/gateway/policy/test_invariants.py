"""What must hold for every caller, purpose and state of consent, proven over the compiled policy.

Each invariant is a question "can it be otherwise?" that the solver answers with no. Each has a
planted change of the agreement, or of the rule, that the same question must refute.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib import resources
from typing import Any
from uuid import UUID

import pytest
import z3

from gateway.policy.access_table import AccessTable, compile_table
from gateway.policy.labels import read_labels
from gateway.policy.matrix import Matrix, load_matrix
from gateway.policy.mutations import load_mutations
from gateway.policy.packaged import packaged_supergraph
from infra.vocabulary import ALWAYS_DENY_PURPOSES, PERSON_CATEGORIES, Basis, Category, Form
from svc_consent.authority.decision import Asker, Decider, Ground, Window
from tests.gateway.policy.symbolic import (
    AGREEMENT,
    ALWAYS_DENY,
    DENIAL,
    GRANT,
    PURPOSE,
    Policy,
    World,
)

TEXT = (resources.files("gateway.policy") / "matrix.toml").read_text()
JUSTICE = ("LEO", "LEL", "PRO", "PRB", "CRT")
CLINICAL = (
    Category.CASE_NOTES, Category.PSYCHOSOCIAL, Category.SUD, Category.MENTAL_HEALTH,
    Category.HEALTH_HIV,
)  # fmt: skip
ORDER: list[Category] = [
    each for each in Category if each not in (Category.STRUCTURE, Category.CATALOGUE)
]


def cell(column: str, category: Category, kind: str) -> Callable[[str], str]:
    """Return an edit of the matrix that writes one cell anew."""

    def edit(text: str) -> str:
        beginnings = (f"{column} ", f'"{column}"')
        line = next(each for each in text.splitlines() if each.startswith(beginnings))
        head, cells, tail = line.split('"')[-3:] if line.startswith('"') else line.split('"')
        words = cells.split()
        words[ORDER.index(category)] = kind
        start = line[: line.index(cells)]
        assert head is not None
        return text.replace(line, f'{start}{"   ".join(words)}"{tail}', 1)

    return edit


def text(given: str, planted: str) -> Callable[[str], str]:
    """Return an edit of the matrix that replaces one text."""

    def edit(whole: str) -> str:
        assert given in whole
        return whole.replace(given, planted, 1)

    return edit


def both(*edits: Callable[[str], str]) -> Callable[[str], str]:
    def edit(whole: str) -> str:
        for each in edits:
            whole = each(whole)
        return whole

    return edit


@lru_cache(maxsize=1)
def _parts() -> tuple[Any, Any, Any]:
    supergraph = packaged_supergraph()
    return supergraph, read_labels(supergraph), load_mutations()


@lru_cache(maxsize=4)
def table_of(source: str) -> AccessTable:
    supergraph, labels, mutations = _parts()
    return compile_table(supergraph, labels, load_matrix(source), mutations)


Question = Callable[[Policy], list[Any]]


@dataclass(frozen=True)
class Invariant:
    """Something that must never be, and a change that makes it be.

    Attributes:
        breaks: what of the rule is forgotten, or how the agreement is edited.
    """

    name: str
    otherwise: Question
    breaks: int | Callable[[str], str]

    def planted(self) -> Policy:
        if isinstance(self.breaks, int):
            return Policy(table_of(TEXT), {self.breaks})
        return Policy(table_of(self.breaks(TEXT)))


def _sees(policy: Policy, *claims: Any, world: World | None = None) -> list[Any]:
    return [policy.sees(world or World()), *claims]


W = World()

INVARIANTS = [
    Invariant(
        "no justice role ever gets raw notes or treatment, whatever was signed (GR-3, D18)",
        lambda p: _sees(p, p.asks_as(*JUSTICE), p.of_category(*CLINICAL)),
        cell("LEO", Category.CASE_NOTES, "C"),
    ),
    Invariant(
        "no justice role ever gets whereabouts (GR-3)",
        lambda p: _sees(p, p.asks_as(*JUSTICE), p.of_category(Category.CONTACT)),
        cell("PRB", Category.CONTACT, "C"),
    ),
    Invariant(
        "the summary is the most that a justice role gets of plans (GR-4)",
        lambda p: _sees(
            p,
            p.asks_as(*JUSTICE),
            p.of_category(Category.GOALS_PLAN, Category.HOUSING, Category.OWG, form=Form.RAW),
        ),
        cell("LEL", Category.GOALS_PLAN, "C"),
    ),
    Invariant(
        "justice roles have no list of participants but their own referrals (GR-7, GR-8)",
        lambda p: _sees(p, p.asks_as(*JUSTICE), p.is_list()),
        text('roles = ["LEO", "LEL", "PRO", "PRB", "CRT"]', 'roles = ["LEL", "PRO", "PRB", "CRT"]'),
    ),
    Invariant(
        "revoked, expired or never signed means denied to everybody without a ground of their own",
        lambda p: _sees(
            p,
            p.about_a_person(),
            W.holds_only(Basis.COUNSEL, Basis.RELEASE),
            z3.Not(W.held[Basis.RELEASE]),
        ),
        text('"DEF:C" = "rc"', '"DEF:C" = "c"'),
    ),
    Invariant(
        "an always-deny purpose opens nothing about a person (GR-2, D17, D24, D29)",
        lambda p: _sees(p, p.about_a_person(), p.states(ALWAYS_DENY_PURPOSES)),
        ALWAYS_DENY,
    ),
    Invariant(
        "without a purpose of the own role nothing about a person is seen (D01)",
        lambda p: _sees(
            p,
            p.about_a_person(),
            z3.Not(
                z3.Or(
                    *(
                        z3.And(p.asks_as(column), p.states(p.table.matrix.purposes_of(column)))
                        for column in p.columns
                    )
                )
            ),
        ),
        PURPOSE,
    ),
    Invariant(
        "administrators, training and platform staff see no participant (D46 to D48)",
        lambda p: _sees(p, p.asks_as("PLA", "AGA", "TRM"), p.about_a_person()),
        both(
            cell("PLA", Category.IDENTITY, "C"),
            text('PLA = ["HSYSADMIN"]', 'PLA = ["LEAD_COORD"]'),
        ),
    ),
    Invariant(
        "a denial closes everything that consent governs",
        lambda p: _sees(p, p.about_a_person(), W.is_denied),
        DENIAL,
    ),
    Invariant(
        "an agreement that has ended closes everything about a person (D02)",
        lambda p: _sees(
            p, p.about_a_person(), z3.Not(p.asks_as("PAR", "REP")), z3.Not(W.agreement_is_live)
        ),
        AGREEMENT,
    ),
    Invariant(
        "a role that was taken away opens nothing (D03)",
        lambda p: _sees(p, z3.Not(W.grant_is_live)),
        GRANT,
    ),
    Invariant(
        "governing bodies, evaluators and coaches see no participant (D41 to D45)",
        lambda p: _sees(p, p.asks_as("CLT", "PCG", "EVL", "LSB"), p.about_a_person()),
        cell("PCG", Category.ENROLLMENT, "C"),
    ),
    Invariant(
        "break-glass serves medical roles alone (D19, D20)",
        lambda p: _sees(
            p, p.about_a_person(), z3.Not(p.asks_as("MED")), W.holds_only(Basis.BREAK_GLASS)
        ),
        text('"LEO:IDENTITY" = "r|w"', '"LEO:IDENTITY" = "r|w|b"'),
    ),
    Invariant(
        "a medical role without break-glass sees nothing of a participant (D20)",
        lambda p: _sees(
            p, p.asks_as("MED"), p.about_a_person(), z3.Not(W.holds(Basis.BREAK_GLASS, Basis.SELF))
        ),
        text('"MED:E" = "b"', '"MED:E" = "b|r"'),
    ),
    Invariant(
        "break-glass opens nothing legal and no conference notes (D21)",
        lambda p: _sees(
            p,
            p.asks_as("MED"),
            p.of_category(
                Category.LEGAL_COORD, Category.LEGAL_PUBLIC, Category.WARRANTS, Category.OWG
            ),
        ),
        cell("MED", Category.LEGAL_COORD, "E"),
    ),
    Invariant(
        "a prosecutor who is not the liaison sees the public record alone (D26)",
        lambda p: _sees(
            p, p.asks_as("PRO:not_liaison"), p.about_a_person(), z3.Not(W.held[Basis.SELF])
        ),
        cell("PRO:not_liaison", Category.LEGAL_COORD, "S"),
    ),
    Invariant(
        "each provider sees its own field of treatment only (D34, D36, D38)",
        lambda p: _sees(
            p,
            z3.Or(
                z3.And(p.asks_as("SVC:HOUSING"), p.of_category(*CLINICAL)),
                z3.And(p.asks_as("SVC:SUD"), p.of_category(Category.MENTAL_HEALTH)),
                z3.And(p.asks_as("SVC:MH"), p.of_category(Category.SUD)),
            ),
        ),
        cell("SVC:HOUSING", Category.PSYCHOSOCIAL, "C"),
    ),
    Invariant(
        "a defender needs both the client's release and to be counsel of record (D27)",
        lambda p: _sees(
            p,
            p.asks_as("DEF"),
            p.about_a_person(),
            z3.Not(z3.And(W.held[Basis.RELEASE], W.held[Basis.COUNSEL])),
            z3.Not(W.held[Basis.SELF]),
        ),
        text('"DEF:C" = "rc"', '"DEF:C" = "r"'),
    ),
    Invariant(
        "an assignment opens nothing at an agency that does not serve the person (D06)",
        lambda p: _sees(p, p.about_a_person(), W.holds_only(Basis.ASSIGNMENT)),
        text('"CM:W" = "ao|r"', '"CM:W" = "a|r"'),
    ),
    Invariant(
        "the project manager sees nothing clinical, ever (D11)",
        lambda p: _sees(p, p.asks_as("PM"), p.of_category(*CLINICAL)),
        cell("PM", Category.PSYCHOSOCIAL, "C"),
    ),
    Invariant(
        "participants and representatives see by their own binding only (D04)",
        lambda p: _sees(
            p,
            p.asks_as("PAR", "REP"),
            p.about_a_person(),
            z3.Not(W.holds(Basis.SELF, Basis.REPRESENTATIVE)),
        ),
        text('"REP:O" = "p"', '"REP:O" = "p|o"'),
    ),
    Invariant(
        "community partners see their own referral, or a line of summary (D39, D40)",
        lambda p: _sees(
            p,
            p.asks_as("COM"),
            p.about_a_person(),
            z3.Not(W.held[Basis.AUTHOR]),
            z3.Not(p.is_labelled(lambda label: label.form is Form.SUMMARY)),
        ),
        cell("COM", Category.ENROLLMENT, "C"),
    ),
    Invariant(
        "the privacy officer sees no participant without a case of review",
        lambda p: _sees(p, p.asks_as("PRV"), p.about_a_person(), z3.Not(W.held[Basis.REVIEW])),
        text('"PRV:W" = "v"', '"PRV:W" = "v|o"'),
    ),
    Invariant(
        "a further ground never closes anything, and a denial never opens anything",
        lambda p: _monotone(p),
        lambda whole: whole,  # broken below: two moments that are compared the wrong way round
    ),
]


def _monotone(policy: Policy) -> list[Any]:
    less, more = World("less"), World("more")
    grows = [
        z3.Implies(less.held[each], more.held[each]) for each in Basis if each is not Basis.ANY
    ]
    return [
        policy.sees(less),
        z3.Not(policy.sees(more)),
        *grows,
        z3.Implies(more.is_denied, less.is_denied),
        less.grant_is_live == more.grant_is_live,
        less.agreement_is_live == more.agreement_is_live,
    ]


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy(table_of(TEXT))


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda each: each.name.split(" (")[0])
def test_invariant_holds_for_every_caller(policy: Policy, invariant: Invariant) -> None:
    assert policy.counterexample(*invariant.otherwise(policy)) is None


@pytest.mark.parametrize("invariant", INVARIANTS[:-1], ids=lambda each: each.name.split(" (")[0])
def test_planted_change_is_refuted(invariant: Invariant) -> None:
    planted = invariant.planted()
    found = planted.counterexample(*invariant.otherwise(planted))
    assert found is not None
    assert found["coordinate"] != "none"


def test_a_rule_in_which_grounds_close_something_is_refuted(policy: Policy) -> None:
    """Planted: somebody sees less with more grounds."""
    less, more = World("less"), World("more")
    grows = [
        z3.Implies(less.held[each], more.held[each]) for each in Basis if each is not Basis.ANY
    ]
    assert policy.counterexample(policy.sees(more), z3.Not(policy.sees(less)), *grows) is not None


def test_the_model_is_not_empty(policy: Policy) -> None:
    """Everybody sees something: a model in which nobody sees anything would prove everything."""
    for column in policy.columns:
        if column in ("CRT",):  # documents are pushed; it states no purpose
            continue
        assert policy.counterexample(policy.sees(World()), policy.asks_as(column)) is not None


NOW = datetime.now(UTC)


def _ground(dice: random.Random, basis: Basis, asker: Asker, category: Category) -> Ground:
    return Ground(
        "p", dice.choice(asker.holders), basis.value, False,
        dice.choice((None, category.value)), dice.choice((None, asker.purpose)),
        NOW - timedelta(hours=1), dice.choice((None, NOW + timedelta(hours=1))), None,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_the_model_decides_as_the_product_does(policy: Policy, seed: int) -> None:
    """Random columns, purposes, grounds, denials, agreements: formula and decision are one."""
    dice = random.Random(seed)
    matrix: Matrix = policy.table.matrix
    permitted = 0
    for _ in range(60):
        column = dice.choice([name for name in policy.columns if matrix.purposes_of(name)])
        purpose = dice.choice(sorted(matrix.purposes_of(column)))
        category = dice.choice(PERSON_CATEGORIES)
        access, _, _ = policy.table.access_of(column, has_person_purpose=True)
        asker = Asker(
            str(UUID(int=1)), str(UUID(int=2)), column.partition(":")[0], purpose.value,
            {each.value: grounds for each, grounds in access.items()}, "site",
        )  # fmt: skip
        held = {basis for basis in Basis if basis is not Basis.ANY and dice.random() < 0.35}
        is_denied, is_live = dice.random() < 0.2, dice.random() < 0.8
        rows = [_ground(dice, basis, asker, category) for basis in held]
        if is_denied:
            rows.append(
                Ground("p", "any", "r", True, None, None, NOW - timedelta(hours=1), None, None)
            )
        ends = None if is_live else NOW - timedelta(minutes=1)
        windows = [Window(asker.agency_id, NOW - timedelta(hours=1), ends, "site")]
        decided = category.value in Decider(asker, windows, NOW).decide(rows).categories
        world = World()
        facts = [
            fact == z3.BoolVal(basis in held)
            for basis, fact in world.held.items()
            if basis is not Basis.ANY
        ]
        facts += [world.is_denied == is_denied, world.agreement_is_live == is_live]
        claim = policy.permits(world, column, purpose, category)
        assert (policy.counterexample(claim, *facts) is not None) == decided
        permitted += decided
    assert permitted
