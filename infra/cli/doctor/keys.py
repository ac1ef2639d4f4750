"""Signing keys of the programs: private ones private, public ones where everybody reads them."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from infra import clock
from infra.cli.doctor.deployment import Deployment, Program
from infra.cli.doctor.findings import Finding, fail, ok, warn
from infra.signing_keys import ROTATE_AFTER_SECONDS

_CHECK = "keys"
_SKEW_SECONDS = 5
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def signing(deployment: Deployment) -> list[Finding]:
    """Look at the folders of keys that this machine can see."""
    return [finding for each in deployment.programs for finding in _of(each)]


def _of(program: Program) -> Iterator[Finding]:
    private, public = (
        Path(program.setting("GT_KEY_DIR")),
        Path(program.setting("GT_PUBLIC_KEY_DIR")),
    )
    if not program.setting("GT_KEY_DIR") or not program.setting("GT_PUBLIC_KEY_DIR"):
        return  # the settings check has said so
    file = private / f"{program.service}.signing.json"
    if not file.exists():
        yield warn(
            _CHECK, program.name, f"no signing key in {private} yet",
            "it is made at the first start; if the program runs, this is not its folder",
        )  # fmt: skip
        return
    loose = [path for path in (private, file) if stat.S_IMODE(path.stat().st_mode) & _OTHERS]
    for path in loose:
        yield fail(
            _CHECK, program.name, f"others than the owner may get at {path}",
            f"chmod go-rwx {path}, then replace the key: delete {file.name} and restart",
        )  # fmt: skip
    if stat.S_IMODE(public.stat().st_mode) & stat.S_IWOTH if public.exists() else False:
        yield fail(
            _CHECK, program.name, f"everybody may publish keys in {public}",
            f"chmod o-w {public}, and remove files that no program of yours wrote",
        )  # fmt: skip
        return
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        key = OKPKey.import_key(stored["jwk"])
        age = clock.epoch_seconds() - int(stored["created_at"])
        published = public / f"{program.service}.{stored['kid']}.json"
        shown = OKPKey.import_key(json.loads(published.read_text(encoding="utf-8")))
    except FileNotFoundError:
        yield fail(
            _CHECK, program.name, f"its public key is not in {public}",
            "the program publishes it within a second of its next token, or when it starts; check "
            "that it runs, may write there, and that all see the same volume",
        )  # fmt: skip
        return
    except (OSError, ValueError, KeyError, TypeError, JoseError):
        yield fail(
            _CHECK, program.name, f"{file} or its public half is damaged",
            f"delete {file} and restart the program, which makes a new key",
        )  # fmt: skip
        return
    if key.as_dict(private=False).get("x") != shown.as_dict(private=False).get("x"):
        yield fail(
            _CHECK, program.name, f"{published.name} is not the public half of its key",
            f"find out who wrote {published}; delete it and {file}, and restart the program",
        )  # fmt: skip
    elif age <= -ROTATE_AFTER_SECONDS:
        yield fail(
            _CHECK, program.name, f"its key was made {-age // 3600} hours in the future",
            "correct the clock that is wrong, the program's or this one; the program makes a new "
            "key with its next token once its clock is right, without a restart",
        )  # fmt: skip
    elif age < -_SKEW_SECONDS:
        yield warn(
            _CHECK, program.name, f"its key was made {-age} s in the future",
            "compare the program's clock with this one; the key serves, and is replaced within "
            "two days",
        )  # fmt: skip
    elif age > 2 * ROTATE_AFTER_SECONDS:
        yield warn(
            _CHECK, program.name, f"its key is {age // 3600} hours old and was not replaced",
            "it is replaced with the first token after a day; is the program running?",
        )  # fmt: skip
    elif not loose:
        yield ok(_CHECK, program.name, "private, published, and young enough")
