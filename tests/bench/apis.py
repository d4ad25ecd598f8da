"""Requests to a REST API with a Lambda proxy integration: how long a warm GET takes, how many a second, and that none of
many mixed ones is answered wrongly."""

from __future__ import annotations

import asyncio
import json
import random
import time
from urllib.parse import urlsplit

from .contender import Contender
from .contenders import API_HANDLER, ServerlessOffline
from .raw_http import REGION, Call, closed_loop, one_after_another, take_response, without_space
from .run import Run, Samples, no_garbage_collection, no_samples

_WITH_APIS = ("lab", "ministack", "serverless-offline")
_CLIENTS = 16
_MIXED, _QUICK_MIXED = 20_000, 400
#: Kinds of requests and how often each is sent. "slow" pauses within its body, "drop" hangs up within it.
_KINDS = {
    "get": 40,
    "post": 20,
    "malformed": 8,
    "invalid": 8,
    "unknown": 8,
    "large": 2,
    "oversized": 1,
    "slow": 3,
    "drop": 10,
}
_LARGE_BYTES, _TOO_LARGE_BYTES = 512 * 1024, 10 * 1024 * 1024 + 1


def api_get(run: Run) -> Samples:
    """A warm GET over one kept-alive connection; beside it, the lab's own Invoke of the same function by raw HTTP."""
    samples = no_samples()
    with run.running(_WITH_APIS, {"api": API_HANDLER}) as contenders:
        ready = _with_apis(run, contenders)
        for _, (contender, call) in (
            (number, one) for number in range(run.times(12, 3)) for one in _shuffled(run, ready)
        ):
            slow = contender.key == "ministack"
            with run.trying(contender, "api-get"), no_garbage_collection():
                batch = asyncio.run(one_after_another(call, 20 if slow else 200, 5 if slow else 20))
                samples["api_get"][contender.key].append(batch)
                if contender.key == "lab":
                    invoke = _invoke_call(contender)
                    samples["api_invoke"]["lab"].append(asyncio.run(one_after_another(invoke, 200, 20)))
    return samples


def api_throughput(run: Run) -> Samples:
    """The same with 16 clients, each waiting for its answer before it sends again."""
    samples = no_samples()
    with run.running(_WITH_APIS, {"api": API_HANDLER}) as contenders:
        ready = _with_apis(run, contenders)
        for _, (contender, call) in (
            (number, one) for number in range(run.times(6, 2)) for one in _shuffled(run, ready)
        ):
            with run.trying(contender, "api-throughput"), no_garbage_collection():
                seconds = run.times(2, 1)
                samples["api_throughput"][contender.key].append(
                    [asyncio.run(closed_loop(call, _CLIENTS, seconds, 0.7))]
                )
                if contender.key == "lab":
                    rate = asyncio.run(closed_loop(_invoke_call(contender), _CLIENTS, seconds, 0.7))
                    samples["api_invoke_throughput"]["lab"].append([rate])
    return samples


def api_mixed(run: Run) -> Samples:
    """Twenty thousand requests of 16 clients to the lab, right and wrong in every way; counts the answers that do not
    belong to their request."""
    samples = no_samples()
    with run.running(("lab",), {"api": API_HANDLER}) as contenders:
        for contender, call in _with_apis(run, contenders):
            started = time.perf_counter()
            wrong = asyncio.run(_mixed(call, run.times(_MIXED, _QUICK_MIXED), run.chance))
            samples["api_mixed"][contender.key].append([(time.perf_counter() - started) * 1000])
            samples["api_wrong"][contender.key].append([float(len(wrong))])
            for one in wrong[:5]:
                run.problems.append(f"api-mixed: {one}"[:300])
    return samples


def _shuffled(run: Run, ready: list[tuple[Contender, Call]]) -> list[tuple[Contender, Call]]:
    order = list(ready)
    run.chance.shuffle(order)
    return order


def _with_apis(run: Run, contenders: list[Contender]) -> list[tuple[Contender, Call]]:
    """Those whose API answers, each with a GET of ``/api``."""
    ready: list[tuple[Contender, Call]] = []
    for contender in contenders:
        with run.trying(contender, "an API"):
            call = _get(_api_url(contender))
            asyncio.run(one_after_another(call, 1, 0))
            ready.append((contender, call))
    return ready


def _get(url: str) -> Call:
    parts = urlsplit(url)
    assert parts.hostname and parts.port
    request = f"GET {parts.path}?n=1 HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: */*\r\n\r\n".encode()
    return Call(parts.hostname, parts.port, request, without_space(json.dumps({"n": "1", "body": None}).encode()))


