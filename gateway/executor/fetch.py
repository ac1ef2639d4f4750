"""Carry out one fetch node: build the request, send it, put the answer into the tree."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import repeat
from typing import Any, Final

import structlog

from gateway.exact_json import write_json
from gateway.executor.answer import Answer
from gateway.executor.compile import CompiledCall, CompiledNode, CompiledOperation
from gateway.executor.compile_shapes import Missing
from gateway.executor.compile_targets import Known, Walked
from gateway.executor.context import ExecutionContext
from gateway.executor.faults import UNUSABLE, Fault, Faults
from gateway.executor.guard import Guard, Masks
from gateway.executor.merge_answers import Moves, copy_value, give_all, merge_into, tell
from gateway.executor.missing_fields import (
    Lacking,
    lacking_in_entities,
    lacking_in_roots,
    place_missing,
)
from gateway.executor.place_faults import (
    code_of,
    find_fault,
    first_step,
    is_consequence,
    miss_null_roots,
    place_inside,
    place_root_error,
)
from gateway.executor.split_contexts import Values, values_around
from gateway.planner.selection import holds

_log: Final = structlog.get_logger(__name__)

Objects = list[tuple[int, dict[str, Any]]]
"""Objects that one representation stands for, each with the number of its target."""


@dataclass(slots=True)
class Assembled:
    """What all fetches of one execution brought.

    Attributes:
        extensions: `extensions` of each subgraph response that had some.
        fetches: requests sent.
        answer_bytes: size of all answers.
        is_plain: each object that can have a subject has exactly one.
    """

    root: dict[str, Any] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    extensions: list[dict[str, Any]] = field(default_factory=list)
    fetches: int = 0
    answer_bytes: int = 0
    subjects: set[str] = field(default_factory=set)
    is_plain: bool = True


@dataclass(slots=True)
class Request:
    """A request ready to be sent, and where its entities go.

    Attributes:
        roots: objects that root fields go to.
        representations_as_sent: of each place, for requests that are split.
    """

    body: bytes
    places: list[tuple[CompiledCall, list[Objects], list[frozenset[str] | None]]]
    representations: int
    roots: list[dict[str, Any]]
    representations_as_sent: list[list[bytes]] = field(default_factory=list)


class Fetcher:
    """The fetches of one execution."""

    def __init__(
        self,
        compiled: CompiledOperation,
        variables: Mapping[str, Any],
        context: ExecutionContext,
        guard: Guard,
    ) -> None:
        self.compiled = compiled
        self.variables = variables
        self.context = context
        self.guard = guard
        self.assembled = Assembled()
        self.masks = Masks(guard)
        self._known = Known()

    def find(self, node: CompiledNode) -> list[Walked]:
        """Where the objects of a node's targets are, in their order."""
        root = self.assembled.root
        walks = [target.walk for call in node.calls for target in call.targets]
        return [walk.find(root, self._known) for walk in (*walks, *node.targets)]

    def build(
        self, node: CompiledNode, walked: Iterable[Walked], masks: Masks | None
    ) -> Request | None:
        """The request of a node; None if nothing is to be asked.

        Args:
            walked: what `find` gave.
            masks: for a node with needs, once decisions about all subjects seen are loaded.
        """
        if not holds(node.node.conditions, self.variables):
            return None
        if node.is_constant:
            return Request(node.body_start + b"}", [], 0, [self.assembled.root])
        in_order = iter(walked)
        sent: list[list[bytes]] = []
        places = []
        count = 0
        for call in node.calls:
            bodies, objects, lost = self._represent(call, in_order, masks)
            count += len(bodies)
            places.append((call, objects, lost))
            sent.append(bodies)
        if node.calls and count == 0:
            return None
        roots = [self.assembled.root]
        if node.targets:
            granted = [each.granted(self.assembled.root, masks) for each in in_order]
            roots = [one for by_type in granted for _, found in by_type for one in found]
            if not roots:
                return None
        body = self._body(node, sent)
        return Request(body, places, count, roots, sent)

    def split(self, node: CompiledNode, request: Request) -> list[Request]:
        """One request for each context in which entities stand; one at all where none matters."""
        if not node.node.contexts:
            return [request]
        sources = dict(node.node.contexts)
        (call, objects, lost), (sent,) = request.places[0], request.representations_as_sent
        (target,) = call.call.targets
        around = values_around(self.assembled.root, target, sources.values())
        split: dict[Values, dict[int, Objects]] = {}
        for number, stands_for in enumerate(objects):
            for target_number, one in stands_for:
                values = around.get(id(one), (b"null",) * len(sources))
                split.setdefault(values, {}).setdefault(number, []).append((target_number, one))
        requests = []
        for values, entities in split.items():
            part = [sent[number] for number in entities]
            places = [(call, list(entities.values()), [lost[number] for number in entities])]
            body = self._body(node, [part], zip(sources, values, strict=True))
            requests.append(Request(body, places, len(part), request.roots))
        return requests

    def _body(
        self,
        node: CompiledNode,
        sent: list[list[bytes]],
        contexts: Iterable[tuple[str, bytes]] = (),
    ) -> bytes:
        parts = [
            b'"' + call.call.variable.encode() + b'":[' + b",".join(bodies) + b"]"
            for call, bodies in zip(node.calls, sent, strict=True)
        ]
        parts += [b'"' + name.encode() + b'":' + value for name, value in contexts]
        for variable in node.node.variables:
            if variable in self.variables:
                value = write_json(self.variables[variable])
                parts.append(b'"' + variable.encode() + b'":' + value)
        for variable, conditions in node.node.computed:
            value = b"true" if holds(conditions, self.variables) else b"false"
            parts.append(b'"' + variable.encode() + b'":' + value)
        end = b',"variables":{' + b",".join(parts) + b"}}" if parts else b"}"
        return node.body_start + end

    def _represent(
        self, call: CompiledCall, walked: Iterator[Walked], masks: Masks | None
    ) -> tuple[list[bytes], list[Objects], list[frozenset[str] | None]]:
        """Equal representations once; what each stands for; what is to be left out of each."""
        numbers: dict[bytes, int] = {}
        objects: list[Objects] = []
        lost: list[frozenset[str] | None] = []
        is_asked = holds(call.call.conditions, self.variables)
        for target_number, (target, places) in enumerate(zip(call.targets, walked, strict=False)):
            if not is_asked:
                continue
            without: list[dict[str, Any]] = []
            granted = places.granted(self.assembled.root, masks)
            for representer, (_, found) in zip(target.representers, granted, strict=True):
                for representation, missing, ones in representer.represent(found, without):
                    dumped = write_json(representation)
                    number = numbers.get(dumped)
                    if number is None:
                        number = numbers[dumped] = len(objects)
                        objects.append([])
                        lost.append(missing)
                    objects[number].extend(zip(repeat(target_number), ones, strict=False))
            if without and self.assembled.faults:
                self._carry_over(call, target_number, without)
        return list(numbers), objects, lost

    def _carry_over(
        self,
        call: CompiledCall,
        target_number: int,
        objects: list[dict[str, Any]],
        keys: Collection[str] | None = None,
    ) -> None:
        """Let a fault that lost a key or a required value explain the fields lost with it."""
        faults = self.assembled.faults
        inputs = [
            one
            for entity in call.call.targets[target_number].types
            for one in (*entity.keys, *(required.field for required in entity.requires))
        ]
        for holder in objects:
            fault = find_fault(faults, holder, inputs)
            if fault is not None:
                faults.place(fault, [holder], call.keys if keys is None else keys)

    def absorb(self, node: CompiledNode, request: Request, answer: Answer) -> None:
        """Put an answer into the tree."""
        if answer.extensions is not None:
            self.assembled.extensions.append(answer.extensions)
        data = answer.data or {}
        if node.changes_places:
            self._known.clear()
        if node.clean_root is not None:
            missing: Missing = []
            node.clean_root([data], self.variables, missing)
            for found in answer.errors:
                place_root_error(
                    self.assembled.faults,
                    self._fault(node, found),
                    found.get("path"),
                    data,
                    request.roots,
                    node.root_keys,
                )
            self._place_missing(node, lacking_in_roots(missing, data, request.roots))
            miss_null_roots(self.assembled.faults, node.node.root_shape, data, request.roots)
            moves: Moves | None = [] if answer.errors or missing else None
            for number, one in enumerate(request.roots):
                merge_into(one, copy_value(data) if number else data, moves)
            self.assembled.faults.follow(moves or ())
            return
        by_alias = {call.call.alias: objects for call, objects, _ in request.places}
        lacking: Lacking = []
        usable = [
            (call, self._usable(node, call, data.get(call.call.alias), place, answer, lacking))
            for call, *place in request.places
        ]
        losses = {call.call.alias: lost for call, _, lost in request.places}
        for found in answer.errors:
            if is_consequence(found, losses):
                self._fault(node, found)  # for the log; clients are told what was lost before
            else:
                self._place_entity_error(node, found, data, by_alias)
        self._place_missing(node, lacking)
        is_shared = not self.compiled.has_contexts
        for call, entities in usable:
            faults = self.assembled.faults
            give_all(entities, faults, is_flat=call.is_flat, is_shared=is_shared)

    def _usable(
        self,
        node: CompiledNode,
        call: CompiledCall,
        entities: Any,
        place: Any,
        answer: Answer,
        lacking: Lacking,
    ) -> list[tuple[dict[str, Any], Objects]]:
        """Entities that are what was asked for, cleaned, each with the objects it is given to.

        What they lack is added to `lacking`.
        """
        objects, lost = place
        if not objects:
            return []
        if not isinstance(entities, list) or len(entities) != len(objects):
            if entities is not None or not answer.errors:
                fault = self.note_failure(node, UNUSABLE, "a wrong number of entities")
                self._fail_objects(fault, call, objects)
            return []
        faults, usable = self.assembled.faults, []
        told_types = [
            one.pop("__typename", None) if one.__class__ is dict else None for one in entities
        ]
        missing: Missing = []
        cleaned = [one for one in entities if one.__class__ is dict]
        call.clean(cleaned, self.variables, missing)
        lacking += lacking_in_entities(missing, entities, objects, lost)
        for number, entity in enumerate(entities):
            if entity is None:
                continue
            if entity.__class__ is not dict:
                fault = self.note_failure(node, UNUSABLE, "an entity is not an object")
                faults.place(fault, [one for _, one in objects[number]], call.keys)
                continue
            if call.call.tells and not tell(told_types[number], call.call.tells, objects[number]):
                fault = self.note_failure(node, UNUSABLE, "an entity is of an unknown type")
                faults.place(fault, [one for _, one in objects[number]], call.keys)
                continue
            keys = lost[number]
            if keys is not None:
                for key in keys:
                    entity.pop(key, None)
                for target_number, one in objects[number]:
                    self._carry_over(call, target_number, [one], keys)
            usable.append((entity, objects[number]))
        return usable

    def _place_missing(self, node: CompiledNode, lacking: Lacking) -> None:
        failed = partial(self.note_failure, node, UNUSABLE, "fields are missing")
        place_missing(self.assembled.faults, lacking, failed)

    def _place_entity_error(
        self,
        node: CompiledNode,
        found: dict[str, Any],
        data: dict[str, Any],
        by_alias: dict[str, list[Objects]],
    ) -> None:
        fault = self._fault(node, found)
        faults = self.assembled.faults
        path = found.get("path")
        if isinstance(path, list) and len(path) > 1 and path[0] in by_alias:
            objects, index = by_alias[path[0]], path[1]
            if isinstance(index, int) and 0 <= index < len(objects):
                stands_for = [one for _, one in objects[index]]
                keys = next(call.keys for call in node.calls if call.call.alias == path[0])
                rest = path[2:]
                entities = data.get(path[0])
                entity = entities[index] if isinstance(entities, list) else None
                if not rest or rest[0] not in keys:
                    faults.place(fault, stands_for, keys)
                elif not isinstance(entity, dict):
                    faults.place(fault, stands_for, keys, rest)
                elif entity.get(rest[0]) is None or not place_inside(faults, fault, rest, entity):
                    faults.place(fault, stands_for, [rest[0]], rest)
                return
        for call in node.calls:
            entities = data.get(call.call.alias)
            if entities is None:
                self._fail_objects(fault, call, by_alias[call.call.alias])
                return
        faults.unplaced.append(fault)

    def lose(self, node: CompiledNode, request: Request, errors: list[dict[str, Any]]) -> None:
        """Note that an answer has no data; the first error that says where stands for it all."""
        keys = node.root_keys
        located = (one for one in errors if first_step(one) in keys)
        found = next(located, errors[0])
        fault = self._fault(node, found)
        if first_step(found) in keys:
            fault.path = tuple(one for one in found["path"] if one.__class__ in (str, int))
            self.assembled.faults.place(fault, request.roots, keys, found["path"])
            for other in errors:
                step = first_step(other)
                if other is not found and step is not None and step in keys:
                    another = self._fault(node, other)
                    self.assembled.faults.place(another, request.roots, [step], other["path"])
        self.fail(node, request, fault)

    def fail(self, node: CompiledNode, request: Request, fault: Fault) -> None:
        """Note that nothing of a node could be had."""
        if node.clean_root is not None:
            self.assembled.faults.miss(fault, node.node.root_shape, request.roots, node.root_keys)
        for call, objects, _ in request.places:
            self._fail_objects(fault, call, objects)

    def _fail_objects(self, fault: Fault, call: CompiledCall, objects: list[Objects]) -> None:
        holders = [one for stands_for in objects for _, one in stands_for]
        self.assembled.faults.miss(fault, call.call.shape, holders, call.keys)

    def _fault(self, node: CompiledNode, found: dict[str, Any]) -> Fault:
        code = code_of(found, self.context.passed_codes)
        return self.note_failure(node, code, "the subgraph reported an error", found)

    def note_failure(
        self, node: CompiledNode, code: str, reason: str, found: dict[str, Any] | None = None
    ) -> Fault:
        """Log the cause with the correlation id; the fault knows only the code."""
        extensions = found.get("extensions") if found is not None else None
        _log.warning(
            "subgraph_failure",
            subgraph=node.node.subgraph,
            node=node.node.id,
            code=code,
            reason=reason,
            subgraph_code=extensions.get("code") if isinstance(extensions, dict) else None,
            subgraph_path=found.get("path") if found is not None else None,
            correlation_id=self.context.correlation_id,
        )
        return Fault(code)
