"""The Runtime API as a runtime client meets it, over a real socket."""

from __future__ import annotations

import asyncio
import http.client

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
