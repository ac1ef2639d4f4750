"""What travels with an answer depends on operation, role and purpose alone; the data is strict."""

from importlib import resources

import pytest

from gateway.policy.errors import PolicyError
from gateway.policy.labels import Label
from gateway.policy.matrix import load_matrix
from gateway.policy.obligations import Obligations, load_obligations
from infra.vocabulary import Category, Form, Purpose
from tests.factories.policies import pruned

MATRIX = load_matrix()
TEXT = (resources.files("gateway.policy") / "obligations.toml").read_text()
NOTICES = (resources.files("gateway.policy") / "notices.toml").read_text()
OVERVIEW = "{ participant(id: 1) { name { given } goals summary notes { text } } }"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


@pytest.fixture(scope="module")
def obligations() -> Obligations:
    return load_obligations(MATRIX)


def ids(
    obligations: Obligations, column: str, purpose: Purpose | None, document: str = OVERVIEW
) -> set[str]:
    labels = pruned(document, column, has_person_purpose=purpose is not None).labels
    return {each["id"] for each in obligations.of(labels, column, purpose)}


def test_a_disclosure_under_consent_carries_notice_scope_and_no_redisclosure(
    obligations: Obligations,
) -> None:
    found = ids(obligations, "SVC:SUD", Purpose.TREAT)
    assert {"NOTICE_2_32", "CONSENT_COPY", "NO_REDISCLOSURE", "ACCOUNT_DISCLOSURE"} <= found
    assert "NO_ADVERSE_USE" not in found


@pytest.mark.parametrize(
    ("column", "purpose"),
    [
        ("LEO", Purpose.LEAD_COORD),
        ("LEL", Purpose.LEAD_COORD),
        ("PRO", Purpose.LEAD_LEGAL_COORD),
        ("PRB", Purpose.LEAD_COORD),
    ],
)
def test_justice_roles_owe_no_adverse_use_and_no_export(
    obligations: Obligations, column: str, purpose: Purpose
) -> None:
    """GR-6, GR-8: every release to police, prosecution or probation carries it."""
    found = ids(obligations, column, purpose)
    assert {"NO_ADVERSE_USE", "NO_EXPORT", "SUMMARY_ONLY", "NOTICE_2_32"} <= found


def test_the_notice_is_the_published_wording_with_its_edition(obligations: Obligations) -> None:
    labels = frozenset({Label(Category.SUD, Form.RAW)})
    told = obligations.of(labels, "SVC:SUD", Purpose.TREAT)
    notice = next(each for each in told if each["id"] == "NOTICE_2_32")
    assert notice["notice"] == {
        "id": "NOTICE-2.32-SHORT@2024",
        "text": "42 CFR part 2 prohibits unauthorized use or disclosure of these records.",
    }
    assert notice["documentNotice"] == {"id": "NOTICE-2.32-LONG@2024"}
    assert {"system": ACT_CODE, "code": "RedisclosureProhibitionMark"} in notice["codes"]
    assert notice["categories"] == ["SUD"]


def test_break_glass_is_reviewed_told_and_deleted(obligations: Obligations) -> None:
    labels = frozenset({Label(Category.HEALTH_HIV, Form.RAW)})
    told = {each["id"]: each for each in obligations.of(labels, "MED", Purpose.BTG)}
    assert {"NOTIFY_CM", "REVIEW_WITHIN_24H", "TTL_EMERGENCY", "NOTICE_2_32"} <= set(told)
    assert told["TTL_EMERGENCY"]["seconds"] == 3600


def test_outcome_for_an_officer_may_be_kept_for_a_short_time(obligations: Obligations) -> None:
    told = obligations.of(
        frozenset({Label(Category.ENROLLMENT, Form.RAW)}), "LEO", Purpose.LEAD_COORD
    )
    assert next(each for each in told if each["id"] == "TTL")["seconds"] == 900


def test_supervisor_owes_minimum_necessary(obligations: Obligations) -> None:
    assert "MINIMUM_NECESSARY" in ids(obligations, "SUP", Purpose.HQUALIMP)


def test_the_own_record_obliges_nobody(obligations: Obligations) -> None:
    assert ids(obligations, "PAR", Purpose.PATRQT) == set()


def test_without_a_purpose_nothing_is_told_and_nothing_owed(obligations: Obligations) -> None:
    assert ids(obligations, "LEO", None) == set()


