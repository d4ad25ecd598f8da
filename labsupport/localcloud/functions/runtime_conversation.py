"""What an environment and its runtime client say to each other: events go out, ends come back.

The client asks for the next event and waits; it answers, reports an error, ends, or lets the time run out.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from dataclasses import dataclass

from .runtime_api import Delivery, RuntimeApi, TakeDelivery


class EndKind(enum.Enum):
    """How waiting for the runtime ended."""

    READY = enum.auto()
    ANSWERED = enum.auto()
    ERROR = enum.auto()
    INIT_ERROR = enum.auto()
    EXITED = enum.auto()
    TIMED_OUT = enum.auto()


@dataclass(frozen=True)
class End:
    """``payload`` is what the runtime posted; ``exit_status`` that of ``subprocess``."""

    kind: EndKind
    payload: bytes = b""
    content_type: str = "application/json"
    error_type: str = ""
    exit_status: int = 0


class RuntimeConversation:
    """One for each environment. ``on_idle`` is called when the runtime asks for an event while none is being handled."""

    def __init__(self, on_idle: Callable[[], None]) -> None:
        self._on_idle = on_idle
        self._loop = asyncio.get_running_loop()
        self._api: RuntimeApi | None = None
        self._waiting: asyncio.Future[End] | None = None
        self._take: TakeDelivery | None = None
        self._request_id: str | None = None
        self._open = False

    @property
    def asks(self) -> bool:
        """Whether the runtime waits for an event now."""
        return self._take is not None

    async def port(self) -> int:
        """The loopback port of the Runtime API, opened when first asked for."""
        if self._api is None:
            self._api = await RuntimeApi.open(self)
        return self._api.port

    def begin(self, request_id: str) -> None:
        """An invocation begins: only what names its id counts from now on."""
        self._request_id = request_id

    def finish(self) -> None:
        """No invocation is being handled."""
        self._request_id = self._waiting = None

    def runtime_starts(self) -> None:
        """A process is about to start; its requests are heard."""
        self._open = True
        self._waiting = self._loop.create_future()

    def runtime_ended(self, exit_status: int) -> None:
        """The process ended by itself."""
        self.hang_up()
        # What the runtime posted just before it ended may still be on its way through the event loop.
        self._loop.call_later(0.005, self._resolve, self._waiting, End(EndKind.EXITED, exit_status=exit_status))

    def hang_up(self) -> None:
        """The process is gone or is being killed: a request that still waits gets no event."""
        self._open = False
        self._drop_next()

    def deliver(self, delivery: Delivery) -> None:
        """Give the runtime, which asks for it, its next event."""
        assert self._take is not None
        self._waiting = self._loop.create_future()
        take, self._take = self._take, None
        take(delivery)

    async def end(self, seconds: float) -> End:
        """Wait for what comes first, at most ``seconds``."""
        waiting = self._waiting
        assert waiting is not None
        timer = self._loop.call_later(max(seconds, 0.0), self._resolve, waiting, End(EndKind.TIMED_OUT))
        try:
            return await waiting
        finally:
            timer.cancel()

    async def close(self) -> None:
        self.hang_up()
        if self._api:
            await self._api.close()

    def _drop_next(self) -> None:
        take, self._take = self._take, None
        if take is not None:
            take(None)

    @staticmethod
    def _resolve(waiting: asyncio.Future[End] | None, end: End) -> None:
        if waiting is not None and not waiting.done():
            waiting.set_result(end)

    # --- RuntimeListener ---------------------------------------------------------------------------------------

    def runtime_asks_next(self, take: TakeDelivery) -> None:
        """GET /invocation/next: the init phase is over, or the last invocation is."""
        self._drop_next()
        if not self._open:  # the request was still on its way when the process was killed
            take(None)
            return
        self._take = take
        if self._request_id is None:
            self._on_idle()
        else:
            self._resolve(self._waiting, End(EndKind.READY))

    def runtime_answers(self, request_id: str, payload: bytes, content_type: str) -> None:
        """POST /invocation/ID/response."""
        if self._request_id == request_id:
            self._resolve(self._waiting, End(EndKind.ANSWERED, payload, content_type))

    def runtime_reports_error(self, request_id: str, payload: bytes) -> None:
        """POST /invocation/ID/error."""
        if self._request_id == request_id:
            self._resolve(self._waiting, End(EndKind.ERROR, payload))

    def runtime_reports_init_error(self, payload: bytes, error_type: str) -> None:
        """POST /init/error."""
        try:
            payload.decode()
        except UnicodeDecodeError:
            # From python3.12 on the client posts an init error as Latin-1 bytes; JSON readers expect UTF-8.
            payload = payload.decode("latin-1").encode()
        self._resolve(self._waiting, End(EndKind.INIT_ERROR, payload, error_type=error_type))
