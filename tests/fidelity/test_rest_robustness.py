"""Whatever bytes a client sends to an API, the cloud answers or hangs up, and goes on answering the others."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from .deployment import CloudUnderTest, unique_name
from .rest_apis import ECHO, RestApi

#: Slow clients are given this long; a client that waits longer has found a hole.
_PATIENCE_SECONDS = 20.0


@pytest.fixture(scope="module")
def api(cloud: CloudUnderTest) -> RestApi:
    api = RestApi(cloud)
    echo = cloud.deploy(ECHO)
    validator = api.client.create_request_validator(
        restApiId=api.id, name=unique_name("body"), validateRequestBody=True, validateRequestParameters=True
    )
    schema = json.dumps({"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}})
    api.client.create_model(restApiId=api.id, name="Number", contentType="application/json", schema=schema)
    api.proxy("GET", "/n", echo)
    checked = {"requestValidatorId": validator["id"], "requestModels": {"application/json": "Number"}}
    api.proxy("POST", "/n", echo, method=checked)
    api.deploy()
    return api


def connect(api: RestApi) -> socket.socket:
    address = urlsplit(api.cloud.endpoint)
    assert address.hostname and address.port
    return socket.create_connection((address.hostname, address.port), timeout=_PATIENCE_SECONDS)


def target(api: RestApi, path: str = "/dev/n") -> str:
    return f"/_aws/execute-api/{api.id}{path}"


def talk(api: RestApi, data: bytes, *, close: bool = False) -> bytes:
    """Send ``data``, and all that comes back until the other end hangs up or the answer seems whole."""
    with connect(api) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(data)
        if close:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        with contextlib.suppress(OSError):
            while b"\r\n\r\n" not in received or not close:
                part = connection.recv(65536)
                if not part:
                    break
                received += part
                if b"\r\n\r\n" in received and not close:
                    break
        return received


def still_answers(api: RestApi) -> None:
    answer = api.call("POST", "/dev/n", b'{"n": 1}', {"Content-Type": "application/json"})
    assert (answer.status, answer.json["body"]) == (200, '{"n": 1}')


def head(api: RestApi, *lines: str, method: str = "POST") -> bytes:
    text = [f"{method} {target(api)} HTTP/1.1", "Host: x", *lines]
    return "\r\n".join(text).encode("latin-1") + b"\r\n\r\n"


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: many",),
        ("Content-Length: -1",),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: no-such-coding",),
        ("X-Bad\x00Name: 1",),
        ("X Bad: 1",),
        (": no name",),
        ("no colon at all",),
        ("X-Long: " + "a" * 100_000,),
        tuple(f"X-Many-{number}: {'b' * 500}" for number in range(400)),
    ],
    ids=lambda lines: lines[0][:24].encode("unicode_escape").decode(),
)
def test_broken_heads_are_answered_with_an_error_or_hung_up_on(api: RestApi, lines: tuple[str, ...]) -> None:
    answer = talk(api, head(api, *lines) + b"hello")
    assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), answer[:200]
    still_answers(api)


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(64)),
        bytes(range(256)) * 40,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"G" * 200_000,
    ],
    ids=lambda data: repr(data[:12]),
)
def test_what_is_no_http_does_no_harm(api: RestApi, data: bytes) -> None:
    answer = talk(api, data, close=True)
    assert not answer.startswith(b"HTTP/1.1 5"), answer[:200]
    still_answers(api)


def test_a_line_break_in_a_path_or_a_query_makes_no_header(api: RestApi) -> None:
    answer = api.call("GET", "/dev/n?a=1%0d%0aX-Injected:%20yes")
    assert answer.status == 200
    assert answer.json["queryStringParameters"] == {"a": "1\r\nX-Injected: yes"}
    assert answer.header("X-Injected") is None


def test_a_body_that_ends_too_early_reaches_no_function(api: RestApi) -> None:
    talk(api, head(api, "Content-Length: 100", "Content-Type: application/json") + b'{"n": 1}', close=True)
    talk(api, head(api, "Transfer-Encoding: chunked") + b"zz\r\nnot hexadecimal\r\n", close=True)
    still_answers(api)


def test_a_hundred_clients_that_send_no_end_hold_up_nobody(api: RestApi) -> None:
    slow = [connect(api) for _ in range(100)]
    try:
        for number, connection in enumerate(slow):
            connection.sendall(head(api, "Content-Length: 1000")[: 40 + number % 60])
        for _ in range(5):
            still_answers(api)
    finally:
        for connection in slow:
            connection.close()
    still_answers(api)


def test_clients_that_go_away_in_the_middle_of_everything_hold_up_nobody(api: RestApi) -> None:
    whole = head(api, "Content-Length: 8", "Content-Type: application/json") + b'{"n": 1}'
    for length in range(1, len(whole), 7):
        with connect(api) as connection:
            connection.sendall(whole[:length])
    still_answers(api)


def test_mixed_requests_from_many_clients_each_get_their_own_answer(api: RestApi) -> None:
    """Right, malformed, invalid, unknown, oversized and dropped requests at the same time: every answer belongs to its
    request. ``python -m tests.bench --only api-mixed`` sends twenty thousand."""
    wrong: list[str] = []
    lock = threading.Lock()

    def client(seed: int) -> None:
        chance = random.Random(seed)
        for number in range(25):
            name = f"{seed}-{number}"
            kind = chance.choice(("get", "get", "post", "invalid", "json", "unknown", "stage", "drop"))
            found = one(kind, name)
            if found:
                with lock:
                    wrong.append(found)

    def one(kind: str, name: str) -> str | None:
        json_type = {"Content-Type": "application/json", "X-Name": name}
        if kind == "drop":
            with contextlib.suppress(OSError), connect(api) as connection:
                connection.sendall(head(api, "Content-Length: 50", f"X-Name: {name}") + b'{"n"')
            return None
        if kind == "get":
            answer, wanted = api.call("GET", f"/dev/n?name={name}", headers={"X-Name": name}), 200
            right = answer.status == 200 and answer.json["queryStringParameters"] == {"name": name}
        elif kind == "post":
            body = json.dumps({"n": 1, "name": name}).encode()
            answer, wanted = api.call("POST", "/dev/n", body, json_type), 200
            right = answer.status == 200 and json.loads(answer.json["body"])["name"] == name
        elif kind in ("invalid", "json"):
            body = b'{"n": "one"}' if kind == "invalid" else b'{"n": '
            answer, wanted = api.call("POST", "/dev/n", body, json_type), 400
            right = answer.json == {"message": "Invalid request body"}
        else:
            path = "/dev/nothing" if kind == "unknown" else "/nowhere/n"
            answer, wanted = api.call("GET", path), 403
            right = answer.json == {"message": "Missing Authentication Token" if kind == "unknown" else "Forbidden"}
        return None if right and answer.status == wanted else f"{kind} {name}: {answer.status} {answer.body[:200]!r}"

    with ThreadPoolExecutor(8) as clients:
        list(clients.map(client, range(16)))
    assert wrong == []


def test_a_body_over_ten_megabytes_is_refused_and_the_next_request_answered(api: RestApi) -> None:
    answer = talk(api, head(api, f"Content-Length: {11 * 1024 * 1024}") + b"x" * (11 * 1024 * 1024))
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413"), answer[:200]
    still_answers(api)
