"""Lambda's Invoke: from an HTTP request to the engine and back."""

from __future__ import annotations

import base64
import binascii
import json
import random
import uuid

from aiohttp import web
from multidict import CIMultiDict

from .functions import limits
from .functions.engine import Engine
from .functions.recursion import RecursionStopped, next_trace
from .functions.request_payload import PayloadNotJson, check_json
from .functions.specification import FunctionNotFound, FunctionNotReady, Invocation, Throttled
from .lambda_api.names import parse_function_name

_QUALIFIERS_DISAGREE = "The derived qualifier from the function name does not match the specified qualifier."


async def invoke(
    engine: Engine, request: web.BaseRequest, region: str, function: str, body: bytes, *, deprecated: bool = False
) -> web.Response:
    """Answer Invoke, or the ``deprecated`` InvokeAsync: always an Event, at most 256 KB, and no trace is passed on.

    ``region`` is that of the request; ``function`` the decoded name from its path.
    """
    request_id = str(uuid.UUID(int=random.getrandbits(128), version=4))  # four times as fast as uuid4
    headers = request.headers
    invocation_type = "Event" if deprecated else headers.get("X-Amz-Invocation-Type", "RequestResponse")
    parsed = parse_function_name(function)
    if parsed is None:
        return error(
            400,
            "ValidationException",
            f"1 validation error detected: Value '{function}' at 'functionName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: "
            r"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?"
            r"(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?",
            request_id,
        )
    if invocation_type not in ("RequestResponse", "Event", "DryRun"):
        return error(
            400,
            "ValidationException",
            f"1 validation error detected: Value '{invocation_type}' at 'invocationType' failed to satisfy "
            "constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]",
            request_id,
        )
    if parsed.region and "Authorization" not in headers:  # moto's services send events unsigned, in any region
        region = parsed.region
    wanted = request.query.get("Qualifier")
    if parsed.region and parsed.region != region:
        return error(
            404,
            "ResourceNotFoundException",
            f"Functions from '{parsed.region}' are not reachable in this region ('{region}')",
            request_id,
        )
    if wanted and parsed.qualifier and wanted != parsed.qualifier:
        return error(
            400,
            "InvalidParameterValueException",
            _QUALIFIERS_DISAGREE,
            request_id,
        )
    qualifier = parsed.qualifier or wanted

    asynchronous = invocation_type == "Event"
    limit = limits.ASYNCHRONOUS_PAYLOAD_BYTES if asynchronous else limits.SYNCHRONOUS_PAYLOAD_BYTES
    if deprecated:
        limit = limits.INVOKE_ASYNC_PAYLOAD_BYTES
    if len(body) > limit:
        return error(
            413,
            "RequestEntityTooLargeException",
            f"Request must be smaller than {limit} bytes for the {'InvokeAsync' if deprecated else 'InvokeFunction'} operation",
            request_id,
        )
    try:
        found = await engine.specification(region, parsed.name, qualifier)
        client_context = _client_context(headers.get("X-Amz-Client-Context"))
        check_json(body)
    except FunctionNotReady as problem:
        return error(409, "ResourceConflictException", str(problem), request_id)
    except FunctionNotFound as problem:
        return error(404, "ResourceNotFoundException", str(problem), request_id, key="Message")
    except PayloadNotJson as problem:
        return error(400, "InvalidRequestContentException", str(problem), request_id)
    if invocation_type == "DryRun":
        return web.Response(status=204, headers={"x-amzn-RequestId": request_id})
    trace_id = next_trace(None if deprecated else headers.get("X-Amzn-Trace-Id"), found.arn)
    invocation = Invocation(
        request_id=request_id,
        invoked_function_arn=f"{found.arn}:{qualifier}" if qualifier else found.arn,
        payload=body or b"{}",
        trace_id=trace_id,
        client_context=None if asynchronous else client_context,
    )
    if asynchronous:
        engine.asynchronous.accept(region, parsed.name, qualifier, invocation)
        return web.Response(status=202, headers={"x-amzn-RequestId": request_id, "X-Amzn-Trace-Id": trace_id})
    try:
        outcome = await engine.invoke(found, invocation)
    except Throttled as problem:
        return error(
            429,
            "TooManyRequestsException",
            "Rate Exceeded.",
            request_id,
            extra={"Reason": problem.reason},
        )
    except RecursionStopped as problem:
        return error(400, "RecursiveInvocationException", str(problem), request_id, key="Message")
    answer = CIMultiDict(
        {
            "Content-Type": outcome.content_type,
            "x-amzn-RequestId": request_id,
            "x-amzn-Remapped-Content-Length": "0",
            "X-Amz-Executed-Version": outcome.executed_version,
            "X-Amzn-Trace-Id": trace_id.partition(";Parent")[0] + ";Sampled=0",
        }
    )
    if outcome.function_error:
        answer["X-Amz-Function-Error"] = outcome.function_error
    if headers.get("X-Amz-Log-Type") == "Tail":
        answer["X-Amz-Log-Result"] = base64.b64encode(outcome.log_tail).decode()
    return web.Response(status=200, body=outcome.payload, headers=answer)


def _client_context(header: str | None) -> str | None:
    """ClientContext travels base64-coded in the request and as JSON text to the runtime. Raises PayloadNotJson."""
    if not header:
        return None
    try:
        text = base64.b64decode(header, validate=True).decode()
        if isinstance(json.loads(text), dict):
            return text
    except (binascii.Error, ValueError, RecursionError):
        pass
    raise PayloadNotJson("Client context must be a valid Base64-encoded JSON object.")


def error(
    status: int,
    code: str,
    message: str,
    request_id: str,
    *,
    key: str = "message",
    kind: str = "User",
    extra: dict[str, str] | None = None,
) -> web.Response:
    """An error of the Lambda API: the code in a header, a JSON body with Type and the message."""
    document = {**(extra or {}), "Type": kind, key: message}
    return web.Response(
        status=status,
        body=json.dumps(document).encode(),
        headers={
            "x-amzn-ErrorType": code,
            "x-amzn-RequestId": request_id,
            "Content-Type": "application/json",
        },
    )
