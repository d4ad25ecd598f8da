"""The client that sends prepared bytes: what it takes for an answer, and what it refuses."""

from __future__ import annotations

import asyncio

import pytest

from .raw_http import Call, WrongAnswer, all_at_once, closed_loop, one_after_another, take_response

BODY = b'{"a": 1}'


def test_a_response_is_taken_only_when_it_is_whole():
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n" + BODY
    for length in range(len(whole)):
        assert take_response(bytearray(whole[:length])) is None
    buffer = bytearray(whole + b"HTTP/1.1 204")
    assert take_response(buffer) == (200, BODY)
    assert buffer == b"HTTP/1.1 204"


def test_another_header_that_ends_in_content_length_is_not_the_length():
    # Lambda's Invoke answers with x-amzn-Remapped-Content-Length: 0.
    head = b"HTTP/1.1 200 OK\r\nx-amzn-Remapped-Content-Length: 0\r\nContent-Length: 8\r\n\r\n"
    assert take_response(bytearray(head + BODY)) == (200, BODY)


def test_a_chunked_body_is_put_together():
    text = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n5;x=y\r\n": 1}\r\n0\r\n\r\n'
    for length in range(len(text)):
        assert take_response(bytearray(text[:length])) is None
    buffer = bytearray(text)
    assert take_response(buffer) == (200, BODY)
    assert not buffer


def test_continue_is_no_answer():
    text = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n" + BODY
    assert take_response(bytearray(text)) == (200, BODY)


def test_a_call_is_signed_and_complete():
    call = Call.to("http://127.0.0.1:4566/2015-03-31/functions/echo/invocations", BODY)
    head, _, body = call.request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /2015-03-31/functions/echo/invocations HTTP/1.1\r\n")
    assert b"Authorization: AWS4-HMAC-SHA256 Credential=testing/" in head and b"Content-Length: 8" in head
    assert (body, call.host, call.port) == (BODY, "127.0.0.1", 4566)


def answering(status, body, work):
    """``await work(call)`` against a server that gives this answer to every request on a kept connection."""

    async def serve(reader, writer):
        while await reader.readuntil(b"\r\n\r\n"):
            await reader.readexactly(len(BODY))
            writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))

    async def main():
        async def serve_quietly(reader, writer):
            try:
                await serve(reader, writer)
            except asyncio.IncompleteReadError:
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve_quietly, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await work(Call.to(f"http://127.0.0.1:{port}/", BODY))

    return asyncio.run(main())


def test_every_counted_request_gives_one_sample():
    assert len(answering(200, BODY, lambda call: one_after_another(call, times=7, warm_up=3))) == 7


def test_clients_in_a_closed_loop_give_a_rate():
    assert answering(200, BODY, lambda call: closed_loop(call, clients=4, seconds=0.2, warm_up=0.05)) > 0


def test_spaces_in_the_echoed_json_do_not_matter():
    assert answering(200, b'{"a":1}\n', lambda call: all_at_once(call, 3)) > 0


@pytest.mark.parametrize(("status", "body"), [(200, b'{"a": 2}'), (500, BODY)])
def test_a_wrong_answer_is_never_a_sample(status, body):
    with pytest.raises(WrongAnswer, match=f"HTTP {status}"):
        answering(status, body, lambda call: one_after_another(call, times=1, warm_up=0))


def test_a_server_that_hangs_up_is_named():
    async def main():
        server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            await one_after_another(Call.to(f"http://127.0.0.1:{port}/", BODY), 1, 0)

    with pytest.raises(ConnectionError):
        asyncio.run(main())
