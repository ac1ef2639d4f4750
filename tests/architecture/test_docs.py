"""What the docs list is what the code has: settings, error codes."""

import re

from gateway.errors import MESSAGES
from tests.architecture.test_layout import PROGRAMS, ROOT, python_files

SETTING = re.compile(r"\"(GT_[A-Z0-9_]+)\"")
DEV_ONLY = {"GT_POINTER"}


def settings_in_code() -> set[str]:
    """Return the settings that programs read (not those of the dev stack)."""
    found: set[str] = set()
    for path in python_files(*PROGRAMS, "infra"):
        if "dev" in path.relative_to(ROOT).parts or "cli" in path.relative_to(ROOT).parts:
            continue
        found |= set(SETTING.findall(path.read_text()))
        found |= {
            f"GT_{name.upper()}_ADDRESS"
            for name in ("participants", "consent", "cases", "training")
            if path.name == "settings.py" and path.parent.name == "gateway"
        }
    return found - DEV_ONLY


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    text, _, _ = (ROOT / "infra" / "docs" / "settings.md").read_text().partition("\n## ")
    documented = set(re.findall(r"^\| `(GT_[A-Z0-9_]+)`", text, flags=re.MULTILINE))
    assert documented == settings_in_code()


def test_every_error_code_is_documented() -> None:
    text = (ROOT / "infra" / "docs" / "api.md").read_text()
    missing = [code for code in MESSAGES if f"`{code}`" not in text]
    assert missing == []
