"""Write Python source: indentation, names for constants, and one `exec` at the end.

Only repr() of strings and numbers of our own ever enters the source, so a document cannot.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class SourceWriter:
    """Lines of a module, and the constants that it uses."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 0
        self._numbers = 0
        self.constants: dict[str, Any] = {}

    def line(self, text: str) -> None:
        """One line at the present depth."""
        self._lines.append("    " * self._depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """A compound statement; its body is written inside."""
        self.line(head)
        self._depth += 1
        before = len(self._lines)
        yield
        if len(self._lines) == before:
            self.line("pass")
        self._depth -= 1

    def name(self, prefix: str) -> str:
        """A new name."""
        self._numbers += 1
        return f"{prefix}{self._numbers}"

    def constant(self, prefix: str, value: Any) -> str:
        """A new name that stands for a value."""
        name = self.name(prefix)
        self.constants[name] = value
        return name

    @property
    def source(self) -> str:
        """The text so far."""
        return "\n".join(self._lines) + "\n"

    def load(self, title: str) -> dict[str, Any]:
        """Compile and run the module; returns its names."""
        names = dict(self.constants)
        exec(compile(self.source, f"<{title}>", "exec"), names)  # noqa: S102  written above
        return names
