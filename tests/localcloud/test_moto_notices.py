"""What the moto process tells the front door unasked."""

from __future__ import annotations

import asyncio
import json
import os

import pytest

from labsupport.localcloud.control_plane import MotoControlPlane
from labsupport.localcloud.moto_launch import MotoProcess


@pytest.fixture
def told():
    """Reads what a process would write: returns a function from lines to what listeners of "sent" heard."""

    def listen(*lines: bytes) -> list[dict]:
        async def read() -> list[dict]:
            moto = MotoControlPlane(MotoProcess)  # never asked for anything
            heard: list[dict] = []

            def listener(notice: dict) -> None:
                heard.append(notice)
                if notice.get("fails"):
                    raise ValueError("a listener's fault")

            moto.on("sent", listener)
            receiver, sender = os.pipe()
            with os.fdopen(receiver, "rb", 0) as pipe:
                reading = asyncio.create_task(moto._read_notices(pipe))
                with os.fdopen(sender, "wb", 0) as writer:
                    await asyncio.to_thread(writer.write, b"".join(lines))
                await reading
            return heard

        return asyncio.run(read())

    return listen


def line(kind: str, **fields) -> bytes:
    return json.dumps({"notice": kind, **fields}).encode() + b"\n"


def test_notices_arrive_in_the_order_sent(told):
    assert told(*(line("sent", number=number) for number in range(500))) == [{"number": n} for n in range(500)]


def test_a_notice_nobody_listens_for_is_passed_over(told):
    assert told(line("other", number=1), line("sent", number=2)) == [{"number": 2}]


def test_a_listener_that_fails_does_not_stop_the_next_notice(told, capfd):
    assert told(line("sent", fails=True), line("sent", number=2)) == [{"fails": True}, {"number": 2}]
    assert "ValueError: a listener's fault" in capfd.readouterr().err
