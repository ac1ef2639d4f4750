"""A platform for partners to try things on: a folder of its own, synthetic people, a clock that
goes forward.

It is the platform of `up`, marked as a sandbox, so that nothing real is read into it and no
program starts it under the machine's own time once its clock has gone ahead.
"""

from infra.dev.sandbox.clock import SandboxClock, SandboxError, find_library
from infra.dev.sandbox.folder import is_sandbox, make_sandbox

__all__ = ["SandboxClock", "SandboxError", "find_library", "is_sandbox", "make_sandbox"]
