"""The Runtime API as a runtime client meets it, over a real socket."""

from __future__ import annotations

import asyncio
import http.client
import socket

from labsupport.localcloud.functions.runtime_api import RuntimeApi


class Listener:
    def __init__(self):
        self.errors = []

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
            b"POST / HTTP/1.1\r\n\r\n",
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

    assert set(asyncio.run(run())) <= {b"HTTP/1.0 400", b"HTTP/1.1 400"}
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
