"""All triggers of one cloud: started and ended together."""

from __future__ import annotations

from ..access import Access
from ..control_plane import MotoControlPlane
from ..functions.engine import Engine
from ..lambda_api.api import LambdaApi
from ..usage import Usage
from .mapping import EventSourceMapping
from .poller import Maker, Pollers, Surroundings
from .push import Push
from .pushes import Pushes
from .queues import QueuePoller
from .s3 import S3Notifications
from .streams import Checkpoints, StreamPoller


class Triggers:
    """One per cloud. ``time_scale`` shortens waits of AWS (poll intervals, schedules' minutes, retry delays)."""

    def __init__(
        self,
        engine: Engine,
        lambda_api: LambdaApi,
        moto: MotoControlPlane,
        access: Access,
        time_scale: float,
        usage: Usage,
    ) -> None:
        self._engine = engine
        self._lambda_api = lambda_api
        self._moto = moto
        self._access = access
        self._time_scale = time_scale
        checkpoints: Checkpoints = {}
        #: One for each service that is polled.
        makers: dict[str, Maker] = {
            "sqs": QueuePoller,
            "dynamodb": lambda mapping, surroundings: StreamPoller(mapping, surroundings, checkpoints),
        }
        self._pollers = Pollers(Surroundings(engine, lambda_api, moto, access, time_scale, usage), makers)
        moto.on("queue", lambda notice: self._pollers.wake(notice["arn"]))
        moto.on("stream", lambda notice: self._pollers.wake(notice["arn"]))
        #: For services that push: permission and asynchronous invocation.
        self.push = Push(engine, lambda_api.store)
        #: SNS, EventBridge and CloudWatch Logs.
        self.pushes = Pushes(self.push, lambda_api, moto, access, time_scale)
        #: The front door asks it about ``?notification`` of buckets.
        self.s3 = S3Notifications(self.push, moto, access)

    # --- for the Lambda API: event source mappings -------------------------------------------------------------

    def begin(self, mapping: EventSourceMapping) -> None:
        """Poll for a mapping that is enabled; one of the same ``uuid`` that already runs goes on with the new settings."""
        self._pollers.begin(mapping)

    async def end(self, uuid: str) -> None:
        """Stop polling for a mapping; returns when its running batches have ended."""
        await self._pollers.end(uuid)

    # --- life --------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """End everything; what was not processed stays where it is."""
        await self._pollers.close()
        await self.pushes.close()
        await self.push.close()
        await self.s3.close()
