"""From bytes in a pipe to log events."""

from __future__ import annotations

import asyncio
import os

import pytest

from labsupport.localcloud.functions import limits
from labsupport.localcloud.functions.environment_log import EnvironmentLog


def frame(text: str, kind: bytes = b"\xa5\x5a\x00\x03") -> bytes:
    body = text.encode()
    return kind + len(body).to_bytes(4, "big") + (0).to_bytes(8, "big") + body


def collect(*chunks: bytes, shown_path=None, undelivered=lambda: 0):
    """Write chunks one by one, reading after each; returns messages and the tail."""

    async def run():
        events = []
        log = EnvironmentLog(events.extend, undelivered, shown_path)
        log.begin_tail()
        write_fd = log.open_pipe()
        for chunk in chunks:
            os.write(write_fd, chunk)
            log.drain(to_the_end=True)
        os.close(write_fd)
        log.close_pipe()
        return [event["message"] for event in events], log.take_tail()

    return asyncio.run(run())


def test_each_line_is_one_event_with_its_newline():
    messages, tail = collect(b"one\ntwo\n")
    assert messages == ["one\n", "two\n"]
    assert tail == b"one\ntwo\n"


def test_a_frame_is_one_event_however_many_lines_it_has():
    messages, tail = collect(b"before\n" + frame("[ERROR] E: x\nTraceback:\n  line") + b"after\n")
    assert messages == ["before\n", "[ERROR] E: x\nTraceback:\n  line", "after\n"]
    assert tail == b"before\n[ERROR] E: x\nTraceback:\n  line\nafter\n"


@pytest.mark.parametrize("size", [1, 3, 7, 16, 17])
def test_order_and_content_do_not_depend_on_how_the_pipe_is_cut(size):
    stream = b"a\n" + frame("b\nc") + b"no newline" + frame("d\n") + "größe\n".encode()
    cut = [stream[start : start + size] for start in range(0, len(stream), size)]
    expected = ["a\n", "b\nc", "no newline", "d\n", "größe\n"]
    assert collect(*cut)[0] == expected == collect(stream)[0]


def test_an_unfinished_line_is_an_event_at_the_end():
    assert collect(b"half")[0] == ["half"]


def test_the_line_end_of_a_line_that_was_cut_is_no_event_of_its_own():
    """print writes the text and then the line end; a function killed in between left an empty event behind."""

    async def run():
        events = []
        log = EnvironmentLog(events.extend, lambda: 0, None)
        log.begin_tail()
        write_fd = log.open_pipe()
        os.write(write_fd, b"cut")
        log.drain()
        log.end_line()
        os.write(write_fd, b"\nnext\n\n")
        log.drain()
        log.begin_tail()  # another invocation: what it prints is its own
        os.write(write_fd, b"\nlast\n")
        os.close(write_fd)
        log.close_pipe()
        return [event["message"] for event in events]

    assert asyncio.run(run()) == ["cut", "next\n", "\n", "\n", "last\n"]


def test_bytes_that_are_no_text_do_not_stop_the_log():
    assert collect(b"\xff\xfe\n", b"next\n")[0] == ["��\n", "next\n"]


def test_a_line_over_the_event_limit_is_split():
    messages, _tail = collect(*[b"x" * 60_000] * 6, b"\n")
    assert max(map(len, messages)) <= limits.LOG_EVENT_BYTES
    assert "".join(messages) == "x" * 360_000 + "\n"


def test_the_tail_is_the_last_four_kilobytes():
    _messages, tail = collect(*[b"%05d\n" % number for number in range(20_000)])
    assert len(tail) == limits.LOG_TAIL_BYTES
    assert tail.endswith(b"19999\n")


@pytest.mark.parametrize("shift", range(4))
def test_the_tail_is_never_cut_inside_a_character(shift):
    """Regression: a tail could begin with the rest of a character of several bytes, and could not be decoded then."""
    _messages, tail = collect("".join(["x" * shift, "при🦅вет" * 1000, "\n"]).encode())
    assert tail.decode().endswith("вет\n")
    assert limits.LOG_TAIL_BYTES - 4 < len(tail) <= limits.LOG_TAIL_BYTES


def test_folders_of_the_lab_are_shown_under_their_aws_name():
    messages, _tail = collect(b'File "/somewhere/task/app.py"\n', shown_path=("/somewhere/task", "/var/task"))
    assert messages == ['File "/var/task/app.py"\n']


def test_reading_waits_while_too_much_is_not_stored_yet():
    async def run():
        events = []
        waiting = {"bytes": 64 * 1024 * 1024}
        log = EnvironmentLog(events.extend, lambda: waiting["bytes"], None)
        write_fd = log.open_pipe()
        os.write(write_fd, b"held back\n")
        await asyncio.sleep(0.05)
        held = list(events)
        waiting["bytes"] = 0
        await asyncio.sleep(0.1)
        os.close(write_fd)
        log.close_pipe()
        return held, [event["message"] for event in events]

    assert asyncio.run(run()) == ([], ["held back\n"])


def test_timestamps_never_go_back():
    async def run():
        events = []
        log = EnvironmentLog(events.extend, lambda: 0, None)
        for number in range(50):
            log.write_platform(f"{number}\n")
        return [event["timestamp"] for event in events]

    stamps = asyncio.run(run())
    assert stamps == sorted(stamps)
