"""Each value of an enum that somebody else's list has says so: code system and code, as FHIR does.

The enums are those of the schema that partners see; which of them have codes is said here once.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from graphql import DocumentNode, EnumTypeDefinitionNode, parse

from infra.schema_enums import coded
from infra.vocabulary import OWN_PURPOSES, Purpose
from svc_participants.care.arrangements.rules import HUD_RESULT
from svc_participants.care.housing.rules import CODES

ROOT = Path(__file__).parents[2]
HUD = "urn:hud:hmis:2026"
CODED: Mapping[str, tuple[tuple[str, ...], frozenset[str]]] = {
    "NameQuality": ((f"{HUD}:3.01",), frozenset()),
    "BirthDateQuality": ((f"{HUD}:3.03",), frozenset()),
    "Race": ((f"{HUD}:3.04",), frozenset()),
    "Sex": ((f"{HUD}:3.06",), frozenset()),
    "YesNo": ((f"{HUD}:1.8",), frozenset()),
    "LivingSituation": ((f"{HUD}:4.12",), frozenset()),
    "IncomeSource": ((f"{HUD}:4.02",), frozenset()),
    "BenefitKind": ((f"{HUD}:csv:IncomeBenefits",), frozenset({"VETERANS_BENEFITS"})),
    "ArrangementState": ((f"{HUD}:referral-result",), frozenset({"ARRANGED", "WAITING"})),
    "PurposeOfUse": (
        ("http://terminology.hl7.org/CodeSystem/v3-ActReason", "urn:lead:purpose"), frozenset(),
    ),
}  # fmt: skip
"""By enum: the systems of its values, and the values that nobody else's list has."""
_TOKEN = re.compile(r"\(([a-z][\w.:/-]*)\|([\w.-]+)\)")
_BARE = re.compile(r"\((?:HUD )?\d+[),]")


def _supergraph() -> DocumentNode:
    return parse((ROOT / "gateway" / "supergraph.graphql").read_text(encoding="utf-8"))


def tokens(document: DocumentNode) -> dict[str, dict[str, tuple[str, str] | None]]:
    """Return system and code by enum and value; None where the description has none."""
    found: dict[str, dict[str, tuple[str, str] | None]] = {}
    for each in document.definitions:
        if isinstance(each, EnumTypeDefinitionNode):
            values = found.setdefault(each.name.value, {})
            for value in each.values or ():
                words = value.description.value if value.description else ""
                token = _TOKEN.search(words)
                values[value.name.value] = (token[1], token[2]) if token else None
    return found


def lacking(document: DocumentNode) -> set[tuple[str, str]]:
    """Return values without the system that they ought to have, by enum."""
    known = tokens(document)
    return {
        (enum, value)
        for enum, (systems, own) in CODED.items()
        for value, token in known[enum].items()
        if (token is None or token[0] not in systems) != (value in own)
    }


def test_each_value_that_another_list_has_names_system_and_code() -> None:
    assert lacking(_supergraph()) == set()


def test_planted_value_without_its_system_is_named() -> None:
    text = (ROOT / "gateway" / "supergraph.graphql").read_text(encoding="utf-8")
    bare = text.replace(f"({HUD}:3.06|0)", "(0)")
    assert bare != text
    assert lacking(parse(bare)) == {("Sex", "FEMALE")}


def test_no_value_has_a_code_without_its_system() -> None:
    bare = [
        (each.name.value, value.name.value)
        for each in _supergraph().definitions
        if isinstance(each, EnumTypeDefinitionNode)
        for value in each.values or ()
        if value.description and _BARE.search(value.description.value)
    ]
    assert bare == []


def test_codes_are_those_that_records_and_documents_have() -> None:
    known = tokens(_supergraph())
    for situation, (code, _) in CODES.items():
        assert known["LivingSituation"][situation.value] == (f"{HUD}:4.12", str(code))
    for state, result in HUD_RESULT.items():
        token = (f"{HUD}:referral-result", str(result))
        assert known["ArrangementState"][state.value] == token
    outside = tomllib.loads((ROOT / "gateway/web/doors/fhir_codes.toml").read_text("utf-8"))
    for purpose, token_of in known["PurposeOfUse"].items():
        is_own = Purpose(purpose) in OWN_PURPOSES
        assert token_of == (outside["own_purpose" if is_own else "act_reason"], purpose)


def test_a_code_is_told_with_its_system_and_words_without_one_stay() -> None:
    assert coded("Female (0).", "urn:x") == "Female (urn:x|0)."
    assert coded("Nobody asked (99); no more.", "urn:x") == "Nobody asked (urn:x|99); no more."
    assert coded("Somebody's (own) words.", "urn:x") == "Somebody's (own) words."
