"""Keys of internal tokens: private, published before use, rotated, believed for one issuer."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from infra import clock, signing_keys
from infra.signing_keys import SigningKeys, VerificationKeys


class _Token:
    def __init__(self, kid: Any) -> None:
        self._kid = kid

    def headers(self) -> dict[str, Any]:
        return {"kid": self._kid}


def make(tmp_path: Path, issuer: str = "gateway", **given: Any) -> SigningKeys:
    return SigningKeys(issuer, tmp_path / issuer, tmp_path / "public", **given)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    right = clock.epoch_seconds

    def move(seconds: int) -> None:
        monkeypatch.setattr(clock, "epoch_seconds", lambda: right() + seconds)

    return move


def test_the_private_key_is_the_owner_s_alone(tmp_path: Path) -> None:
    make(tmp_path)
    assert (tmp_path / "gateway").stat().st_mode & 0o777 == 0o700
    (file,) = (tmp_path / "gateway").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def assert_published_without_its_secret(public_dir: Path) -> None:
    (file,) = public_dir.iterdir()
    published = json.loads(file.read_text())
    assert published["x"]
    assert "d" not in published


def test_the_public_file_has_no_private_part(tmp_path: Path) -> None:
    make(tmp_path)
    assert_published_without_its_secret(tmp_path / "public")


def test_publishing_the_whole_key_is_caught(tmp_path: Path) -> None:
    key = make(tmp_path).current()
    (file,) = (tmp_path / "public").iterdir()
    file.write_text(json.dumps(key.private.as_dict(private=True)))
    with pytest.raises(AssertionError):
        assert_published_without_its_secret(tmp_path / "public")


def test_a_restart_keeps_the_key_and_publishes_it_again(tmp_path: Path) -> None:
    kid = make(tmp_path).current().kid
    for file in (tmp_path / "public").iterdir():
        file.unlink()
    assert make(tmp_path).current().kid == kid
    assert VerificationKeys(tmp_path / "public").find(_Token(kid)) is not None


def test_an_old_key_is_replaced_and_still_verifies_for_a_while(tmp_path: Path, later: Any) -> None:
    keys = make(tmp_path, rotate_after_seconds=100)
    verification = VerificationKeys(tmp_path / "public")
    old = keys.current().kid
    later(99)
    assert keys.current().kid == old
    later(100)
    new = keys.current().kid
    assert new != old
    for kid in (old, new):
        assert verification.find(_Token(kid)) is not None
    age = clock.epoch_seconds() - 100 - signing_keys.RETIRE_AFTER_SECONDS - 1
    os.utime(tmp_path / "public" / f"gateway.{old}.json", (age, age))
    later(300)
    keys.current()
    assert not (tmp_path / "public" / f"gateway.{old}.json").exists()


def test_a_key_of_a_clock_far_ahead_is_replaced_once_the_clock_is_right(
    tmp_path: Path, later: Any
) -> None:
    later(400 * 86_400)
    ahead = make(tmp_path, rotate_after_seconds=100)
    kid = ahead.current().kid
    later(0)
    again = make(tmp_path, rotate_after_seconds=100)
    for keys in (ahead, again):
        assert keys.current().kid != kid
        assert abs(keys.current().created_at - clock.epoch_seconds()) < 100
        found = VerificationKeys(tmp_path / "public").find(_Token(keys.current().kid))
        assert found is not None


def test_a_key_that_is_never_replaced_is_kept_whatever_the_clock_was(
    tmp_path: Path, later: Any
) -> None:
    later(400 * 86_400)
    kid = make(tmp_path, "badges", rotate_after_seconds=100 * 366 * 86_400).current().kid
    later(0)
    kept = make(tmp_path, "badges", rotate_after_seconds=100 * 366 * 86_400)
    assert kept.current().kid == kid


def others_key_after_a_clock_was_ahead(tmp_path: Path, later: Any, moments: list[float]) -> bool:
    """Let one gateway's clock leap, and return whether the other's key is found afterwards."""
    mine = SigningKeys("gateway", tmp_path / "one", tmp_path / "public")
    leaps = SigningKeys("gateway", tmp_path / "two", tmp_path / "public")
    kid = mine.current().kid
    later(400 * 86_400)
    leaps.current()
    assert not (tmp_path / "public" / f"gateway.{kid}.json").exists(), "taken for an old one"
    later(0)
    moments[0] += 1.1
    assert mine.current().kid == kid
    try:
        return VerificationKeys(tmp_path / "public").find(_Token(kid)) is not None
    except ValueError:
        return False


def test_a_key_that_another_s_clock_made_old_is_published_again(
    tmp_path: Path, later: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = [100.0]
    monkeypatch.setattr(clock, "monotonic", lambda: moments[0])
    assert others_key_after_a_clock_was_ahead(tmp_path, later, moments)


def test_twin_that_never_looks_whether_it_is_still_published_is_caught(
    tmp_path: Path, later: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = [100.0]
    monkeypatch.setattr(clock, "monotonic", lambda: moments[0])
    monkeypatch.setattr(signing_keys, "_PUBLISHED_LOOK_SECONDS", 3600.0)
    assert not others_key_after_a_clock_was_ahead(tmp_path, later, moments)


def test_a_folder_that_cannot_be_written_stops_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = [100.0]
    monkeypatch.setattr(clock, "monotonic", lambda: moments[0])
    keys = make(tmp_path)
    kid = keys.current().kid
    (tmp_path / "public").rename(tmp_path / "away")
    moments[0] += 1.1
    assert keys.current().kid == kid


def test_rotation_leaves_the_keys_of_others_alone(tmp_path: Path, later: Any) -> None:
    make(tmp_path, "cases")
    keys = make(tmp_path, rotate_after_seconds=1)
    for file in (tmp_path / "public").iterdir():
        os.utime(file, (1, 1))
    later(10)
    keys.current()
    assert [f.name.split(".")[0] for f in (tmp_path / "public").iterdir()].count("cases") == 1


def test_an_unknown_key_id_is_looked_for_at_most_twice_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path)
    verification, moments = VerificationKeys(tmp_path / "public"), [100.0]
    monkeypatch.setattr(clock, "monotonic", lambda: moments[0])
    reads = []
    right = Path.glob

    def counted(self: Path, pattern: str) -> Any:
        reads.append(pattern)
        return right(self, pattern)

    monkeypatch.setattr(Path, "glob", counted)
    for _ in range(50):
        with pytest.raises(ValueError, match="unknown key"):
            verification.find(_Token("made up"))
    assert len(reads) == 1
    moments[0] += 0.6
    with pytest.raises(ValueError, match="unknown key"):
        verification.find(_Token("made up"))
    assert len(reads) == 2


def test_a_key_that_was_just_published_is_found_at_once(tmp_path: Path) -> None:
    make(tmp_path)
    verification = VerificationKeys(tmp_path / "public")
    with pytest.raises(ValueError, match="unknown key"):
        verification.find(_Token("made up"))
    kid = make(tmp_path, "cases").current().kid
    assert verification.find(_Token(kid)) is not None
    assert verification.belongs_to(kid, "cases")
    assert not verification.belongs_to(kid, "gateway")


@pytest.mark.parametrize("kid", [None, 7, ["x"], {"x": 1}])
def test_a_header_without_a_key_id_names_no_key(tmp_path: Path, kid: Any) -> None:
    make(tmp_path)
    with pytest.raises(ValueError, match="names no key"):
        VerificationKeys(tmp_path / "public").find(_Token(kid))


def test_a_half_written_file_is_no_key_and_hides_no_other(tmp_path: Path) -> None:
    kid = make(tmp_path).current().kid
    for name, text in (
        ("gateway.a.json", ""),
        ("gateway.b.json", "{"),
        ("gateway.c.json", '{"kty": "OKP"}'),
        ("gateway.d.json", "[]"),
    ):
        (tmp_path / "public" / name).write_text(text)
    assert VerificationKeys(tmp_path / "public").find(_Token(kid)) is not None
