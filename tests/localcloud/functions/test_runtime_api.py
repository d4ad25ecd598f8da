"""The Runtime API as a runtime client meets it, over a real socket."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket

from labsupport.localcloud.functions.runtime_api import Delivery, RuntimeApi

NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: lambda\r\n\r\n"


class Listener:
    def __init__(self):
        self.errors = []
        self.answers = []
        self.asking = []

    def runtime_asks_next(self, take):
        self.asking.append(take)

    def runtime_answers(self, request_id, payload, content_type):
        self.answers.append((request_id, payload, content_type))

    def runtime_reports_error(self, request_id, payload):
        self.errors.append((request_id, payload))


def test_an_error_with_a_long_cause_for_xray_is_taken():
    """Every deep recursion has one: a frame is 100 bytes, and there are a thousand of them."""

    def post(port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        headers = {"Lambda-Runtime-Function-XRay-Error-Cause": "x" * (1024 * 1024 - 1)}
        connection.request("POST", "/2018-06-01/runtime/invocation/id-1/error", b'{"errorMessage": "x"}', headers)
        status = connection.getresponse().status
        connection.close()
        return status

    async def run():
        listener = Listener()
        api = await RuntimeApi.open(listener)
        try:
            return await asyncio.to_thread(post, api.port), listener.errors
        finally:
            await api.close()

    status, errors = asyncio.run(run())
    assert status == 202
    assert errors == [("id-1", b'{"errorMessage": "x"}')]


def test_what_is_no_http_is_refused_without_a_traceback(caplog):
    """A function can send anything; the cloud's stderr is not the place to read about it."""

    def send(port):
        answers = []
        for text in (
            b"GET " + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nno colon here\r\n\r\n",
            b"\0" * 5000 + b"\r\n\r\n",
        ):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(text)
                answers.append(connection.recv(12))
        return answers

    async def run():
        api = await RuntimeApi.open(Listener())
        try:
            return await asyncio.to_thread(send, api.port)
        finally:
            await api.close()

    assert set(asyncio.run(run())) == {b"HTTP/1.1 400"}
    assert not caplog.records


def test_a_fault_of_the_lab_is_still_seen(caplog):
    class Broken(Listener):
        def runtime_reports_error(self, request_id, payload):
            raise KeyError("ours")

    def post(port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("POST", "/2018-06-01/runtime/invocation/id-1/error", b"{}")
        status = connection.getresponse().status
        connection.close()
        return status

    async def run():
        api = await RuntimeApi.open(Broken())
        try:
            return await asyncio.to_thread(post, api.port)
        finally:
            await api.close()

    assert asyncio.run(run()) == 500
    assert "ours" in caplog.text


def talk(conversation, listener=None):
    """Run ``conversation(reader, writer, listener)`` over one connection to a Runtime API."""

    async def run():
        heard = listener or Listener()
        api = await RuntimeApi.open(heard)
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
            try:
                return await asyncio.wait_for(conversation(reader, writer, heard), 20)
            finally:
                writer.close()
        finally:
            await api.close()

    return asyncio.run(run())


async def response(reader):
    """Status line, headers, body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in head[1:] if line)
    return head[0], headers, await reader.readexactly(int(headers.get("Content-Length", 0)))


async def until(condition):
    while not condition():
        await asyncio.sleep(0.005)


def test_an_event_is_given_when_there_is_one():
    async def conversation(reader, writer, listener):
        writer.write(NEXT)
        await until(lambda: listener.asking)
        listener.asking[0](Delivery({"Lambda-Runtime-Aws-Request-Id": "id-1"}, "größe".encode()))
        return await response(reader)

    status, headers, body = talk(conversation)
    assert (status, body.decode()) == ("HTTP/1.1 200 OK", "größe")
    assert headers["Lambda-Runtime-Aws-Request-Id"] == "id-1"
    assert headers["Content-Type"] == "application/json"


def test_a_runtime_that_waits_in_vain_is_told_so():
    async def conversation(reader, writer, listener):
        writer.write(NEXT)
        await until(lambda: listener.asking)
        listener.asking[0](None)
        return await response(reader)

    status, _headers, body = talk(conversation)
    assert status == "HTTP/1.1 410 Gone"
    assert json.loads(body)["errorMessage"] == "this execution environment has ended"


def test_a_client_context_over_several_lines_stays_one_header():
    """JSON text may hold line breaks; as they are, what follows them would be headers and a body of their own."""

    async def conversation(reader, writer, listener):
        writer.write(NEXT)
        await until(lambda: listener.asking)
        listener.asking[0](Delivery({"Lambda-Runtime-Client-Context": '{"a":\r\n "b"}'}, b"{}"))
        return await response(reader)

    _status, headers, body = talk(conversation)
    assert json.loads(headers["Lambda-Runtime-Client-Context"]) == {"a": "b"}
    assert body == b"{}"


def test_a_body_in_chunks_and_one_that_waits_for_leave():
    async def conversation(reader, writer, listener):
        head = b"POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nHost: lambda\r\nContent-Type: text/plain\r\n"
        writer.write(head + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        writer.write(b"4\r\ndefg\r\n0\r\n\r\n")
        first = await response(reader)
        writer.write(head + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        leave = await response(reader)
        writer.write(b"end")
        return first, leave, await response(reader), listener.answers

    first, leave, second, answers = talk(conversation)
    assert (first[0], leave[0], second[0]) == (
        "HTTP/1.1 202 Accepted",
        "HTTP/1.1 100 Continue",
        "HTTP/1.1 202 Accepted",
    )
    assert answers == [("id-1", b"abcdefg", "text/plain"), ("id-1", b"end", "text/plain")]


def test_requests_sent_at_once_are_answered_in_their_order():
    async def conversation(reader, writer, listener):
        writer.write(NEXT + b"GET /nowhere HTTP/1.1\r\nHost: lambda\r\n\r\n")
        await until(lambda: listener.asking)
        listener.asking[0](Delivery({}, b"1"))
        return [(await response(reader))[0] for _ in range(2)]

    assert talk(conversation) == ["HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found"]


def test_headers_without_end_are_cut_off():
    async def conversation(reader, writer, _listener):
        writer.write(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n")
        line = b"X-Long: " + b"x" * 60_000 + b"\r\n"
        try:
            for _ in range(200):
                writer.write(line)
                await writer.drain()
        except ConnectionError:
            pass
        try:
            return (await response(reader))[0]
        except (ConnectionError, asyncio.IncompleteReadError):
            return "cut off"

    assert talk(conversation) in ("HTTP/1.1 400 Bad Request", "cut off")
