"""JSON in which integers stay what they are, however long.

Source: RFC 8259 section 6, which bounds no number; GraphQL specification (September 2025) 3.5.5: a
custom scalar is whatever its service says.  orjson reads what does not fit 64 bits as a float, in
which digits are lost, and does not write it at all.  It does nearly all the work nevertheless: a
text with a long run of digits is read once more, exactly, and so is written what orjson refuses.
"""

import json
from typing import Any, Final

import orjson

_DIGITS: Final = bytes(byte in b"0123456789" for byte in range(256))
"""Translates digits to 1 and everything else to 0."""

_LONG: Final = 19
"""The least number of digits of an integer beyond 64 bits."""

_STRIDE: Final = _LONG // 2
"""Of so many bytes one is looked at first: two of them in a row lie in each long run of digits."""


def read_json(text: bytes) -> Any:
    """Read a JSON text.

    Raises:
        orjson.JSONDecodeError: it is none, is nested too deeply, or has a number beyond the range
            of 64-bit floating point.
    """
    read = orjson.loads(text)
    if not _has_long_number(text):
        return read
    try:
        return json.loads(text)
    except RecursionError:
        message = "it is nested too deeply for its long numbers"
        raise orjson.JSONDecodeError(message, "", 0) from None


def write_json(value: Any) -> bytes:
    """Write a value as JSON, without spaces.

    Raises:
        orjson.JSONEncodeError: it is no JSON, or is nested too deeply.
    """
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError as refused:
        try:
            exact = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
            return exact.encode()
        except (TypeError, ValueError, RecursionError):
            raise refused from None


def _has_long_number(text: bytes) -> bool:
    """Whether there are so many digits in a row, in a number or elsewhere."""
    if b"\1\1" not in text[::_STRIDE].translate(_DIGITS):
        return False
    return b"\1" * _LONG in text.translate(_DIGITS)
