"""Every request to an API or a function URL of the cloud comes here, whichever kind of API it is for."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ..access import Access
from ..control_plane import MotoControlPlane
from ..functions import limits
from ..functions.engine import Engine
from ..lambda_api.api import LambdaApi
from .addresses import Address, address_of, domain_name
from .http_message import HttpResponse, read_request
from .invocation import FunctionInvoker
from .tape import Tape

if TYPE_CHECKING:
    from .function_urls import FunctionUrls
    from .http_api.http_apis import HttpApis
    from .rest.rest_apis import RestApis

#: API Gateway Developer Guide, "Amazon API Gateway quotas": payload size, 10 MB, for REST and HTTP APIs.
_PAYLOAD_BYTES = 10 * 1024 * 1024
_REMEMBERED_APIS = 200
_TEST_INVOKE = re.compile(r"/restapis/([^/]+)/resources/([^/]+)/methods/([^/]+)")


class Gateway:
    """One per cloud. What answers for a kind of API is imported with the first request for one."""

    def __init__(
        self, engine: Engine, lambda_api: LambdaApi, moto: MotoControlPlane, access: Access, time_scale: float
    ) -> None:
        self.engine = engine
        self.lambda_api = lambda_api
        self.moto = moto
        self.access = access
        self.time_scale = time_scale
        self.invoker = FunctionInvoker(engine, lambda_api.store, access)
        self.tape = Tape()
        self._rest_apis: RestApis | None = None
        self._http_apis: HttpApis | None = None
        self._function_urls: FunctionUrls | None = None
        self._snapshots: dict[tuple[str, str | None], tuple[Any, Any]] = {}
        self._generation = 0
        moto.on("apis_changed", self._forget)
        moto.on("authorizers_flushed", self._flush_authorizers)

    def claims(self, request: web.BaseRequest) -> Address | None:
        """The address when the request is for an API or a function URL, None when it is for AWS's own APIs."""
        return address_of(request.host, request.raw_path.partition("?")[0])

    async def answer(self, request: web.BaseRequest, address: Address) -> web.StreamResponse:
        """The response, whatever the client sent. Raises ConnectionError when the client has gone."""
        if address.kind == Address.FUNCTION_URL:
            return await self._function_url(request, address)
        kind, api = await self._api(address)
        if kind is None:
            return _forbidden().to_web()
        message, whole = await read_request(
            request,
            raw_path=address.raw_path,
            domain_name=domain_name(Address.API, address.identifier, api.region),
            limit=_PAYLOAD_BYTES,
        )
        response = await kind.answer(api, message) if whole else kind.too_large(api, message)
        self.tape.record(address.identifier, message, response, time.time() - message.received)
        answer: web.Response = response.to_web()
        if not whole:
            answer.force_close()
        return answer

    async def _api(self, address: Address) -> tuple[Any, Any]:
        """What answers for the API (``answer``, ``too_large``), and the API as that wants it; None when there is none."""
        key = (address.identifier, address.region)
        found = self._snapshots.get(key)
        if found is None:
            generation = self._generation
            document = await self.moto.ask("api", api_id=address.identifier, region=address.region)
            found = self._read(document)
            if generation == self._generation:  # otherwise it has changed while moto answered
                if len(self._snapshots) >= _REMEMBERED_APIS:
                    self._snapshots.clear()
                self._snapshots[key] = found
        return found

    def _read(self, document: dict[str, Any] | None) -> tuple[Any, Any]:
        if document is None:
            return None, None
        if document["kind"] == "rest":
            return self.rest_apis, self.rest_apis.snapshot(document)
        return self.http_apis, self.http_apis.snapshot(document)

    @property
    def rest_apis(self) -> RestApis:
        if self._rest_apis is None:
            from .rest.rest_apis import RestApis

            self._rest_apis = RestApis(self.invoker, self.access, self.moto.deliver_log)
        return self._rest_apis

    async def _function_url(self, request: web.BaseRequest, address: Address) -> web.StreamResponse:
        urls = self.function_urls
        target = urls.find(address.identifier, address.region)
        if target is None:
            return urls.unknown(address.identifier).to_web()
        message, whole = await read_request(
            request,
            raw_path=address.raw_path,
            domain_name=domain_name(Address.FUNCTION_URL, address.identifier, target.url.region),
            limit=limits.SYNCHRONOUS_PAYLOAD_BYTES,
        )
        response = await urls.answer(target, message) if whole else urls.too_large(target, message)
        answer: web.Response = response.to_web()
        if not whole:
            answer.force_close()
        return answer

    @property
    def function_urls(self) -> FunctionUrls:
        if self._function_urls is None:
            from .function_urls import FunctionUrls

            self._function_urls = FunctionUrls(self.lambda_api.store, self.invoker, self.access)
        return self._function_urls

    @property
    def http_apis(self) -> HttpApis:
        if self._http_apis is None:
            from .http_api.http_apis import HttpApis

            self._http_apis = HttpApis(self.invoker, self.access, self.moto)
        return self._http_apis

    async def test_invoke_method(self, raw_path: str, region: str, body: bytes) -> web.Response | None:
        """The answer to TestInvokeMethod; None when the path is not one of it, or the API is not there."""
        match = _TEST_INVOKE.fullmatch(raw_path)
        found = match and await self.moto.ask("rest_api_now", api_id=match[1], region=region)
        if not match or not found:
            return None
        from .rest.method_test import invoke_method

        status, document = await invoke_method(self.rest_apis, match[1], region, found, match[2], match[3], body)
        headers = {} if status == 200 else {"x-amzn-ErrorType": "NotFoundException"}
        return web.json_response(document, status=status, headers=headers)

    def _forget(self, _notice: dict[str, Any]) -> None:
        self._generation += 1
        self._snapshots.clear()
        if self._http_apis:
            self._http_apis.forget()

    def _flush_authorizers(self, notice: dict[str, Any]) -> None:
        if self._rest_apis is not None:
            self._rest_apis.authorization.cache.flush(notice["api_id"], notice["stage"])

    async def close(self) -> None:
        await self.invoker.close()


def _forbidden() -> HttpResponse:
    """AWS's answer at the host of an API that is not there."""
    return HttpResponse(
        403,
        (("Content-Type", "application/json"), ("x-amzn-ErrorType", "ForbiddenException")),
        b'{"message":"Forbidden"}',
    )
