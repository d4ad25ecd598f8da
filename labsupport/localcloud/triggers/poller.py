"""The frame of every poller: begun and ended for a mapping, given what it needs, started again after a fault.

A kind of event source (queue, stream) is one subclass of ``Poller``; ``Pollers`` is given one maker for each service.
"""

from __future__ import annotations

import abc
import asyncio
import contextlib
import sys
import traceback
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..access import Access
from ..control_plane import MotoControlPlane
from ..functions import recursion
from ..functions.engine import Engine
from ..functions.specification import FunctionSpecification, Invocation, InvocationOutcome
from ..lambda_api.api import LambdaApi
from ..usage import Usage
from .mapping import EventSourceMapping

#: After a fault of the lab's own a poller begins anew; the fault is printed.
_RESTART_SECONDS = 1.0


@dataclass(frozen=True)
class Surroundings:
    """What pollers work with. ``time_scale`` shortens waits of AWS, never durations that are measured."""

    engine: Engine
    lambda_api: LambdaApi
    moto: MotoControlPlane
    access: Access
    time_scale: float
    #: On AWS a poller's requests to a queue are on the bill.
    usage: Usage = field(default_factory=Usage)

    async def specification(self, mapping: EventSourceMapping) -> FunctionSpecification:
        """The function that the mapping names, as it is now. Raises FunctionNotFound and FunctionNotReady."""
        return await self.engine.specification(mapping.region, mapping.function_name, mapping.qualifier)

    async def invoke(
        self,
        mapping: EventSourceMapping,
        specification: FunctionSpecification,
        payload: bytes,
        trace: str | None,
        request_id: str | None = None,
    ) -> InvocationOutcome:
        """Run the function with one batch. ``trace`` is the X-Ray header of a message or record in it.

        It takes a place as queued events do: the last ones are left to callers who wait for an answer. Raises Throttled
        and RecursionStopped.
        """
        arn = f"{specification.arn}:{mapping.qualifier}" if mapping.qualifier else specification.arn
        invocation = Invocation(
            request_id=request_id or str(uuid.uuid4()),
            invoked_function_arn=arn,
            payload=payload,
            trace_id=recursion.next_trace(trace, specification.arn),
        )
        return await self.engine.invoke(specification, invocation, asynchronous=True)


class Poller(abc.ABC):
    """Polls for one mapping until it is ended. A subclass writes ``run``; ``mapping`` is always the newest settings."""

    def __init__(self, mapping: EventSourceMapping, surroundings: Surroundings) -> None:
        self.mapping = mapping
        self.surroundings = surroundings
        self.ending = False
        self._woken = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run_until_ended())

    @abc.abstractmethod
    async def run(self) -> None:
        """Poll until ``ending`` is true, then wait for running batches and return. Cancelled when the cloud closes."""

    def update(self, mapping: EventSourceMapping) -> None:
        """New settings of the same mapping: the next batch obeys them."""
        self.mapping = mapping
        self.wake()

    def wake(self) -> None:
        """Something happened: end the wait in ``sleep``, or the next one if nobody waits now."""
        self._woken.set()

    async def sleep(self, seconds: float | None) -> None:
        """Wait until woken, at most ``seconds``; None is without limit. Returns at once when woken since the last."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)
        self._woken.clear()

    async def end(self) -> None:
        """Take nothing new; returns when running batches have ended."""
        self.ending = True
        self.wake()
        await asyncio.wait([self._task])

    async def cancel(self) -> None:
        """The cloud closes: stop at once."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run_until_ended(self) -> None:
        while not self.ending:
            try:
                await self.run()
            except Exception:
                traceback.print_exc(file=sys.stderr)
                await self.sleep(_RESTART_SECONDS)


Maker = Callable[[EventSourceMapping, Surroundings], Poller]


class Pollers:
    """All pollers of one cloud, by the mapping's uuid. ``makers`` has one entry for each service (``sqs`` …)."""

    def __init__(self, surroundings: Surroundings, makers: Mapping[str, Maker]) -> None:
        self._surroundings = surroundings
        self._makers = makers
        self._running: dict[str, Poller] = {}

    def begin(self, mapping: EventSourceMapping) -> None:
        """Poll for an enabled mapping; one of the same ``uuid`` that already runs goes on with the new settings.

        A service without a poller is passed over: its mappings exist and do nothing.
        """
        running = self._running.get(mapping.uuid)
        if running is not None and not running.ending:
            running.update(mapping)
        elif maker := self._makers.get(mapping.service):
            self._running[mapping.uuid] = maker(mapping, self._surroundings)

    async def end(self, uuid: str) -> None:
        """Stop polling for a mapping; returns when its running batches have ended."""
        poller = self._running.get(uuid)
        if poller is not None:
            await poller.end()
            if self._running.get(uuid) is poller:
                del self._running[uuid]

    def wake(self, source_arn: str) -> None:
        """Something happened at this queue or stream."""
        for poller in self._running.values():
            if poller.mapping.source_arn == source_arn:
                poller.wake()

    async def close(self) -> None:
        """Stop all at once; what was not processed stays where it is."""
        pollers, self._running = list(self._running.values()), {}
        await asyncio.gather(*(poller.cancel() for poller in pollers))
