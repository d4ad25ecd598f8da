"""One execution environment: its phases, and what it says and answers of each invocation.

Life of an environment (Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle"): the init
phase has 10 seconds; if it fails, init runs again within the first invocation, where the function's timeout holds.
After a crash, an exit or a timeout the process starts anew with the next invocation ("suppressed init") while log
stream and /tmp stay. Between invocations the process is frozen.
"""

from __future__ import annotations

import asyncio
import enum
import os
import secrets
import shutil
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from . import error_documents, limits
from .cpu_share import CpuShare, share_of
from .environment_log import EnvironmentLog
from .log_levels import line_filter
from .platform_log import PlatformLog, Report
from .runtime_api import Delivery, RuntimeApi, RuntimeGone
from .runtime_process import RuntimeProcess
from .sandbox import Place, Sandbox
from .specification import FunctionSpecification, Invocation, InvocationOutcome
from .temporary_folder import TemporaryFolder
from .variables import environment_variables

_CREDENTIALS_MARGIN_SECONDS = 300


class EnvironmentHost(Protocol):
    """What an environment needs of the engine."""

    sandbox: Sandbox
    lifeline_fd: int
    scaled_cpu: bool

    def deliver_log(self, specification: FunctionSpecification, stream: str, events: list[dict[str, object]]) -> None:
        """Store log events."""

    def undelivered_log_bytes(self) -> int:
        """How much log text waits to be stored."""

    def environment_is_free(self, environment: ExecutionEnvironment) -> None:
        """The environment can take its next invocation."""


class _End(enum.Enum):
    """How waiting for the runtime ended."""

    READY = enum.auto()
    ANSWERED = enum.auto()
    ERROR = enum.auto()
    INIT_ERROR = enum.auto()
    EXITED = enum.auto()
    TIMED_OUT = enum.auto()


@dataclass(frozen=True)
class _Signal:
    end: _End
    payload: bytes = b""
    content_type: str = "application/json"
    error_type: str = ""
    exit_status: int = 0


def new_stream_name(specification: FunctionSpecification) -> str:
    """A log stream name that no environment has had: date, version, 32 random hexadecimal digits."""
    return f"{datetime.now(UTC):%Y/%m/%d}/[{specification.version}]{secrets.token_hex(16)}"


