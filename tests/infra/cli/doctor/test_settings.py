"""Settings, keys and addresses: what the doctor says about folders and files that are wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

import pytest

from infra.cli.doctor import keys, programs, transport
from infra.cli.doctor.deployment import (
    Deployment,
    Program,
    database_address,
    of_settings_folder,
    of_this_process,
)
from infra.cli.doctor.findings import Finding, Outcome, as_json, as_text, fail, ok, summary, warn
from infra.cli.errors import CommandError
from infra.signing_keys import SigningKeys

GATEWAY = {
    "GT_BIND": "tcp:127.0.0.1:8000", "GT_METRICS_BIND": "tcp:127.0.0.1:8001",
    "GT_CONSENT_ADDRESS": "tcp:127.0.0.1:8010", "GT_CASES_ADDRESS": "tcp:127.0.0.1:8011",
    "GT_PARTICIPANTS_ADDRESS": "tcp:127.0.0.1:8012", "GT_TRAINING_ADDRESS": "tcp:127.0.0.1:8013",
    "GT_KEY_DIR": "/keys", "GT_PUBLIC_KEY_DIR": "/public",
    "GT_PUBLIC_URL": "https://lead.example.org",
    "GT_ISSUERS": json.dumps([{
        "alias": "state", "issuer": "https://id.example.org",
        "jwks_uri": "https://id.example.org/jwks", "audience": "lead", "algorithms": ["RS256"],
    }]),
}  # fmt: skip
TRAINING = {
    "GT_BIND": "tcp:127.0.0.1:8013", "GT_METRICS_BIND": "tcp:127.0.0.1:9013",
    "GT_DATABASE_DSN": "postgresql://gt_training:hunter2@/gt_training?host=/run/postgresql",
    "GT_KEY_DIR": "/keys", "GT_PUBLIC_KEY_DIR": "/public",
    "GT_CONSENT_ADDRESS": "tcp:127.0.0.1:8010", "GT_CURSOR_KEY": "AAAA" * 10 + "AAA=",
}  # fmt: skip


def program(name: str, given: dict[str, str], **changes: str) -> Program:
    return Program(name, MappingProxyType({**given, **changes}))


def deployment(*each: Program) -> Deployment:
    return Deployment("test", each)


def failed(found: list[Finding]) -> list[str]:
    return [f"{f.subject}: {f.message}" for f in found if f.outcome is Outcome.FAIL]


def test_programs_read_their_own_settings() -> None:
    good = deployment(program("gateway", GATEWAY), program("svc_training", TRAINING))
    assert failed(programs.settings(good)) == []


@pytest.mark.parametrize(
    ("name", "given", "changes", "named"),
    [
        ("gateway", GATEWAY, {"GT_BIND": "8000"}, "GT_BIND"),
        ("gateway", GATEWAY, {"GT_ISSUERS": '[{"alias": "x"}]'}, "GT_ISSUERS"),
        ("gateway", GATEWAY, {"GT_STEP_UP": "{"}, "GT_STEP_UP"),
        ("gateway", GATEWAY, {"GT_OPERATIONS_DIR": "/nowhere"}, "GT_OPERATIONS_KEY"),
        ("gateway", GATEWAY, {"GT_SUPERGRAPH": "/nowhere.graphql"}, "GT_SUPERGRAPH"),
        ("svc_training", TRAINING, {"GT_CURSOR_KEY": "AAAA"}, "32 bytes"),
        ("svc_training", TRAINING, {"GT_DATABASE_DSN": ""}, "GT_DATABASE_DSN"),
    ],
)
def test_a_setting_that_stops_the_program_is_named(
    name: str, given: dict[str, str], changes: dict[str, str], named: str
) -> None:
    [found] = programs.settings(deployment(program(name, given, **changes)))
    assert found.outcome is Outcome.FAIL
    assert named in found.message
    assert "hunter2" not in found.message


def test_what_must_differ_and_does_not() -> None:
    twin = program("svc_cases", TRAINING, GT_SERVICE_INSTANCE="one")
    found = programs.agreement(
        deployment(program("svc_training", TRAINING, GT_SERVICE_INSTANCE="one"), twin)
    )
    said = " ".join(failed(found))
    for what in (
        "one instance name",
        "one folder of private keys",
        "one database ",
        "one database role",
    ):
        assert what in f"{said} ", what
    assert "hunter2" not in said


def test_development_beside_production_is_a_failure() -> None:
    mixed = deployment(
        program("gateway", GATEWAY, GT_KEY_DIR="/keys/gateway"),
        program("svc_training", TRAINING, GT_ENVIRONMENT="development"),
    )
    assert any("development" in each for each in failed(programs.agreement(mixed)))


def test_one_key_for_sessions_and_cursors_is_a_failure() -> None:
    both = deployment(
        program("gateway", GATEWAY, GT_KEY_DIR="/g", GT_CONSOLE_KEY=TRAINING["GT_CURSOR_KEY"]),
        program("svc_training", TRAINING),
    )
    assert any("sessions" in each for each in failed(programs.agreement(both)))


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, Outcome.FAIL),
        ({"GT_ENVIRONMENT": "development"}, Outcome.WARN),
        ({"GT_NARROWING_JOURNAL": "/nowhere"}, Outcome.WARN),
        ({"GT_NARROWING_JOURNAL": "/"}, Outcome.OK),
    ],
)
def test_consent_wants_a_journal(changes: dict[str, str], outcome: Outcome) -> None:
    [found] = programs.journal(deployment(program("svc_consent", TRAINING, **changes)))
    assert found.outcome is outcome


@pytest.fixture
def keyed(tmp_path: Path) -> Program:
    private, public = tmp_path / "private", tmp_path / "public"
    SigningKeys("training", private, public)
    return program("svc_training", TRAINING, GT_KEY_DIR=str(private), GT_PUBLIC_KEY_DIR=str(public))


def _published(keyed: Program) -> Path:
    [file] = Path(keyed.setting("GT_PUBLIC_KEY_DIR")).glob("training.*.json")
    return file


def _forge(keyed: Program) -> None:
    other = SigningKeys("x", _published(keyed).parents[1] / "other", _published(keyed).parent)
    foreign = _published(keyed).parent / f"x.{other.current().kid}.json"
    _published(keyed).write_text(foreign.read_text())


def _damage(keyed: Program) -> None:
    (Path(keyed.setting("GT_KEY_DIR")) / "training.signing.json").write_text("{}")


def test_sound_keys_are_sound(keyed: Program) -> None:
    [found] = keys.signing(deployment(keyed))
    assert found.outcome is Outcome.OK


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (lambda p: Path(p.setting("GT_KEY_DIR")).chmod(0o755), "others than the owner"),
        (
            lambda p: (Path(p.setting("GT_KEY_DIR")) / "training.signing.json").chmod(0o640),
            "others than the owner",
        ),
        (lambda p: Path(p.setting("GT_PUBLIC_KEY_DIR")).chmod(0o777), "everybody may publish"),
        (lambda p: _published(p).unlink(), "public key is not in"),
        (_forge, "not the public half"),
        (_damage, "damaged"),
    ],
    ids=["folder", "file", "public-folder", "unpublished", "forged", "damaged"],
)
def test_keys_that_are_not_safe(
    keyed: Program, broken: Callable[[Program], object], words: str
) -> None:
    broken(keyed)
    assert any(words in each for each in failed(keys.signing(deployment(keyed))))


def test_keys_that_were_not_replaced(keyed: Program) -> None:
    file = Path(keyed.setting("GT_KEY_DIR")) / "training.signing.json"
    stored = json.loads(file.read_text())
    file.write_text(json.dumps({**stored, "created_at": 0}))
    [found] = keys.signing(deployment(keyed))
    assert found.outcome is Outcome.WARN


@pytest.mark.parametrize(
    ("seconds_ahead", "outcome"),
    [(3, Outcome.OK), (3600, Outcome.WARN), (400 * 86_400, Outcome.FAIL)],
)
def test_keys_that_a_clock_ahead_has_made(
    keyed: Program, seconds_ahead: int, outcome: Outcome
) -> None:
    file = Path(keyed.setting("GT_KEY_DIR")) / "training.signing.json"
    stored = json.loads(file.read_text())
    file.write_text(json.dumps({**stored, "created_at": stored["created_at"] + seconds_ahead}))
    [found] = keys.signing(deployment(keyed))
    assert found.outcome is outcome
    SigningKeys("training", file.parent, Path(keyed.setting("GT_PUBLIC_KEY_DIR"))).current()
    [found] = keys.signing(deployment(keyed))
    assert found.outcome is (Outcome.WARN if outcome is Outcome.WARN else Outcome.OK)


@pytest.mark.parametrize(
    ("label", "instead", "named"),
    [
        ('OwgAttendee @category(is: "AGENCY_ROLES", as: "RAW")', "OwgAttendee", "no @category"),
        ('is: "AGENCY_ROLES"', 'is: "NOBODY_KNOWS"', "unknown category"),
        (
            'OwgAttendee @category(is: "AGENCY_ROLES", as: "RAW")',
            'OwgAttendee @category(is: "CATALOGUE", as: "RAW")',
            "label it differently",
        ),
    ],
    ids=["lost", "unknown", "of another release"],
)
def test_a_supergraph_whose_labels_do_not_fit_is_named(
    tmp_path: Path, label: str, instead: str, named: str
) -> None:
    release = programs.package_folder("gateway")
    assert release is not None
    text = (release / "supergraph.graphql").read_text()
    assert label in text
    file = tmp_path / "other.graphql"
    file.write_text(text.replace(label, instead))
    found = programs.policy(deployment(program("gateway", GATEWAY, GT_SUPERGRAPH=str(file))))
    [labels] = [each for each in found if each.check == "labels"]
    assert (labels.subject, labels.outcome) == ("other.graphql", Outcome.FAIL)
    assert named in labels.message


@pytest.mark.parametrize(
    ("query", "outcome"),
    [
        ("", Outcome.FAIL),
        ("?sslmode=disable", Outcome.FAIL),
        ("?sslmode=prefer", Outcome.FAIL),
        ("?sslmode=require", Outcome.WARN),
        ("?sslmode=verify-full", Outcome.OK),
    ],
)
def test_the_way_to_a_far_database(query: str, outcome: Outcome) -> None:
    far = program(
        "svc_training", TRAINING, GT_DATABASE_DSN=f"postgresql://a:b@db.example.org/x{query}"
    )
    [found] = transport.security(deployment(far))
    assert found.outcome is outcome


def test_a_database_address_without_its_password() -> None:
    address = database_address(TRAINING["GT_DATABASE_DSN"])
    assert (address.host, address.role, address.is_local) == (
        "/run/postgresql",
        "gt_training",
        True,
    )
    assert "hunter2" not in repr(address)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"GT_PUBLIC_URL": "http://lead.example.org"}, "not https"),
        ({"GT_PUBLIC_URL": "https://127.0.0.1:1"}, "no TLS connection"),
        ({"GT_ISSUERS": GATEWAY["GT_ISSUERS"].replace("https:", "http:")}, "without TLS"),
    ],
)
def test_the_public_address_and_the_issuer_want_tls(changes: dict[str, str], words: str) -> None:
    given = {**GATEWAY, "GT_PUBLIC_URL": ""}
    found = transport.security(deployment(program("gateway", given, **changes)))
    assert any(words in each for each in failed(found))


def test_a_folder_of_settings_files(tmp_path: Path) -> None:
    (tmp_path / "gateway.env").write_text(
        '# comment\n\nGT_BIND=tcp:127.0.0.1:8000\nGT_ISSUERS=\'[{"alias": "a b"}]\'\n'
    )
    [gateway] = of_settings_folder(tmp_path).programs
    assert gateway.setting("GT_ISSUERS") == '[{"alias": "a b"}]'
    (tmp_path / "svc_cases.env").write_text("nonsense\n")
    with pytest.raises(CommandError, match="line 1"):
        of_settings_folder(tmp_path)
    with pytest.raises(CommandError, match="no file like"):
        of_settings_folder(tmp_path / "empty")
    with pytest.raises(CommandError, match="no such program"):
        of_this_process("svc_nothing")


def test_the_report_ends_with_its_summary() -> None:
    found = [ok("a", "", "good"), warn("b", "x", "so so", "look"), fail("c", "y", "bad", "act")]
    lines = as_text(found).splitlines()
    assert lines[-1] == summary(found) == "doctor: 1 ok, 1 warnings, 1 failures"
    assert "      -> act" in lines
    assert as_json(found)["counts"] == {"ok": 1, "warn": 1, "fail": 1}
