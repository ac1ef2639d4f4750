"""Query plan to data: fetch, merge, project; neutral about what subjects and bits mean."""

from gateway.executor.compile import CompiledOperation, compile_plan
from gateway.executor.context import ExecutionContext, ExecutionLimits, Recorder, Transport
from gateway.executor.execute import fetch_all
from gateway.executor.fetch import Assembled
from gateway.executor.guard import Guard, PermitAll
from gateway.executor.project import Projected, project

__all__ = [
    "Assembled", "CompiledOperation", "ExecutionContext", "ExecutionLimits", "Guard", "PermitAll",
    "Projected", "Recorder", "Transport", "compile_plan", "fetch_all", "project",
]  # fmt: skip