class ExecutionEnvironment:
    """Made by the engine; ``await invoke(…)`` for one event after another; ``await close()`` in the end."""

    def __init__(
        self,
        host: EnvironmentHost,
        specification: FunctionSpecification,
        folder: Path,
        task: Path,
        opt: Path | None,
        credentials: dict[str, str],
        notes: tuple[str, ...] = (),
    ) -> None:
        self.specification = specification
        self.log_stream = new_stream_name(specification)
        self.idle_since = 0.0
        self.is_free = False
        self._host = host
        self._folder = folder
        storage = specification.ephemeral_storage
        self._tmp = TemporaryFolder(folder / "tmp", storage, host.sandbox.limits_tmp(storage))
        self._place = Place(task, opt, self._tmp)
        self._credentials = credentials
        self._notes = notes
        self._loop = asyncio.get_running_loop()
        self._platform_log = PlatformLog(specification)
        self._log = EnvironmentLog(
            lambda events: host.deliver_log(specification, self.log_stream, events),
            host.undelivered_log_bytes,
            host.sandbox.visible_path(self._place),
            line_filter(specification.log_format, specification.application_log_level),
        )
        self._cpu = CpuShare(share_of(specification.memory_size)) if host.scaled_cpu else None
        self._api: RuntimeApi | None = None
        self._process: RuntimeProcess | None = None
        self._signal: asyncio.Future[_Signal] | None = None
        self._next: asyncio.Future[Delivery] | None = None
        self._current: Invocation | None = None
        self._first_init_done = False
        self._killed_for_memory = False
        self._peak_memory = 0
        self._closed = False

    # --- the engine's side -------------------------------------------------------------------------------------

    @property
    def pid(self) -> int | None:
        """Process group of the running process, if there is one."""
        return self._process.pid if self._process else None

    def credentials_end_soon(self) -> bool:
        """The role's temporary credentials may end within an invocation: AWS does not let an environment live so long."""
        margin = self.specification.timeout + _CREDENTIALS_MARGIN_SECONDS
        return float(self._credentials.get("expires", "inf")) - time.time() < margin

    @property
    def busy(self) -> bool:
        """Whether an invocation runs now."""
        return self._current is not None

    @property
    def finishing(self) -> bool:
        """Whether the runtime has answered and has yet to ask for its next event."""
        return self._current is None and self._process is not None and self._next is None

    async def invoke(self, invocation: Invocation) -> InvocationOutcome:
        """Run one event to its end. Never raises for what the function does."""
        self.is_free = False
        self._current = invocation
        init_milliseconds: float | None = None
        try:
            if not self._first_init_done:
                self._first_init_done = True
                init_milliseconds = await self._first_init()
            else:
                self._log.begin_tail()
            return await self._run(invocation, init_milliseconds)
        finally:
            self._current = None
            self._signal = None
            if self._process is None:
                self._become_free()
            elif self._next is not None and not self._next.done():
                self._become_free()

    async def close(self) -> None:
        """Kill the process, store the rest of the log, remove the environment's files."""
        if self._closed:
            return
        self._closed = True
        await self._kill()
        self._log.close_pipe()
        if self._api:
            await self._api.close()
        await self._tmp.close()
        await asyncio.to_thread(shutil.rmtree, self._folder, True)

    def watch(self) -> None:
        """Look at what the process uses; kill it when that is more memory than the function's MemorySize."""
        if self._process:
            self._process.watch()
            self._tmp.hold(self._process.pid)

    # --- phases ------------------------------------------------------------------------------------------------

    async def _first_init(self) -> float | None:
        """The init phase: its milliseconds, or None when it failed and has to be repeated in the invocation."""
        self._log.write_platform(self._platform_log.init_start())
        for note in self._notes:
            self._log.write_platform(note)
        self._log.begin_tail()  # INIT_START is not part of LogType=Tail
        await self._tmp.prepare()
        started = time.perf_counter()
        ended = await self._start_process(limits.INIT_PHASE_SECONDS)
        milliseconds = (time.perf_counter() - started) * 1000
        self._report_init(milliseconds, "init", ended)
        if ended.end is _End.READY:
            return milliseconds
        return None

    async def _run(self, invocation: Invocation, init_milliseconds: float | None) -> InvocationOutcome:
        await self._tmp.prepare()
        started = time.perf_counter()
        timeout = float(self.specification.timeout)
        suppressed_init: _Signal | None = None
        if self._process is None:
            suppressed_init = await self._start_process(timeout)
            milliseconds = (time.perf_counter() - started) * 1000
            if suppressed_init.end in (_End.INIT_ERROR, _End.EXITED):
                self._report_init(milliseconds, "invoke", suppressed_init)
        self._log.write_platform(self._platform_log.start(invocation.request_id))
        if suppressed_init is not None and suppressed_init.end is not _End.READY:
            ended = suppressed_init
        else:
            remaining = timeout - (time.perf_counter() - started)
            ended = await self._dispatch(invocation, remaining)
        duration = (time.perf_counter() - started) * 1000
        return await self._finish(invocation, ended, duration, init_milliseconds)

    async def _dispatch(self, invocation: Invocation, seconds: float) -> _Signal:
        assert self._next is not None
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + seconds) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.invoked_function_arn,
            "Lambda-Runtime-Trace-Id": invocation.trace_id,
        }
        if invocation.client_context:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        if self._process:
            self._process.thaw()
        waiting = self._expect_signal()
        delivery, self._next = self._next, None
        delivery.set_result(Delivery(headers, invocation.payload))
        if self._cpu and self._process:
            self._cpu.begin(self._process)
        try:
            return await self._await_signal(waiting, seconds)
        finally:
            if self._cpu:
                self._cpu.end()

    async def _finish(
        self, invocation: Invocation, ended: _Signal, duration: float, init_milliseconds: float | None
    ) -> InvocationOutcome:
        function_error: str | None = "Unhandled"
        status: str | None = None
        error_type: str | None = None
        payload = ended.payload
        memory = self._memory_used()
        if ended.end is _End.ANSWERED:
            if len(payload) > limits.RESPONSE_PAYLOAD_BYTES:
                payload = error_documents.response_too_large()
            else:
                function_error = None
        elif ended.end is _End.INIT_ERROR:
            status, error_type = "error", ended.error_type
            await self._kill()
        elif ended.end is _End.TIMED_OUT:
            status = "timeout"
            duration = max(duration, self.specification.timeout * 1000.0)
            await self._kill()
            payload = error_documents.timed_out(invocation.request_id, float(self.specification.timeout))
        elif ended.end is _End.EXITED:
            status = "error"
            error_type = "Runtime.ExitError"
            exit_status = ended.exit_status
            if self._killed_for_memory:
                error_type, exit_status = "Runtime.OutOfMemory", -signal.SIGKILL
                memory = self.specification.memory_size
            payload = error_documents.exited(invocation.request_id, exit_status)
        if function_error:
            payload = self._show_paths(payload)
        self._log.drain(to_the_end=True)
        self._log.end_line()
        self._log.write_platform(
            self._platform_log.runtime_done(
                invocation.request_id, duration, len(payload) if status is None else 0, status, error_type
            )
        )
        self._log.write_platform(self._platform_log.end(invocation.request_id))
        report = Report(
            request_id=invocation.request_id,
            duration=duration,
            memory_size=self.specification.memory_size,
            max_memory_used=memory,
            init_duration=init_milliseconds,
            status=status,
            error_type=error_type,
        )
        self._log.write_platform(self._platform_log.report(report))
        return InvocationOutcome(
            payload=payload,
            content_type=ended.content_type if function_error is None else "application/json",
            function_error=function_error,
            executed_version=self.specification.version,
            log_tail=self._log.take_tail(),
            billed_duration=report.billed_duration,
            log_stream=self.log_stream,
        )

    def _report_init(self, milliseconds: float, phase: str, ended: _Signal) -> None:
        status, error_type = "error", None
        if ended.end is _End.READY:
            status = "success"
        elif ended.end is _End.TIMED_OUT:
            status = "timeout"
        elif self._killed_for_memory:
            error_type = "Runtime.OutOfMemory"
        else:
            error_type = ended.error_type if ended.end is _End.INIT_ERROR else "Runtime.ExitError"
        self._log.write_platform(self._platform_log.init_runtime_done(phase, status, error_type))
        self._log.write_platform(self._platform_log.init_report(milliseconds, phase, status, error_type))

    # --- the process -------------------------------------------------------------------------------------------

    async def _start_process(self, seconds: float) -> _Signal:
        """Start the runtime and wait until it asks for its first event (READY), fails, exits, or time is up."""
        if self._api is None:
            self._api = await RuntimeApi.open(self)
        variables = environment_variables(self.specification, self._credentials, self.log_stream, self._api.port)
        self._killed_for_memory = False
        self._peak_memory = 0
        waiting = self._expect_signal()
        log_fd = self._log.open_pipe()
        sandbox = self._host.sandbox
        try:
            process = sandbox.start(self._place, variables, log_fd, self._host.lifeline_fd)
        finally:
            os.close(log_fd)
        memory_limit = self.specification.memory_size * 1024 * 1024
        self._process = RuntimeProcess(
            process, sandbox.kind == "bwrap", memory_limit, self.log_stream, self._process_ended
        )
        (self._folder / "process_group").write_text(str(self._process.pid))
        ended = await self._await_signal(waiting, seconds)
        if self._process:
            self._tmp.hold(self._process.pid)
        if ended.end is not _End.READY:
            await self._kill()
        return ended

    def _process_ended(self, process: RuntimeProcess, status: int) -> None:
        if self._process is not process:
            return
        self._process = None
        self._tmp.process_has_ended()
        self._killed_for_memory = process.killed_for_memory
        self._peak_memory = process.peak_memory()
        self._drop_next()
        self._log.drain(to_the_end=True)
        # What the runtime posted just before it ended may still be on its way through the event loop.
        self._loop.call_later(0.005, self._resolve, self._signal, _Signal(_End.EXITED, exit_status=status))

    async def _kill(self) -> None:
        process, self._process = self._process, None
        self._drop_next()
        if process is not None:
            self._peak_memory = process.peak_memory()
            await process.kill()
            self._tmp.process_has_ended()
        self._log.close_pipe()

    def _drop_next(self) -> None:
        if self._next is not None and not self._next.done():
            self._next.set_exception(RuntimeGone())
            self._next.exception()  # nobody may be left to ask; that is no error
        self._next = None

    def _become_free(self) -> None:
        if self._closed or self.is_free:
            return
        self.is_free = True
        self.idle_since = time.monotonic()
        self._host.environment_is_free(self)
        if self.is_free and not self._closed:
            if self._process:
                self._process.freeze()

    def _memory_used(self) -> int:
        """Whole MB, at most the configured size (a process just killed may have passed it)."""
        if self._process is not None:
            self._peak_memory = self._process.peak_memory()
        megabytes = -(-self._peak_memory // (1024 * 1024))
        return max(1, min(megabytes, self.specification.memory_size))

    def _show_paths(self, payload: bytes) -> bytes:
        shown = self._host.sandbox.visible_path(self._place)
        return payload.replace(shown[0].encode(), shown[1].encode()) if shown else payload

    # --- waiting -----------------------------------------------------------------------------------------------

    def _expect_signal(self) -> asyncio.Future[_Signal]:
        self._signal = self._loop.create_future()
        return self._signal

    async def _await_signal(self, waiting: asyncio.Future[_Signal], seconds: float) -> _Signal:
        timer = self._loop.call_later(max(seconds, 0.0), self._resolve, waiting, _Signal(_End.TIMED_OUT))
        try:
            return await waiting
        finally:
            timer.cancel()

    @staticmethod
    def _resolve(waiting: asyncio.Future[_Signal] | None, ended: _Signal) -> None:
        if waiting is not None and not waiting.done():
            waiting.set_result(ended)

    # --- RuntimeListener ---------------------------------------------------------------------------------------

    async def runtime_asks_next(self) -> Delivery:
        """GET /invocation/next: the init phase is over, or the last invocation is."""
        self._drop_next()
        if self._closed or self._process is None:  # the request was still on its way when the process was killed
            raise RuntimeGone
        self._next = self._loop.create_future()
        if self._current is None:
            self._become_free()
        else:
            self._resolve(self._signal, _Signal(_End.READY))
        return await self._next

    def runtime_answers(self, request_id: str, payload: bytes, content_type: str) -> None:
        """POST /invocation/ID/response."""
        if self._current is not None and self._current.request_id == request_id:
            self._resolve(self._signal, _Signal(_End.ANSWERED, payload, content_type))

    def runtime_reports_error(self, request_id: str, payload: bytes) -> None:
        """POST /invocation/ID/error."""
        if self._current is not None and self._current.request_id == request_id:
            self._resolve(self._signal, _Signal(_End.ERROR, payload))

    def runtime_reports_init_error(self, payload: bytes, error_type: str) -> None:
        """POST /init/error."""
        try:
            payload.decode()
        except UnicodeDecodeError:
            # From python3.12 on the client posts an init error as Latin-1 bytes; JSON readers expect UTF-8.
            payload = payload.decode("latin-1").encode()
        self._resolve(self._signal, _Signal(_End.INIT_ERROR, self._show_paths(payload), error_type=error_type))
