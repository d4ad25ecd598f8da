"""Reads what one execution environment prints and turns it into log events, in the order written.

stdout, stderr and awslambdaric's framed log share one pipe. A frame is one event however many lines it has (so a
traceback stays whole, as in CloudWatch Logs); anything else is one event a line. Frame layout, big endian: type
(4 bytes, a55a00xx), length (4), time in microseconds (8), message; see FramedTelemetryLogSink in awslambdaric.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable

from . import limits

_MAGIC = b"\xa5\x5a\x00"
_HEADER_BYTES = 16
_READ_BYTES = 256 * 1024
#: A process without privileges can make a pipe as large as this (/proc/sys/fs/pipe-max-size).
_PIPE_BYTES = 1024 * 1024
#: A function may print the frame's first bytes itself; a frame longer than this is such output, not a frame.
_MAXIMUM_FRAME_BYTES = 64 * 1024 * 1024
#: Reading stops while this much waits to be stored: the function then blocks in its own write, memory stays flat.
_MAXIMUM_UNDELIVERED_BYTES = 16 * 1024 * 1024


class EnvironmentLog:
    """Log of one environment: the platform's lines and the function's output.

    ``deliver(events)`` takes a list of ``{"timestamp": ms, "message": text}``; ``keep(message)`` decides about what the
    function writes.
    """

    def __init__(
        self,
        deliver: Callable[[list[dict[str, object]]], None],
        undelivered_bytes: Callable[[], int],
        shown_path: tuple[str, str] | None,
        keep: Callable[[str], bool] | None = None,
    ) -> None:
        self._deliver = deliver
        self._undelivered_bytes = undelivered_bytes
        self._shown_path = shown_path
        self._keep = keep
        self._buffer = bytearray()
        self._line_was_cut = False
        self._tail: bytearray | None = None
        self._last_timestamp = 0
        self._read_fd: int | None = None
        self._loop = asyncio.get_running_loop()
        self._paused: asyncio.TimerHandle | None = None

    def open_pipe(self) -> int:
        """Make the pipe of a new process and read it from now on; returns the end to give away (close it after)."""
        self.close_pipe()
        self._read_fd, write_fd = os.pipe()
        os.set_blocking(self._read_fd, False)
        self._loop.add_reader(self._read_fd, self.drain)
        return write_fd

    def close_pipe(self) -> None:
        """Read what is left and let the pipe go."""
        if self._paused:
            self._paused.cancel()
            self._paused = None
        if self._read_fd is not None:
            self.drain(to_the_end=True)
            self._loop.remove_reader(self._read_fd)
            os.close(self._read_fd)
            self._read_fd = None
        self.end_line()

    def begin_tail(self) -> None:
        """From here on remember the last 4 KB, for LogType=Tail."""
        self._tail = bytearray()
        self._line_was_cut = False

    def take_tail(self) -> bytes:
        tail = bytes(self._tail or b"")[-limits.LOG_TAIL_BYTES :]
        self._tail = None
        # The cut may fall inside a character of several bytes; what is left of it would make the text unreadable.
        return tail.decode(errors="ignore").encode() if tail[:1] >= b"\x80" else tail

    def write_platform(self, *lines: str) -> None:
        """One event of the platform each; an empty line writes nothing."""
        self._emit([line for line in lines if line])

    def drain(self, to_the_end: bool = False) -> None:
        """Read all that is in the pipe now. What a function wrote before it answered is in the pipe by then, so the
        log is complete without waiting on a timer. Who goes on writing is read later: a pipe holds so much only."""
        if self._read_fd is None:
            return
        read = 0
        while read < _PIPE_BYTES:
            if not to_the_end and self._undelivered_bytes() > _MAXIMUM_UNDELIVERED_BYTES:
                self._pause()
                return
            try:
                chunk = os.read(self._read_fd, _READ_BYTES)
            except BlockingIOError:
                return
            if not chunk:
                self._loop.remove_reader(self._read_fd)
                return
            read += len(chunk)
            self._buffer += chunk
            self._emit_output(self._complete_messages())

    def _pause(self) -> None:
        if self._paused is None and self._read_fd is not None:
            self._loop.remove_reader(self._read_fd)
            self._paused = self._loop.call_later(0.02, self._resume)

    def _resume(self) -> None:
        self._paused = None
        if self._read_fd is not None:
            self._loop.add_reader(self._read_fd, self.drain)

    def end_line(self) -> None:
        """An unfinished line becomes an event of its own (at the end of an invocation or a process)."""
        if self._buffer:
            self._line_was_cut = True
            rest, self._buffer = bytes(self._buffer), bytearray()
            self._emit_output([rest.decode(errors="replace")])

    def _complete_messages(self) -> list[str]:
        messages: list[str] = []
        buffer = self._buffer
        position = 0
        if self._line_was_cut and buffer:
            # print writes a text and its line end one after the other; the line that was cut between them has its event.
            position = 1 if buffer[0] == ord("\n") else 0
            self._line_was_cut = False
        while position < len(buffer):
            if buffer.startswith(_MAGIC, position):
                if len(buffer) < position + _HEADER_BYTES:
                    break
                length = int.from_bytes(buffer[position + 4 : position + 8], "big")
                if length <= _MAXIMUM_FRAME_BYTES:
                    end = position + _HEADER_BYTES + length
                    if len(buffer) < end:
                        break
                    messages.append(buffer[position + _HEADER_BYTES : end].decode(errors="replace"))
                    position = end
                    continue
            newline = buffer.find(b"\n", position)
            frame = buffer.find(_MAGIC, position + 1 if buffer.startswith(_MAGIC, position) else position)
            if frame != -1 and (newline == -1 or frame < newline):
                end = frame
            elif newline != -1:
                end = newline + 1
            elif len(buffer) - position > limits.LOG_EVENT_BYTES:
                end = position + limits.LOG_EVENT_BYTES
            else:
                break
            messages.append(buffer[position:end].decode(errors="replace"))
            position = end
        del buffer[:position]
        return messages

    def _emit_output(self, messages: list[str]) -> None:
        self._emit([message for message in messages if self._keep(message)] if self._keep else messages)

    def _emit(self, messages: list[str]) -> None:
        events: list[dict[str, object]] = []
        timestamp = max(self._last_timestamp, int(time.time() * 1000))
        self._last_timestamp = timestamp
        for message in messages:
            if self._shown_path:
                message = message.replace(*self._shown_path)
            if self._tail is not None:
                self._tail += message.encode()
                if not message.endswith("\n"):
                    self._tail += b"\n"
                if len(self._tail) > 16 * limits.LOG_TAIL_BYTES:
                    del self._tail[: -limits.LOG_TAIL_BYTES]
            for start in range(0, max(len(message), 1), limits.LOG_EVENT_BYTES):
                piece = message[start : start + limits.LOG_EVENT_BYTES]
                if piece:
                    events.append({"timestamp": timestamp, "message": piece})
        if events:
            self._deliver(events)
