"""A client that costs as little as a client can: kept-alive connections that send prepared bytes.

Every contender gets the same bytes, so a difference between two of them is not the client's.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "us-east-1"
ACCESS_KEY, SECRET_KEY = "testing", "testing"


class WrongAnswer(Exception):
    """A contender answered something else than the event it was sent, so its speed means nothing."""


@dataclass(frozen=True)
class Call:
    """One HTTP request that can be sent many times, and the JSON text its answer must have (white space aside)."""

    host: str
    port: int
    request: bytes
    expected: bytes

    @classmethod
    def to(cls, url: str, event: bytes) -> Call:
        """POST ``event`` to ``url``, signed as boto3 would for Lambda (a signature holds for some minutes)."""
        parts = urlsplit(url)
        signed = AWSRequest("POST", url, headers={"Content-Type": "application/json"}, data=event)
        SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "lambda", REGION).add_auth(signed)
        headers = {"Host": parts.netloc, "Content-Length": str(len(event)), **dict(signed.headers.items())}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        assert parts.hostname and parts.port
        request = f"POST {parts.path} HTTP/1.1\r\n{head}\r\n".encode() + event
        return cls(parts.hostname, parts.port, request, without_space(event))

    def check(self, status: int, body: bytes) -> None:
        """Raises WrongAnswer."""
        if status != 200 or without_space(body) != self.expected:
            raise WrongAnswer(f"HTTP {status}: {body[:300]!r}")


def without_space(text: bytes) -> bytes:
    """JSON text of one contender and another differs in the spaces after commas and colons."""
    return text.translate(None, b" \n")


class Connection(asyncio.Protocol):
    """One kept-alive connection; ``await exchange()`` sends the call once and returns its milliseconds."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._buffer = bytearray()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def open(cls, call: Call) -> Connection:
        _, connection = await asyncio.get_running_loop().create_connection(lambda: cls(call), call.host, call.port)
        return connection

    async def exchange(self) -> float:
        """Raises WrongAnswer, and ConnectionError when the other end hangs up."""
        assert self._transport
        if self._transport.is_closing():
            raise ConnectionResetError("the server closed the kept connection")
        self._answer = asyncio.get_running_loop().create_future()
        started = time.perf_counter()
        self._transport.write(self._call.request)
        status, body = await self._answer
        milliseconds = (time.perf_counter() - started) * 1000
        self._call.check(status, body)
        return milliseconds

    def close(self) -> None:
        if self._transport:
            self._transport.close()

    # --- asyncio.Protocol ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        parsed = take_response(self._buffer)
        if parsed and self._answer and not self._answer.done():
            self._answer.set_result(parsed)

    def connection_lost(self, problem: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(problem or ConnectionResetError("the server closed the connection"))


def take_response(buffer: bytearray) -> tuple[int, bytes] | None:
    """Status and body of the response at the start of ``buffer``, which is then removed; None while it is not whole."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(buffer[:end]).lower()
    status = int(head[9:12])
    position = end + 4
    if status == 100:
        del buffer[:position]
        return take_response(buffer)
    if b"transfer-encoding: chunked" in head:
        body = bytearray()
        while True:
            line = buffer.find(b"\r\n", position)
            if line < 0:
                return None
            size = int(bytes(buffer[position:line]).partition(b";")[0], 16)
            position = line + 2 + size + 2
            if len(buffer) < position:
                return None
            if size == 0:
                break
            body += buffer[line + 2 : line + 2 + size]
    else:
        start = head.find(b"\r\ncontent-length:")
        length = int(head[start + 17 :].split(b"\r\n", 1)[0]) if start >= 0 else 0
        if len(buffer) < position + length:
            return None
        body = buffer[position : position + length]
        position += length
    del buffer[:position]
    return status, bytes(body)


async def one_after_another(call: Call, times: int, warm_up: int) -> list[float]:
    """Milliseconds of ``times`` requests over one connection, after ``warm_up`` that are not counted."""
    connection = await Connection.open(call)
    try:
        for _ in range(warm_up):
            await connection.exchange()
        return [await connection.exchange() for _ in range(times)]
    finally:
        connection.close()


async def closed_loop(call: Call, clients: int, seconds: float, warm_up: float) -> float:
    """Requests per second of ``clients`` that each send their next request as soon as they have their answer."""
    connections = await asyncio.gather(*(Connection.open(call) for _ in range(clients)))
    finished = 0

    async def send(connection: Connection, until: float) -> None:
        nonlocal finished
        while time.perf_counter() < until:
            await connection.exchange()
            finished += 1

    try:
        await asyncio.gather(*(send(one, time.perf_counter() + warm_up) for one in connections))
        finished = 0
        started = time.perf_counter()
        await asyncio.gather(*(send(one, started + seconds) for one in connections))
        return finished / (time.perf_counter() - started)
    finally:
        for one in connections:
            one.close()


async def all_at_once(call: Call, clients: int) -> float:
    """Milliseconds from the first request out to the last answer in, each client on a connection already open."""
    connections = await asyncio.gather(*(Connection.open(call) for _ in range(clients)))
    try:
        started = time.perf_counter()
        await asyncio.gather(*(one.exchange() for one in connections))
        return (time.perf_counter() - started) * 1000
    finally:
        for one in connections:
            one.close()