@pytest.mark.parametrize(
    ("column", "purpose", "form"),
    [
        ("PCG", Purpose.LEAD_EVAL, Form.AGGREGATE),
        ("CLT", Purpose.GOV, Form.AGGREGATE),
        ("LSB", Purpose.LEAD_EVAL, Form.AGGREGATE),
        ("EVL", Purpose.LEAD_EVAL, Form.DEIDENTIFIED),
        # The project manager reads rows and figures of the same categories.
        ("PM", Purpose.HPRGRP, Form.AGGREGATE),
    ],
)
def test_whoever_reads_figures_owes_suppression_of_small_cells(
    obligations: Obligations, column: str, purpose: Purpose, form: Form
) -> None:
    labels = frozenset({Label(Category.REFERRAL, form)})
    told = [(each["id"], each.get("leastCell")) for each in obligations.of(labels, column, purpose)]
    assert ("SUPPRESS_SMALL_CELLS", 11) in told
    # Figures are no disclosure about a person: nothing is accounted for.
    assert "ACCOUNT_DISCLOSURE" not in {name for name, _ in told}


def test_rows_alone_owe_no_suppression(obligations: Obligations) -> None:
    labels = frozenset({Label(Category.REFERRAL, Form.RAW)})
    told = {each["id"] for each in obligations.of(labels, "PM", Purpose.HPRGRP)}
    assert told
    assert "SUPPRESS_SMALL_CELLS" not in told


def test_the_codes_are_live_ones(obligations: Obligations) -> None:
    """Retired HL7 codes and misspellings must not come back."""
    retired = {"NORDSLCD", "SICKLE", "ETH"}
    used = {code for rule in obligations.rules for _, code in rule.codes}
    assert not used & retired
    assert {"AOD", "MINEC", "NORDSCLCD", "NOREUSE", "MASK", "REDACT", "NOMOU", "NORELINK"} <= used


@pytest.mark.parametrize(
    ("given", "planted", "says"),
    [
        ('roles = ["EVL"]', 'roles = ["SPY"]', "SPY"),
        ('categories = ["ENROLLMENT"]', 'categories = ["DREAMS"]', "DREAMS"),
        ('forms = ["SUMMARY"]', 'forms = ["GIST"]', "GIST"),
        ('when = { grounds = "b" }', 'when = { grounds = "z" }', "z"),
        ('notice = "NOTICE-2.32-SHORT@2024"', 'notice = "NOTICE@1"', "no notice"),
        ('"ActCode#AOD"', '"Act#AOD"', "no known system"),
        ('id = "TTL"\n', 'id = "TTL"\nhow = 1\n', "unknown key"),
        ('id = "NO_EXPORT"', 'id = "TTL"', "twice"),
        # A rule that can never apply: a governing body reads no row of anything.
        (
            'when = { grounds = "b" }',
            'when = { roles = ["CLT"], categories = ["REFERRAL"] }',
            "never",
        ),
        # Another: no governing body reads anything on a release.
        ('grounds = "r", roles = ["LEO", "LEL"]', 'grounds = "r", roles = ["CLT"]', "never apply"),
    ],
)
def test_a_mistake_stops_the_start_with_file_and_line(given: str, planted: str, says: str) -> None:
    assert given in TEXT
    with pytest.raises(PolicyError, match=says) as refused:
        load_obligations(MATRIX, TEXT.replace(given, planted, 1))
    assert refused.value.where.startswith("obligations.toml:")


def test_a_notice_without_edition_is_refused() -> None:
    planted = NOTICES.replace("NOTICE-2.32-LONG@2024", "NOTICE-LONG", 1)
    with pytest.raises(PolicyError, match="edition"):
        load_obligations(MATRIX, None, planted)


def test_wording_is_part_of_the_policy_version() -> None:
    changed = load_obligations(MATRIX, None, NOTICES.replace("prohibits", "forbids", 1))
    assert changed.fingerprint != load_obligations(MATRIX).fingerprint


@pytest.mark.parametrize(
    ("given", "planted", "says"),
    [
        ('language = "en"', 'language = ""', "id, source, language and text"),
        ('language = "en"', 'language = "en"\nvoice = "loud"', "id, source, language and text"),
        ('id = "NOTICE-2.32-LONG@2024"', 'id = "NOTICE-2.32-SHORT@2024"', "an id of its own"),
    ],
)
def test_a_careless_notice_is_refused(given: str, planted: str, says: str) -> None:
    assert given in NOTICES
    with pytest.raises(PolicyError, match=says):
        load_obligations(MATRIX, TEXT, NOTICES.replace(given, planted, 1))
