"""Operations without fragments, on concrete types, with conditions kept for run time."""

from gateway.planner.normalize.context_values import with_context_values
from gateway.planner.normalize.normalizer import Expander, normalize
from gateway.planner.normalize.opaque_objects import (
    OpaqueAdder,
    interface_objects,
    with_opaque_objects,
)

__all__ = [
    "Expander", "OpaqueAdder", "interface_objects", "normalize", "with_context_values",
    "with_opaque_objects",
]  # fmt: skip
