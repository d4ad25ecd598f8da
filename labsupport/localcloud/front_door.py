"""Answers every HTTP request of the cloud: invocations go to the engine, Lambda's other operations to its control plane,
all else to moto."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import sys
import traceback
import uuid
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from multidict import CIMultiDict

from .access import Access, Denial
from .access.questions.s3 import place_of
from .control_plane import MotoControlPlane
from .functions.engine import Engine
from .gateway.gateway import Gateway
from .invoke_operation import error, invoke
from .lambda_api.api import LambdaApi
from .lambda_api.packages import DOWNLOAD_PATH
from .triggers.s3_errors import Ids
from .triggers.triggers import Triggers
from .usage import Usage

_INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations/?$")
_INVOKE_ASYNC = re.compile(r"/2014-11-13/functions/([^/]+)/invoke-async/?$")
_LAMBDA_PATH = re.compile(
    r"/20\d\d-\d\d-\d\d/(?:functions|layers|tags|event-source-mappings|account-settings|resource-policy|code-signing-configs|"
    r"capacity-providers|durable-executions|durable-execution-callbacks)(?:/|$)"
)
_CREDENTIAL = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request")
_PRESIGNED = re.compile(r"[?&]X-Amz-Credential=[^&]*(?:%2F|/)s3(?:%2F|/)aws4_request", re.IGNORECASE)
_REQUEST_ID = re.compile(rb"(<RequestId>)[^<]*(</RequestId>)")
_HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "expect",
    )
)


class FrontDoor:
    """The aiohttp handler. ``identity`` is what ``/_labsupport/health`` and the first stdout line tell."""

    def __init__(
        self,
        engine: Engine,
        lambda_api: LambdaApi,
        moto: MotoControlPlane,
        access: Access,
        triggers: Triggers,
        gateway: Gateway,
        region: str,
        identity: dict[str, Any],
        usage: Usage,
    ) -> None:
        self._engine = engine
        self._lambda_api = lambda_api
        self._access = access
        self._moto = moto
        self._triggers = triggers
        self._gateway = gateway
        self._region = region
        self.identity = identity
        self._usage = usage

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Handle one request. A fault of the lab is AWS's ServiceException to the caller and a traceback on stderr."""
        try:
            return await self._route(request)
        except (asyncio.CancelledError, ConnectionError):
            raise  # the client has gone
        except Exception as problem:
            traceback.print_exc(file=sys.stderr)
            return error(
                500,
                "ServiceException",
                f"The local cloud failed: {type(problem).__name__}. Its own output has the details; start it again "
                "if this stays.",
                str(uuid.uuid4()),
                kind="Service",
            )

    async def _route(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/_labsupport/health":
            return web.json_response(self.identity | {"status": "ok"})
        if request.path == "/_labsupport/usage":
            return web.json_response(await self._used())
        if request.path == "/_labsupport/tape":
            return web.json_response({"requests": self._gateway.tape.of(request.query.get("api", ""))})
        if request.path.startswith(DOWNLOAD_PATH):
            return self._download(request)
        address = self._gateway.claims(request)
        if address:
            return await self._gateway.answer(request, address)
        if request.headers.get("Expect", "").lower() == "100-continue":
            # botocore sends this with every S3 upload and waits a whole second for the answer.
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        body = await request.content.read()
        denial = await self._access.authorize(request.method, request.raw_path, request.headers, body)
        if denial:
            return _refusal(denial)
        raw_path = request.raw_path.partition("?")[0]
        match = _INVOKE.match(raw_path) if request.method == "POST" else None
        if match:
            return await invoke(self._engine, request, self._region_of(request), unquote(match[1]), body)
        match = _INVOKE_ASYNC.match(raw_path) if request.method == "POST" else None
        if match:
            return await invoke(
                self._engine, request, self._region_of(request), unquote(match[1]), body, deprecated=True
            )
        service = self._service_of(request)
        if service == "lambda" or (not service and _LAMBDA_PATH.match(raw_path)):
            answer = await self._lambda_api.handle(
                request.method,
                raw_path,
                list(request.query.items()),
                request.headers,
                body,
                self._region_of(request),
            )
            return web.Response(status=answer.status, body=answer.body, headers=answer.headers)
        if service == "apigateway" and request.method == "POST":
            tested = await self._gateway.test_invoke_method(raw_path, self._region_of(request), body)
            if tested:
                return tested
        if service == "s3" or (not service and _may_be_s3(request)):
            return await self._answer_s3(request, body)
        return await self._forward(request, service, body)

    async def _used(self) -> dict[str, Any]:
        await self._moto.flush_logs()
        units = await self._moto.ask("dynamodb_units") if self._usage.has_seen("dynamodb") else {}
        return self._usage.document(units, self._moto.stored_log_bytes)

    def _download(self, request: web.BaseRequest) -> web.StreamResponse:
        file = self._lambda_api.packages.downloadable(request.path, request.query_string)
        if file is None:
            return web.Response(status=403, text="This URL has expired. GetFunction answers with a new one.\n")
        return web.FileResponse(file, headers={"Content-Type": "application/zip"})

    # --- everything else ---------------------------------------------------------------------------------------

    async def _answer_s3(self, request: web.BaseRequest, body: bytes) -> web.Response:
        """S3 is moto's but for the notifications of buckets. Each answer has the ids that its events name, too."""
        ids = Ids(secrets.token_hex(8).upper(), secrets.token_urlsafe(57))
        response: web.Response | None = None
        if "notification" in request.query:
            place = place_of(request.raw_path.partition("?")[0], request.host)
            answer = await self._triggers.s3.answer(request.method, place.bucket, request.headers, body, ids)
            if answer:
                response = web.Response(status=answer.status, body=answer.body, headers=answer.headers)
                self._usage.request(request.method, request.raw_path, request.headers, body, answer.status, b"")
        if response is None:
            response = await self._forward(
                request,
                "s3",
                body,
                {"X-Labsupport-Request-Id": ids.request_id, "X-Labsupport-Host-Id": ids.host_id},
            )
        if response.status >= 400 and isinstance(response.body, bytes):
            response.body = _REQUEST_ID.sub(rb"\g<1>%s\g<2>" % ids.request_id.encode(), response.body)
        response.headers.pop("X-Amzn-Requestid", None)  # moto's; S3 has none of this name
        response.headers["x-amz-request-id"] = ids.request_id
        response.headers["x-amz-id-2"] = ids.host_id
        return response

    async def _forward(
        self, request: web.BaseRequest, service: str, body: bytes, more: dict[str, str] | None = None
    ) -> web.Response:
        """Let moto answer; ``more`` are headers for it alone."""
        if service == "logs":
            await self._moto.flush_logs()
            if request.headers.get("X-Amz-Target", "").endswith(".PutSubscriptionFilter"):
                problem = await self._triggers.pushes.log_subscriptions.refuse(self._region_of(request), body)
                if problem:
                    return web.json_response({"__type": "InvalidParameterException", "message": problem}, status=400)
        headers: CIMultiDict[str] = CIMultiDict(more or {})
        underscored: list[tuple[str, str]] = []
        for name, value in request.headers.items():
            if name.lower() in _HOP_BY_HOP or name.lower() == "content-length":
                continue
            if "_" in name:
                underscored.append((name, value))
            else:
                headers.add(name, value)
        if underscored:
            headers["X-Labsupport-Underscored"] = json.dumps(underscored)
        status, answer_headers, answer_body = await self._moto.forward(request.method, request.raw_path, headers, body)
        self._access.note_call(request.method, request.raw_path, request.headers, body)
        self._usage.request(request.method, request.raw_path, request.headers, body, status, answer_body)
        hidden = await self._access.hide_missing_object(request.method, request.raw_path, request.headers, status)
        if hidden:
            return _refusal(hidden)
        answer: CIMultiDict[str] = CIMultiDict()
        for name, value in answer_headers.items():
            if name.lower() not in _HOP_BY_HOP and name.lower() not in ("content-length", "server", "date"):
                # waitress writes header names in capitals; S3 metadata names are lower case on AWS.
                answer.add(name.lower() if name.lower().startswith("x-amz-meta-") else name, value)
        response = web.Response(status=status, body=answer_body, headers=answer)
        if request.method == "HEAD" and "Content-Length" in answer_headers:
            response.headers["Content-Length"] = answer_headers["Content-Length"]
        return response

    def _region_of(self, request: web.BaseRequest) -> str:
        match = _CREDENTIAL.search(request.headers.get("Authorization", ""))
        return match[1] if match else self._region

    @staticmethod
    def _service_of(request: web.BaseRequest) -> str:
        match = _CREDENTIAL.search(request.headers.get("Authorization", ""))
        return match[2] if match else ""


def _may_be_s3(request: web.BaseRequest) -> bool:
    """Of a request without a signature in its headers: presigned URLs, forms of browsers, public objects. Other
    services are called with a target or with a form of their own."""
    if _PRESIGNED.search(request.raw_path):
        return True
    kind = request.headers.get("Content-Type", "")
    return "X-Amz-Target" not in request.headers and not kind.startswith("application/x-www-form-urlencoded")


def _refusal(denial: Denial) -> web.Response:
    return web.Response(status=denial.status, body=denial.body, headers=denial.headers)
