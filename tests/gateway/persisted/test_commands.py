"""From a key to a checked folder of manifests, as who ships an application does it."""

import json
import stat
from pathlib import Path

import pytest

from gateway.__main__ import main


def test_manifest_is_signed_and_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["operations", "new-key", str(tmp_path / "keys")]) == 0
    private = tmp_path / "keys" / "operations-private.jwk"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    public = tmp_path / "keys" / "operations-public.jwk"
    assert "d" not in json.loads(public.read_text())
    assert main(["operations", "new-key", str(tmp_path / "keys")]) == 2
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"c1": "{ courses(first: 1) { totalCount } }"}))
    folder = tmp_path / "operations"
    folder.mkdir()
    capsys.readouterr()
    words = ["operations", "sign", str(manifest), "--client", "a", "--version", "1"]
    assert main([*words, "--key", str(private)]) == 0
    (folder / "a.jws").write_text(capsys.readouterr().out)
    assert main(["operations", "check", str(folder), "--key", str(public)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "operations: all 1 in 1 manifests fit the schema"
    )


def test_check_names_what_a_schema_would_refuse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["operations", "new-key", str(tmp_path)])
    manifest = tmp_path / "manifest.json"
    aliases = " ".join(f"a{n}: __typename" for n in range(40))
    dear = "{ agencies(first: 101) { totalCount } }"
    documents = {
        "gone": "{ nothing }",
        "long": f"{{ {aliases} }}",
        "dear": dear,
        "good": "{ __typename }",
    }
    manifest.write_text(json.dumps(documents))
    capsys.readouterr()
    words = ["operations", "sign", str(manifest), "--client", "a", "--version", "1"]
    main([*words, "--key", str(tmp_path / "operations-private.jwk")])
    (tmp_path / "a.jws").write_text(capsys.readouterr().out)
    public = str(tmp_path / "operations-public.jwk")
    assert main(["operations", "check", str(tmp_path), "--key", public]) == 1
    said = capsys.readouterr()
    assert "a.jws: gone: Cannot query field 'nothing'" in said.err
    assert "a.jws: long: ALIAS_LIMIT" in said.err
    assert "a.jws: dear: PAGE_LIMIT" in said.err
    assert said.out.splitlines()[-1] == "operations: 1 of 4 in 1 manifests fit the schema"


def test_documents_are_checked_as_files_with_their_fragments(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "fragments").mkdir()
    shared = tmp_path / "fragments" / "Said.graphql"
    shared.write_text("fragment Said on AgencyConnection { totalCount }\n")
    (tmp_path / "Some.graphql").write_text("query Some { agencies(first: 1) { ...Said } }\n")
    words = ["operations", "check", str(tmp_path)]
    assert main(words) == 0
    assert capsys.readouterr().out == "operations: all 1 in 1 documents fit the schema\n"
    shared.write_text("fragment Said on AgencyConnection { nothing }\n")
    assert main([*words, str(tmp_path / "fragments")]) == 1
    said = capsys.readouterr()
    assert "Some.graphql: Cannot query field 'nothing'" in said.err
    assert said.out == "operations: 0 of 2 in 2 documents fit the schema\n"


def test_wrong_key_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = tmp_path / "key"
    key.write_text("{}")
    assert main(["operations", "check", str(tmp_path), "--key", str(key)]) == 2
    assert "Ed25519" in capsys.readouterr().err
