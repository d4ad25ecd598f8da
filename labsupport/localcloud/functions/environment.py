"""One execution environment: its phases, and what it says and answers of each invocation.

Life of an environment (Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle"): the init
phase has 10 seconds; if it fails, init runs again within the first invocation, where the function's timeout holds.
After a crash, an exit or a timeout the process starts anew with the next invocation ("suppressed init") while log
stream and /tmp stay. Between invocations the process is frozen.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from . import limits
from .cpu_share import CpuShare, share_of
from .environment_log import EnvironmentLog
from .log_levels import line_filter
from .platform_log import PlatformLog, Report
from .runtime_api import Delivery
from .runtime_conversation import End, EndKind, RuntimeConversation
from .runtime_process import RuntimeProcess
from .sandbox import Place, Sandbox
from .specification import FunctionSpecification, Invocation, InvocationOutcome
from .temporary_folder import TemporaryFolder
from .variables import environment_variables
from .verdict import init_verdict, verdict

#: A runtime comes back for its next event within milliseconds, however little is left of the function's timeout.
_FINISHING_SECONDS = 0.5

_CREDENTIALS_MARGIN_SECONDS = 300

#: Stopping a process and letting it go on costs more than a short invocation: one that is needed again at once is not
#: stopped. AWS does not say how soon it freezes an environment.
_FREEZE_AFTER_SECONDS = 0.05


#: Looking at three processes costs as much as a short invocation.
_UNWATCHED_SECONDS = 0.03
#: How old a figure of its memory may be at the end of a short invocation.
_MEMORY_READ_SECONDS = 0.1


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
        provisioned: bool = False,
    ) -> None:
        self.specification = specification
        #: Kept for provisioned concurrency: it does not retire when idle.
        self.provisioned = provisioned
        self.log_stream = new_stream_name(specification)
        self.idle_since = 0.0
        self.is_free = False
        #: Whether its process has yet to ask for its first event.
        self.starting = True
        self._host = host
        self._folder = folder
        #: Read by the moto process, which ends what a killed cloud leaves. Never names a process that has ended: its
        #: number may be somebody else's by then.
        self._process_group = folder / "process_group"
        storage = specification.ephemeral_storage
        self._tmp = TemporaryFolder(folder / "tmp", storage, host.sandbox.limits_tmp(storage))
        self._place = Place(task, opt, self._tmp)
        self._credentials = credentials
        self._notes = notes
        self._loop = asyncio.get_running_loop()
        self._initialization_type = "provisioned-concurrency" if provisioned else "on-demand"
        self._platform_log = PlatformLog(specification, self._initialization_type)
        self._log = EnvironmentLog(
            lambda events: host.deliver_log(specification, self.log_stream, events),
            host.undelivered_log_bytes,
            host.sandbox.visible_path(self._place),
            line_filter(specification.log_format, specification.application_log_level),
        )
        self._cpu = CpuShare(share_of(specification.memory_size)) if host.scaled_cpu else None
        self._runtime = RuntimeConversation(self._runtime_is_idle)
        self._process: RuntimeProcess | None = None
        self._current: Invocation | None = None
        self._began = 0.0
        self._first_init_done = False
        self._initialising = False
        self._killed_for_memory = False
        self._peak_memory = 0
        self._closed = False
        self._freezing: asyncio.TimerHandle | None = None
        self._end_of_finishing: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None

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
        return self._current is None and self._process is not None and not self._runtime.asks

    async def initialise(self) -> bool:
        """Run the init phase before there is an event. False when it failed; else the environment is free now."""
        self._first_init_done = self._initialising = True
        self._runtime.begin("init")
        ready = await self._first_init() is not None
        self._runtime.finish()
        self._initialising = False
        if ready:
            self._become_free()
        return ready

    async def invoke(self, invocation: Invocation) -> InvocationOutcome:
        """Run one event to its end. Never raises for what the function does."""
        self.is_free = False
        if self._freezing:
            self._freezing.cancel()
        self._current = invocation
        self._runtime.begin(invocation.request_id)
        self._began = time.monotonic()
        deadline = self._began + self.specification.timeout
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
            self._runtime.finish()
            if self._process is None or self._runtime.asks:
                self._become_free()
            else:
                remaining = max(_FINISHING_SECONDS, deadline - time.monotonic())
                self._end_of_finishing = self._loop.call_later(remaining, self._finishing_takes_too_long)

    async def close(self) -> None:
        """Kill the process, store the rest of the log, remove the environment's files."""
        if self._closed:
            return
        self._closed = True
        await self._kill()
        self._log.close_pipe()
        self._stop_finishing()
        await self._runtime.close()
        await self._tmp.close()
        await asyncio.to_thread(shutil.rmtree, self._folder, True)

    def watch(self) -> None:
        """Look at what the process uses; kill it when that is more memory than the function's MemorySize.

        An invocation shorter than the time between two looks is seen by none; its peak is read in the end.
        """
        if self._process and time.monotonic() - self._began > _UNWATCHED_SECONDS:
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
        if ended.kind is EndKind.READY:
            return milliseconds
        return None

    async def _run(self, invocation: Invocation, init_milliseconds: float | None) -> InvocationOutcome:
        await self._tmp.prepare()
        started = time.perf_counter()
        timeout = float(self.specification.timeout)
        suppressed_init: End | None = None
        if self._process is None:
            suppressed_init = await self._start_process(timeout)
            milliseconds = (time.perf_counter() - started) * 1000
            if suppressed_init.kind in (EndKind.INIT_ERROR, EndKind.EXITED):
                self._report_init(milliseconds, "invoke", suppressed_init)
        self._log.write_platform(self._platform_log.start(invocation.request_id))
        if suppressed_init is not None and suppressed_init.kind is not EndKind.READY:
            ended = suppressed_init
        else:
            remaining = timeout - (time.perf_counter() - started)
            ended = await self._dispatch(invocation, remaining)
        duration = (time.perf_counter() - started) * 1000
        return await self._finish(invocation, ended, duration, init_milliseconds)

    async def _dispatch(self, invocation: Invocation, seconds: float) -> End:
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
        self._runtime.deliver(Delivery(headers, invocation.payload))
        if self._cpu and self._process:
            self._cpu.begin(self._process)
        try:
            return await self._runtime.end(seconds)
        finally:
            if self._cpu:
                self._cpu.end()

    async def _finish(
        self, invocation: Invocation, ended: End, duration: float, init_milliseconds: float | None
    ) -> InvocationOutcome:
        if ended.kind in (EndKind.ANSWERED, EndKind.ERROR) and self._used_too_much(duration):
            self._killed_for_memory = True
            await self._kill()
            ended = End(EndKind.EXITED)
        memory = self._memory_used()
        if ended.kind is EndKind.EXITED and self._killed_for_memory:
            memory = self.specification.memory_size
        timeout = float(self.specification.timeout)
        found = verdict(ended, invocation.request_id, timeout, self._killed_for_memory)
        if ended.kind in (EndKind.INIT_ERROR, EndKind.TIMED_OUT):
            await self._kill()
        if ended.kind is EndKind.TIMED_OUT:
            duration = max(duration, timeout * 1000.0)
        payload = self._show_paths(found.payload) if found.function_error else found.payload
        self._log.drain(to_the_end=True)
        self._log.end_line()
        produced = 0 if found.status else len(payload)
        report = Report(
            request_id=invocation.request_id,
            duration=duration,
            memory_size=self.specification.memory_size,
            max_memory_used=memory,
            init_duration=init_milliseconds,
            status=found.status,
            error_type=found.error_type,
        )
        lines = self._platform_log
        self._log.write_platform(
            lines.runtime_done(invocation.request_id, duration, produced, found.status, found.error_type),
            lines.end(invocation.request_id),
            lines.report(report),
        )
        return InvocationOutcome(
            payload=payload,
            content_type=ended.content_type if found.function_error is None else "application/json",
            function_error=found.function_error,
            executed_version=self.specification.version,
            log_tail=self._log.take_tail(),
            billed_duration=report.billed_duration,
            log_stream=self.log_stream,
        )

    def _report_init(self, milliseconds: float, phase: str, ended: End) -> None:
        status, error_type = init_verdict(ended, self._killed_for_memory)
        self._log.write_platform(self._platform_log.init_runtime_done(phase, status, error_type))
        self._log.write_platform(self._platform_log.init_report(milliseconds, phase, status, error_type))

    # --- the process -------------------------------------------------------------------------------------------

    async def _start_process(self, seconds: float) -> End:
        """Start the runtime and wait until it asks for its first event (READY), fails, exits, or time is up."""
        port = await self._runtime.port()
        variables = environment_variables(
            self.specification, self._credentials, self.log_stream, port, self._initialization_type
        )
        self._killed_for_memory = False
        self._peak_memory = 0
        self._runtime.runtime_starts()
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
        self._process_group.write_text(str(self._process.pid))
        self.starting = True
        try:
            ended = await self._runtime.end(seconds)
        finally:
            self.starting = False
        if self._process:
            self._tmp.hold(self._process.pid)
        if ended.kind is not EndKind.READY:
            await self._kill()
        return ended

    def _process_ended(self, process: RuntimeProcess, status: int) -> None:
        if self._process is not process:
            return
        self._process = None
        self._process_group.unlink(missing_ok=True)
        self._tmp.process_has_ended()
        self._killed_for_memory = process.killed_for_memory
        self._peak_memory = process.peak_memory()
        self._log.drain(to_the_end=True)
        self._runtime.runtime_ended(status)
        if self._current is None and not self._initialising:
            self._become_free()

    async def _kill(self) -> None:
        process, self._process = self._process, None
        self._runtime.hang_up()
        if process is not None:
            self._peak_memory = process.peak_memory()
            await process.kill()
            self._process_group.unlink(missing_ok=True)
            self._tmp.process_has_ended()
        self._log.close_pipe()

    def _runtime_is_idle(self) -> None:
        if not self._closed:
            self._become_free()

    def _finishing_takes_too_long(self) -> None:
        """The runtime answered, but never came back for another event within the function's timeout: start anew."""
        self._end_of_finishing = None
        if self.finishing and not self._closed:
            self._ending = self._loop.create_task(self._give_up())

    async def _give_up(self) -> None:
        await self._kill()
        if self._current is None:
            self._become_free()

    def _stop_finishing(self) -> None:
        if self._end_of_finishing:
            self._end_of_finishing.cancel()
            self._end_of_finishing = None

    def _become_free(self) -> None:
        self._stop_finishing()
        if self._closed or self.is_free:
            return
        self.is_free = True
        self.idle_since = time.monotonic()
        self._host.environment_is_free(self)
        if self.is_free and not self._closed and self._process:
            self._freezing = self._loop.call_later(_FREEZE_AFTER_SECONDS, self._freeze)

    def _freeze(self) -> None:
        if self.is_free and not self._closed and self._process:
            self._process.freeze()

    def _used_too_much(self, duration: float) -> bool:
        """Whether an invocation that came to its end had more memory than it may have before the watch saw it."""
        if self._process is None:
            return False
        peak = self._process.peak_memory(0.0 if duration > _UNWATCHED_SECONDS * 1000 else _MEMORY_READ_SECONDS)
        return peak > self.specification.memory_size << 20

    def _memory_used(self) -> int:
        """Whole MB, at most the configured size (a process just killed may have passed it)."""
        if self._process is not None:
            self._peak_memory = self._process.peak_memory()
        megabytes = -(-self._peak_memory // (1024 * 1024))
        return max(1, min(megabytes, self.specification.memory_size))

    def _show_paths(self, payload: bytes) -> bytes:
        shown = self._host.sandbox.visible_path(self._place)
        return payload.replace(shown[0].encode(), shown[1].encode()) if shown else payload
