"""What ``explain-error`` knows: the gateway's codes, and those that services refuse commands with.

The gateway's are data (``error_codes.toml``). The services' are read from their source text where
a command is refused, so that none can be missing; nothing of a service is imported.
"""

import ast
import importlib.util
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from gateway.errors import MESSAGES
from infra.errors import GoldenThreadError

_CODE = re.compile(r"[A-Z][A-Z0-9_]{2,}\Z")
_PROGRAMS = ("infra", "svc_participants", "svc_consent", "svc_cases", "svc_training")


class UnknownErrorCodeError(GoldenThreadError):
    """No answer of the platform has this code."""

    code = "BAD_USER_INPUT"


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One code of the gateway.

    Attributes:
        status: HTTP status, or where in an answer it stands.
        why: what leads to it.
        remedy: what to do about it.
    """

    code: str
    status: str
    why: str
    remedy: str


@cache
def gateway_codes() -> dict[str, ErrorCode]:
    """Return the gateway's codes by name."""
    text = resources.files("gateway").joinpath("error_codes.toml").read_text("utf-8")
    return {code: ErrorCode(code, **entry) for code, entry in tomllib.loads(text).items()}


@cache
def service_codes() -> dict[str, dict[str, set[str]]]:
    """Return the codes of ``userErrors``: the sentences by program, by code."""
    found: dict[str, dict[str, set[str]]] = {}
    for program in _PROGRAMS:
        spec = importlib.util.find_spec(program)
        for folder in spec.submodule_search_locations or () if spec else ():
            for file in sorted(Path(folder).rglob("*.py")):
                if {"cli", "dev"} & set(file.relative_to(folder).parts):
                    continue
                for code, sentence in _refusals(ast.parse(file.read_text("utf-8"))):
                    found.setdefault(code, {}).setdefault(program, set()).add(sentence)
    return found


def explain(code: str) -> str:
    """Return what is to be said about a code.

    Raises:
        UnknownErrorCodeError: there is none.
    """
    known, of_services = gateway_codes().get(code), service_codes().get(code)
    if known is None and of_services is None:
        raise UnknownErrorCodeError(f"no answer has the code {code!r}; `explain-error` lists all")
    lines = [code]
    if known is not None:
        said = MESSAGES.get(code)
        lines += [f"  said:   {said}"] if said else []
        lines += [f"  status: {known.status}", f"  why:    {known.why}"]
        lines += [f"  do:     {known.remedy}"]
    for program, sentences in sorted((of_services or {}).items()):
        lines.append(f"  in `userErrors`, from {program}:")
        lines += [f"    {sentence}" for sentence in sorted(sentences) if sentence]
    return "\n".join(lines)


def _refusals(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield code and sentence wherever a module makes an error of both."""
    constants = _texts(module)
    for node in ast.walk(module):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id.endswith("Error") and len(node.args) >= 2:
            named = {name: _before(lines, node.lineno) for name, lines in constants.items()}
            sentence = _text(node.args[1], named) or "(says what is wrong with the input)"
            for code in _codes(node.args[0], named):
                yield code, sentence


def _texts(module: ast.Module) -> dict[str, list[tuple[int, str]]]:
    """Return which texts are given a name, with the line of each."""
    texts: dict[str, list[tuple[int, str]]] = {}
    for statement in ast.walk(module):
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target, value = statement.targets[0], _text(statement.value, {})
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            target, value = statement.target, _text(statement.value, {})
        else:
            continue
        if isinstance(target, ast.Name) and value is not None:
            texts.setdefault(target.id, []).append((statement.lineno, value))
    return texts


def _before(lines: list[tuple[int, str]], line: int) -> str:
    """Return the text that a name was given last before a line; a constant may come after it."""
    return max((each for each in lines if each[0] < line), default=lines[0])[1]


def _codes(node: ast.expr, named: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _codes(node.body, named)
        yield from _codes(node.orelse, named)
        return
    text = _text(node, named)
    if text is not None and _CODE.match(text):
        yield text


def _text(node: ast.expr, named: dict[str, str]) -> str | None:
    """Return a text as far as it is written down; what is filled in later becomes an ellipsis."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return named.get(name)
        case ast.JoinedStr(values=values):
            return "".join(_text(each, named) or "…" for each in values)
        case _:
            return None
