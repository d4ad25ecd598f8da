"""The Lambda API of one cloud: from an HTTP request to an operation and back; and what the engine asks of it."""

from __future__ import annotations

import asyncio
import importlib
import json
import pkgutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ..functions.code_store import CodeStore
from ..functions.specification import FunctionNotReady, FunctionSpecification
from ..triggers.mapping import EventSourceMapping
from . import constraints, errors, layers, wire
from .errors import LambdaError
from .names import parse_function_name
from .operations import OPERATIONS, Call
from .packages import ObjectSource, Packages
from .service_model import ServiceModel
from .store import LATEST, Store
from .wire import Answer

for _module in pkgutil.iter_modules([str(Path(__file__).parent)]):  # each registers its operations
    importlib.import_module(f"{__package__}.{_module.name}")


class Neighbours(ObjectSource, Protocol):
    """What the control plane asks of IAM and S3."""

    async def role_trust_policy(self, role_arn: str) -> dict[str, Any] | None:
        """The trust policy of a role, or None when there is no such role."""

    async def resource_exists(self, arn: str) -> bool:
        """Whether a queue, topic, event bus or bucket of this ARN exists."""

    async def event_source(self, arn: str) -> dict[str, Any] | None:
        """A queue (``visibility_timeout`` in seconds) or a stream (nothing more); None when there is none."""


class RoleAccess(Protocol):
    """What execution roles may do."""

    async def role_allows(self, role_arn: str, action: str, resource: str) -> bool:
        """Whether the role's policies allow the action on the resource."""


class Environments(Protocol):
    """The engine, as the control plane sees it."""

    async def forget_function(self, region: str, name: str) -> None:
        """The function was deleted: its environments end."""

    async def provision(self, specification: FunctionSpecification, amount: int) -> int:
        """Keep so many environments of a version initialised; returns how many are."""

    def reserve(self, region: str, name: str, amount: int | None) -> None:
        """The function's reserved concurrency; None when it has none."""


class Pollers(Protocol):
    """What runs event source mappings."""

    def begin(self, mapping: EventSourceMapping) -> None:
        """Poll for an enabled mapping, or go on with new settings of the one with its ``uuid``."""

    async def end(self, uuid: str) -> None:
        """Stop polling; returns when running batches have ended."""


class LambdaApi:
    """One per cloud; ``handle`` for requests, the rest for the engine and the pollers. ``environments``, ``access`` and ``pollers`` are set by the
    server after construction; without ``access`` every role may do everything.

    ``concurrency`` is the account's limit of concurrent executions, ``time_scale`` shortens the time that a function
    is Pending or being updated.
    """

    def __init__(
        self, neighbours: Neighbours, folder: Path, endpoint: str, concurrency: int, time_scale: float = 1.0
    ) -> None:
        self.neighbours = neighbours
        self.concurrency = concurrency
        self.time_scale = time_scale
        self.store = Store()
        self.packages = Packages(folder / "packages", CodeStore(folder / "code"), neighbours, endpoint)
        self.environments: Environments | None = None
        self.access: RoleAccess | None = None
        self.pollers: Pollers | None = None
        self._model = ServiceModel.load()
        self._work: set[asyncio.Task[None]] = set()

    # --- for the front door ------------------------------------------------------------------------------------

    async def handle(
        self,
        method: str,
        raw_path: str,
        query: Sequence[tuple[str, str]],
        headers: Mapping[str, str],
        body: bytes,
        region: str,
    ) -> Answer:
        """Answer one request of the Lambda API. ``raw_path`` is not decoded and has no query; header names of
        ``headers`` are found in any case. Never raises for what the caller sent."""
        request_id = str(uuid.uuid4())
        try:
            answer = await self._perform(method, raw_path, query, headers, body, region, request_id)
        except LambdaError as problem:
            answer = Answer(
                problem.status,
                json.dumps(problem.document).encode(),
                {"Content-Type": "application/json", "x-amzn-ErrorType": problem.code},
            )
        answer.headers["x-amzn-RequestId"] = request_id
        return answer

    async def _perform(
        self,
        method: str,
        raw_path: str,
        query: Sequence[tuple[str, str]],
        headers: Mapping[str, str],
        body: bytes,
        region: str,
        request_id: str,
    ) -> Answer:
        matched = self._model.match(method, raw_path, query)
        if matched is None:
            raise LambdaError(404, "UnknownOperationException", f"Lambda has no operation at {method} {raw_path}.")
        name = matched.operation.name
        constraints.check_size(name, len(body))
        parameters = wire.read_request(self._model, matched, query, headers, body)
        constraints.check(self._model, matched.operation, parameters)
        handler = OPERATIONS.get(name)
        if handler is None:
            raise errors.not_in_this_lab(f"the operation {name}")
        members = await handler(Call(self, name, region, parameters, request_id))
        return wire.write_answer(self._model, matched.operation, members)

    def keep(self, work: asyncio.Task[None]) -> None:
        """Hold a task that goes on after its request was answered; a fault in it is printed."""
        self._work.add(work)
        work.add_done_callback(self._work.discard)

    async def close(self) -> None:
        """End what still goes on."""
        for work in list(self._work):
            work.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)

    # --- for the engine and the pollers ------------------------------------------------------------------------

    async def specification(self, region: str, name: str, qualifier: str | None) -> FunctionSpecification | None:
        """What runs under this name and qualifier now, or None. Raises FunctionNotReady while it is being created."""
        function = self.store.region(region).functions.get(name)
        if function is None:
            return None
        version = function.resolve(qualifier)
        if version is not None and version.state != "Active":
            raise FunctionNotReady(version.state)
        return function.specification(qualifier)

    def revisions(self, region: str, name: str) -> set[str]:
        """Revisions of the function that may still be invoked."""
        function = self.store.region(region).functions.get(name)
        return function.revisions() if function else set()

    async def resource_policy(self, region: str, arn: str) -> str | None:
        """The resource policy of a function, version or alias as JSON text; None when it has none."""
        named = parse_function_name(arn)
        function = self.store.region(region).functions.get(named.name) if named else None
        policy = function.policies.get(named.qualifier or LATEST) if named and function else None
        return policy.text() if policy else None

    def mapping_processed(self, uuid: str, result: str) -> None:
        """What became of the last batch of an event source mapping: ``OK`` or ``PROBLEM: …`` (LastProcessingResult).
        AWS tells of a queue's mapping nothing while all is well."""
        for region in self.store:
            mapping = region.mappings.get(uuid)
            if mapping is not None:
                mapping.last_processing_result = None if (mapping.service, result) == ("sqs", "OK") else result

    async def layer(self, region: str, arn: str) -> bytes | None:
        """The zip of a layer version, also of one that was deleted after a function took it; None when unknown."""
        sha256 = layers.package_of(self.store, arn)
        return None if sha256 is None else await self.packages.content(sha256)