def _invoke_call(contender: Contender) -> Call:
    event = {"queryStringParameters": {"n": "1"}, "body": None}
    call = Call.to(contender.invoke_url("api"), json.dumps(event).encode())
    answer = {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": '{"n": "1", "body": null}'}
    return Call(call.host, call.port, call.request, without_space(json.dumps(answer).encode()))


def _api_url(contender: Contender) -> str:
    """Make the API, where the contender has a control plane; the address of ``/api``."""
    if isinstance(contender, ServerlessOffline):
        return f"http://127.0.0.1:{contender.http_port}/dev/api"
    client = contender.client("apigateway")
    api = client.create_rest_api(name="bench")["id"]
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    resource = client.create_resource(restApiId=api, parentId=root, pathPart="api")["id"]
    found = contender.client().get_function(FunctionName=contender.function_name("api"))
    arn = found["Configuration"]["FunctionArn"]
    schema = json.dumps({"type": "object", "required": ["n"], "properties": {"n": {"type": "string"}}})
    client.create_model(restApiId=api, name="Named", contentType="application/json", schema=schema)
    validator = client.create_request_validator(
        restApiId=api, name="body", validateRequestBody=True, validateRequestParameters=False
    )["id"]
    checked = {"requestModels": {"application/json": "Named"}, "requestValidatorId": validator}
    methods: dict[str, dict[str, object]] = {"GET": {}, "POST": checked}
    for method, settings in methods.items():
        where = {"restApiId": api, "resourceId": resource, "httpMethod": method}
        client.put_method(**where, authorizationType="NONE", **settings)
        uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations"
        client.put_integration(**where, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    contender.client().add_permission(
        FunctionName=contender.function_name("api"),
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    client.create_deployment(restApiId=api, stageName="dev")
    return f"{contender.endpoint}/_aws/execute-api/{api}/dev/api"  # ministack has the same path


# --- mixed requests -----------------------------------------------------------------------------------------------------


async def _mixed(call: Call, requests: int, chance: random.Random) -> list[str]:
    """What was answered wrongly."""
    kinds = chance.choices(list(_KINDS), weights=list(_KINDS.values()), k=requests)
    waiting = iter(enumerate(kinds))
    wrong: list[str] = []
    path = call.request.split(b" ", 2)[1].partition(b"?")[0].decode()

    async def client() -> None:
        for number, kind in waiting:
            problem = await _send(call, path, kind, f"name-{number}")
            if problem:
                wrong.append(f"{kind}: {problem}")

    await asyncio.gather(*(client() for _ in range(_CLIENTS)))
    return wrong


def _request(path: str, kind: str, name: str) -> tuple[bytes, bytes]:
    """Head and body."""
    if kind in ("get", "unknown"):
        place = path if kind == "get" else f"{path}/nothing"
        return f"GET {place}?n={name} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), b""
    bodies = {
        "malformed": b'{"n": ',
        "invalid": b'{"n": 5}',
        "large": json.dumps({"n": name, "pad": "x" * _LARGE_BYTES}).encode(),
        "oversized": b"x" * _TOO_LARGE_BYTES,
    }
    body = bodies.get(kind, json.dumps({"n": name}).encode())
    head = f"POST {path}?n={name} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode(), body


async def _send(call: Call, path: str, kind: str, name: str) -> str:
    """One request over a connection of its own; empty when it was answered as it must be."""
    reader, writer = await asyncio.open_connection(call.host, call.port)
    head, body = _request(path, kind, name)
    try:
        if kind in ("slow", "drop"):
            writer.write(head + body[:5])
            await writer.drain()
            if kind == "drop":
                return ""
            await asyncio.sleep(0.05)
            writer.write(body[5:])
        else:
            writer.write(head + body)
            if kind != "oversized":
                await writer.drain()
        buffer = bytearray()
        while not (found := take_response(buffer)):
            part = await reader.read(65536)
            if not part:
                return "" if kind == "oversized" else "the connection was closed without an answer"
            buffer += part
        return _judge(kind, name, body, *found)
    except ConnectionError as problem:
        # Whoever sends on after the answer that it is too much may find the connection closed.
        return "" if kind == "oversized" else f"{type(problem).__name__}"
    finally:
        writer.close()


def _judge(kind: str, name: str, body: bytes, status: int, answer: bytes) -> str:
    wanted: dict[str, tuple[int, object]] = {
        "malformed": (400, {"message": "Invalid request body"}),
        "invalid": (400, {"message": "Invalid request body"}),
        "unknown": (403, {"message": "Missing Authentication Token"}),
        "oversized": (413, {"message": "Request Too Long"}),
    }
    expected = wanted.get(kind, (200, {"n": name, "body": body.decode() or None}))
    try:
        found = status, json.loads(answer)
    except ValueError:
        found = status, answer[:100]
    return "" if found == expected else f"{found!r} instead of {expected!r}"[:250]
