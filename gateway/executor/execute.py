"""Run all fetches of a plan, each as soon as those it waits for have answered."""

import asyncio
from collections.abc import Mapping
from typing import Any

from gateway.executor.answer import Answer, UnusableAnswerError, read_answer
from gateway.executor.compile import CompiledNode, CompiledOperation
from gateway.executor.context import ExecutionContext
from gateway.executor.faults import UNAVAILABLE, UNUSABLE
from gateway.executor.fetch import Assembled, Fetcher, Request
from gateway.executor.guard import Guard
from gateway.executor.place_faults import place_parts
from gateway.planner.selection import holds
from infra.http_client import HttpClientError, HttpProtocolError


async def fetch_all(
    compiled: CompiledOperation,
    variables: Mapping[str, Any],
    context: ExecutionContext,
    guard: Guard,
) -> Assembled:
    """Run a compiled plan.

    Failures of subgraphs become faults in the result.  Before an entity fetch that has needs, and
    once at the end, the guard is asked to load all subjects seen.
    """
    fetcher = Fetcher(compiled, variables, context, guard)
    nodes = compiled.nodes
    if len(nodes) == 1:
        await _run(fetcher, nodes[0])
    else:
        await _Course(fetcher).run()
    assembled = fetcher.assembled
    place_parts(assembled.faults)
    if compiled.note_all_subjects is not None:
        assembled.is_plain = compiled.note_all_subjects([assembled.root], assembled.subjects)
        await guard.load(assembled.subjects)
    return assembled


class _Course:
    """Starts each fetch when those it waits for are done.

    A class and no pair of closures: those would keep each other, and with them all that a request
    fetched, until the cyclic collector comes by.
    """

    __slots__ = ("_fetcher", "_nodes", "_waiting")

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        nodes = fetcher.compiled.nodes
        self._nodes = {node.node.id: node for node in nodes}
        self._waiting = {node.node.id: len(node.node.waits_for) for node in nodes}

    async def run(self) -> None:
        await self._run_all([one for one in self._nodes.values() if not one.node.waits_for])

    async def _run_all(self, ready: list[CompiledNode]) -> None:
        if len(ready) == 1:
            await self._run_from(ready[0])
        elif ready:
            async with asyncio.TaskGroup() as group:
                for node in ready:
                    group.create_task(self._run_from(node))

    async def _run_from(self, node: CompiledNode) -> None:
        await _run(self._fetcher, node)
        ready = []
        for number in node.dependents:
            self._waiting[number] -= 1
            if self._waiting[number] == 0:
                ready.append(self._nodes[number])
        await self._run_all(ready)


async def _run(fetcher: Fetcher, node: CompiledNode) -> None:
    stop = fetcher.compiled.stops.get(node.node.id)
    if stop is not None and stop.is_reached(fetcher.assembled.root, fetcher.variables, holds):
        return
    walked = fetcher.find(node)
    masks = None
    if node.has_needs:
        seen = set().union(*(each.seen for each in walked))
        if seen:
            fetcher.assembled.subjects |= seen
            await fetcher.guard.load(seen)
        masks = fetcher.masks
    request = fetcher.build(node, walked, masks)
    if request is None:
        return
    requests = fetcher.split(node, request)
    if len(requests) == 1:
        await _ask(fetcher, node, requests[0])
        return
    async with asyncio.TaskGroup() as group:
        for one in requests:
            group.create_task(_ask(fetcher, node, one))


async def _ask(fetcher: Fetcher, node: CompiledNode, request: Request) -> None:
    try:
        answer = await _send(fetcher, node, request)
    except UnusableAnswerError as error:
        fault = fetcher.note_failure(node, error.code, str(error))
        fetcher.fail(node, request, fault)
        return
    if answer.data is None:
        fetcher.lose(node, request, answer.errors)
        return
    fetcher.absorb(node, request, answer)


async def _send(fetcher: Fetcher, node: CompiledNode, request: Request) -> Answer:
    context, subgraph = fetcher.context, node.node.subgraph
    loop = asyncio.get_running_loop()
    started = loop.time()
    if request.representations > context.limits.max_representations:
        raise UnusableAnswerError(UNAVAILABLE, "too many representations")
    timeout = context.limits.fetch_timeout_seconds
    if context.deadline is not None:
        timeout = min(timeout, context.deadline - started)
    if timeout <= 0 or fetcher.assembled.fetches >= context.limits.max_fetches:
        raise UnusableAnswerError(UNAVAILABLE, "no time or no fetch is left for this request")
    transport = context.transports.get(subgraph)
    if transport is None:
        raise UnusableAnswerError(UNAVAILABLE, "no transport leads to the subgraph")
    fetcher.assembled.fetches += 1
    context.recorder.on_fetch_start(subgraph, node.node.id)
    is_ok = False
    try:
        response = await transport.post(
            request.body,
            context.headers_for(subgraph),
            timeout_seconds=timeout,
            idempotent=node.node.kind != "mutation",
        )
        fetcher.assembled.answer_bytes += len(response.body)
        if fetcher.assembled.answer_bytes > context.limits.max_answer_bytes:
            raise UnusableAnswerError(UNAVAILABLE, "all answers together are too large")
        answer = read_answer(response, has_any_numbers=node.node.has_any_numbers)
        is_ok = not answer.errors
    except HttpClientError as error:
        code = UNUSABLE if isinstance(error, HttpProtocolError) else UNAVAILABLE
        raise UnusableAnswerError(code, f"{error.code}: {error}") from None
    finally:
        duration = loop.time() - started
        context.recorder.on_fetch_end(subgraph, node.node.id, duration, ok=is_ok)
    return answer
