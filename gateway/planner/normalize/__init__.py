"""Operations without fragments, on concrete types, with conditions kept for run time."""

from gateway.planner.normalize.normalizer import Expander, normalize

__all__ = ["Expander", "normalize"]
