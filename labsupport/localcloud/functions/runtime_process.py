"""The process of an execution environment: how it ends, is frozen, is killed, and what memory it uses."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from . import limits
from .memory import Usage, children, end_strays, family, usage

#: bwrap inside, and Python.
_PROCESSES_WITH_SANDBOX = 2
_EXIT_WAIT_SECONDS = 1.0
_EXIT_CHECK_SECONDS = 0.0025


class RuntimeProcess:
    """A started process and its children.

    ``memory_limit`` is in bytes; ``log_stream`` is that of its environment. ``on_exit(process, status)`` is called once,
    in the event loop, when it ends by itself, and not after ``kill``; ``status`` is that of ``subprocess``: negative for
    a signal.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        sandboxed: bool,
        memory_limit: int,
        log_stream: str,
        on_exit: Callable[[RuntimeProcess, int], None],
    ) -> None:
        self.pid = process.pid
        self.killed_for_memory = False
        self._process = process
        self._sandboxed = sandboxed
        self._memory_limit = memory_limit
        self._log_stream = log_stream
        self._on_exit = on_exit
        self._loop = asyncio.get_running_loop()
        self._process_fd: int | None = None
        self._over = False
        self._frozen = False
        self._usage = Usage()
        self._inside = 0
        self._peak_memory = 0
        self._looked = 0.0
        self._watch_exit()

    async def kill(self) -> None:
        """End the process and all of its group; returns when it is gone."""
        self._over = True
        self._signal_group(signal.SIGKILL)
        self._forget_process_fd()
        waited = 0.0
        while self._process.poll() is None and waited < _EXIT_WAIT_SECONDS:
            await asyncio.sleep(_EXIT_CHECK_SECONDS)
            waited += _EXIT_CHECK_SECONDS
        if not self._sandboxed:
            await asyncio.to_thread(end_strays, self._log_stream)

    def freeze(self) -> None:
        """Stop it until the next event, as Lambda does between invocations."""
        if sys.platform == "linux" and not self._frozen:
            self._frozen = True
            self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        if self._frozen:
            self._frozen = False
            self._signal_all(signal.SIGCONT)

    def pause(self) -> None:
        """Take it off the CPU for a moment, within an invocation."""
        if not self._over:
            self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        if not self._over:
            self._signal_all(signal.SIGCONT)

    def watch(self) -> None:
        """Look at what it uses now, and kill it when that is more than it may have."""
        if self._over or self.killed_for_memory:
            return
        self._look_at_usage()
        # The kernel limits the number of processes (RLIMIT_NPROC), but not root's and not without a sandbox.
        if self._usage.memory > self._memory_limit or self._usage.tasks > limits.PROCESSES + _PROCESSES_WITH_SANDBOX:
            self.killed_for_memory = self._usage.memory > self._memory_limit
            self._signal_group(signal.SIGKILL)

    def peak_memory(self, within_seconds: float = 0.1) -> int:
        """Bytes: the most that was seen so far, looked up when the last look was not ``within_seconds``."""
        # Asking the kernel costs as much as a warm invocation.
        if not self._over and time.monotonic() - self._looked > within_seconds:
            self._look_at_usage()
        return self._peak_memory

    def _look_at_usage(self) -> None:
        self._looked = time.monotonic()
        self._usage = usage(self._innermost(), self._memory_limit)
        self._peak_memory = max(self._peak_memory, self._usage.memory)

    def _innermost(self) -> int:
        """The process whose family is the function's: within a sandbox its first process (bwrap, the parent also of
        daemons), else the runtime itself. What the sandbox outside it uses is none of the function's business."""
        if not self._sandboxed or self._inside:
            return self._inside or self.pid
        inner = children(self.pid)
        if len(inner) == 1:
            self._inside = inner[0]
        return self._inside or self.pid

    def _watch_exit(self) -> None:
        if hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):
                self._process_fd = os.pidfd_open(self.pid)
                self._loop.add_reader(self._process_fd, self._look_for_exit)
                return
        self._loop.run_in_executor(None, self._process.wait).add_done_callback(lambda _: self._look_for_exit())

    def _look_for_exit(self) -> None:
        if self._process.poll() is None or self._over:
            return
        self._over = True
        self._forget_process_fd()
        if not self._sandboxed:  # children the function left behind; bubblewrap's end with it
            self._signal_group(signal.SIGKILL)
            self._loop.run_in_executor(None, end_strays, self._log_stream)
        status = self._process.returncode
        if self._sandboxed and 128 < status <= 128 + 64:
            status = 128 - status  # bwrap passes a signal on as 128 + its number, as a shell does
        self._on_exit(self, status)

    def _forget_process_fd(self) -> None:
        if self._process_fd is not None:
            self._loop.remove_reader(self._process_fd)
            os.close(self._process_fd)
            self._process_fd = None

    def _signal_all(self, number: signal.Signals) -> None:
        """To the group, and one by one to children seen that may have left it."""
        self._signal_group(number)
        if self._usage.processes > (_PROCESSES_WITH_SANDBOX if self._sandboxed else 1):
            for pid in family(self.pid):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)
