"""The front door's client of the moto process: proxied requests of learners, and the engine's own questions."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import traceback
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import IO, Any
from urllib.parse import quote
from xml.etree import ElementTree

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from .lambda_api.api import LambdaApi
from .lambda_api.packages import ObjectError
from .moto_launch import MotoProcess

_MOTO_START_SECONDS = 60.0
#: A notice may carry the event of an asynchronous invocation (1 MB), coded as JSON text in JSON.
_LONGEST_NOTICE_BYTES = 16 * 1024 * 1024
_LOG_PAUSE_SECONDS = 0.25
_LOG_BATCH_BYTES = 1024 * 1024
_ALL_LOG_RIGHTS = frozenset(("CreateLogGroup", "CreateLogStream", "PutLogEvents"))


class MotoDown(Exception):
    """The moto process did not start or has ended; the text says which."""


class MotoControlPlane:
    """Talks to the moto process. Use ``ready``, then the methods, then ``close``."""

    def __init__(self, process: MotoProcess) -> None:
        self._process = process
        self._base = ""
        self._session: aiohttp.ClientSession | None = None
        self._pending: dict[tuple[str, str, str, str | None], list[dict[str, object]]] = defaultdict(list)
        self._pending_bytes = 0
        #: What functions' logs came to so far, in bytes of UTF-8: CloudWatch Logs charges for what it takes in.
        self.stored_log_bytes = 0
        #: ``await log_rights(role, region, group, stream)``: names of the logs actions the role has (Access tells).
        self.log_rights: Callable[[str, str, str, str], Awaitable[frozenset[str]]] | None = None
        self._delivering: asyncio.Task[None] | None = None
        self._log_readers: list[asyncio.Future[None]] = []
        self._log_wanted = asyncio.Event()
        self._listeners: dict[str, Callable[[dict[str, Any]], None]] = {}
        self._reading: asyncio.Task[None] | None = None

    def on(self, kind: str, listener: Callable[[dict[str, Any]], None]) -> None:
        """Call ``listener`` with the fields of each notice of this kind (``moto_notices``), in the order sent."""
        self._listeners[kind] = listener

    async def ready(self) -> None:
        """Wait until moto answers. Raises MotoDown when it ends or takes over a minute."""
        output = self._process.output
        try:
            line = await asyncio.wait_for(asyncio.to_thread(output.readline), _MOTO_START_SECONDS)
            port = json.loads(line)["port"]
        except (TimeoutError, ValueError, KeyError) as problem:
            raise MotoDown("the moto process did not start; its own message stands above") from problem
        self._base = f"http://127.0.0.1:{port}"
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=64, keepalive_timeout=60, use_dns_cache=False),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )
        self._reading = asyncio.create_task(self._read_notices(output))

    async def _read_notices(self, pipe: IO[bytes]) -> None:
        reader = asyncio.StreamReader(limit=_LONGEST_NOTICE_BYTES)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        while line := await reader.readline():
            notice = json.loads(line)
            listener = self._listeners.get(notice.pop("notice"))
            if listener:
                try:
                    listener(notice)
                except Exception:  # one that cannot be handled must not stop the others
                    traceback.print_exc(file=sys.stderr)

    def has_ended(self) -> bool:
        return self._process.has_ended()

    async def close(self) -> None:
        """Let go of logs not stored yet, end the process; it then removes the state folder."""
        if self._delivering is not None:
            # Logs end with the cloud anyway: nobody can read them after this.
            self._delivering.cancel()
            with contextlib.suppress(asyncio.CancelledError, aiohttp.ClientError):
                await self._delivering
        if self._session:
            await self._session.close()
        if self._reading:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        await asyncio.to_thread(self._process.end)

    async def forward(
        self, method: str, raw_path: str, headers: CIMultiDict[str], body: bytes
    ) -> tuple[int, CIMultiDict[str], bytes]:
        """Pass one request on unchanged (path undecoded, Host kept) and return status, headers, body."""
        assert self._session
        url = URL(self._base + raw_path, encoded=True)
        async with self._session.request(
            method, url, headers=headers, data=body or None, allow_redirects=False
        ) as response:
            return response.status, CIMultiDict(response.headers), await response.read()

    async def ask(self, call: str, **arguments: Any) -> Any:
        """What a function of a seam module says (``moto_process._INNER_CALLS``)."""
        assert self._session
        async with self._session.post(
            f"{self._base}/_labsupport/moto/{call}",
            json=arguments,
            headers={"X-Labsupport-Token": self._process.token},
        ) as response:
            response.raise_for_status()
            return await response.json()

    # --- lambda_api.Neighbours ---------------------------------------------------------------------------------

    async def role_trust_policy(self, role_arn: str) -> dict[str, Any] | None:
        answer: dict[str, Any] | None = await self.ask("role_trust_policy", role_arn=role_arn)
        return answer

    async def resource_exists(self, arn: str) -> bool:
        return bool(await self.ask("resource_exists", arn=arn))

    async def event_source(self, arn: str) -> dict[str, Any] | None:
        answer: dict[str, Any] | None = await self.ask("event_source", arn=arn)
        return answer

    async def s3_object(self, region: str, bucket: str, key: str, version: str | None) -> bytes:
        """The bytes of an object for Lambda. Raises ObjectError in S3's words; the bucket must be in ``region``."""
        scope = f"lambda/20260101/{region}/s3/aws4_request"
        headers = CIMultiDict({"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=, Signature="})
        path = f"/{quote(bucket, safe='')}"
        status, _headers, body = await self.forward("GET", f"{path}?location", headers, b"")
        if status == 200:
            home = _xml_text(body, "LocationConstraint") or "us-east-1"
            if home != region:
                raise ObjectError(
                    "PermanentRedirect",
                    f"The bucket is in this region: {home}. Please use this region to retry the request",
                )
            query = f"?versionId={quote(version, safe='')}" if version else ""
            status, _headers, body = await self.forward("GET", f"{path}/{quote(key)}{query}", headers, b"")
        if status != 200:
            raise ObjectError(_xml_text(body, "Code") or str(status), _xml_text(body, "Message"))
        return body

    # --- engine.ControlPlane, with lambda_api ------------------------------------------------------------------

    async def credentials(self, region: str, role: str, session_name: str) -> dict[str, str]:
        answer: dict[str, str] = await self.ask("credentials", region=region, role_arn=role, session_name=session_name)
        return answer

    async def service_request(
        self,
        service: str,
        region: str,
        credentials: dict[str, str],
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
    ) -> tuple[int, bytes]:
        """One request to a service of AWS, made by Lambda itself with a role's ``credentials``: status and body.

        It goes past the front door, so whoever calls this has asked whether the role may. moto reads the identity
        from the header and checks no signature.
        """
        scope = f"{credentials['access_key_id']}/{datetime.now(UTC):%Y%m%d}/{region}/{service}/aws4_request"
        signed = CIMultiDict(
            headers
            | {
                "Host": f"{service}.{region}.amazonaws.com",
                "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=lambda",
                "X-Amz-Security-Token": credentials["session_token"],
            }
        )
        status, _headers, answer = await self.forward(method, path, signed, body)
        return status, answer

    # --- access.Directory --------------------------------------------------------------------------------------

    async def identity(self, access_key: str) -> dict[str, Any] | None:
        answer: dict[str, Any] | None = await self.ask("identity", access_key=access_key)
        return answer

    async def role(self, role_arn: str) -> dict[str, Any] | None:
        answer: dict[str, Any] | None = await self.ask("role", role_arn=role_arn)
        return answer

    async def resource(self, kind: str, region: str, name: str) -> dict[str, Any] | None:
        answer: dict[str, Any] | None = await self.ask("resource", kind=kind, region=region, name=name)
        return answer

    # --- logs --------------------------------------------------------------------------------------------------

    def deliver_log(
        self, region: str, group: str, stream: str, events: list[dict[str, object]], role: str | None = None
    ) -> None:
        """Take events; they are stored soon, and at the latest before anyone reads logs (``flush_logs``), as far as
        ``role`` may write them."""
        self._pending[region, group, stream, role].extend(events)
        self._pending_bytes += sum(len(str(event["message"])) for event in events)
        if self._pending_bytes > _LOG_BATCH_BYTES:
            self._log_wanted.set()
        if self._delivering is None or self._delivering.done():
            self._delivering = asyncio.get_running_loop().create_task(self._deliver_soon())

    def undelivered_log_bytes(self) -> int:
        return self._pending_bytes

    async def flush_logs(self) -> None:
        """Return when everything delivered so far is in CloudWatch Logs."""
        if self._delivering is not None and not self._delivering.done():
            reader = asyncio.get_running_loop().create_future()
            self._log_readers.append(reader)
            self._log_wanted.set()
            await reader

    async def _deliver_soon(self) -> None:
        readers: list[asyncio.Future[None]] = []
        try:
            while self._pending or self._log_readers:
                # A burst of invocations becomes few requests, and moto works on them after the burst, not within it.
                # Who reads logs does not wait for the pause.
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._log_wanted.wait(), _LOG_PAUSE_SECONDS)
                self._log_wanted.clear()
                readers, self._log_readers = self._log_readers, []
                await self._deliver_pending()
                _tell(readers)
        finally:
            _tell(readers + self._log_readers)
            self._log_readers = []

    async def _deliver_pending(self) -> None:
        pending, self._pending = self._pending, defaultdict(list)
        self._pending_bytes = 0
        batches = []
        for (region, group, stream, role), events in pending.items():
            rights = _ALL_LOG_RIGHTS
            if role is not None and self.log_rights is not None:
                rights = await self.log_rights(role, region, group, stream)
            if "PutLogEvents" in rights:
                if role is not None:  # else they are the lab's own notes, of which AWS knows nothing
                    self.stored_log_bytes += sum(len(str(event["message"]).encode()) for event in events)
                may = {"may_create_group": "CreateLogGroup" in rights, "may_create_stream": "CreateLogStream" in rights}
                batches.append({"region": region, "group": group, "stream": stream, "events": events, **may})
        if batches:
            await self.ask("logs", batches=batches)


def _tell(readers: list[asyncio.Future[None]]) -> None:
    for reader in readers:
        if not reader.done():
            reader.set_result(None)


class EngineControlPlane:
    """What the engine asks for, from where it is kept: functions in the Lambda API, roles and logs in moto."""

    def __init__(self, functions: LambdaApi, moto: MotoControlPlane) -> None:
        self.function = functions.specification
        self.revisions = functions.revisions
        self.code = functions.packages.content
        self.layer = functions.layer
        self.credentials = moto.credentials
        self.deliver_log = moto.deliver_log
        self.undelivered_log_bytes = moto.undelivered_log_bytes
        self.service_request = moto.service_request


def _xml_text(body: bytes, name: str) -> str:
    """The text of the first element of this name, whatever its namespace; empty when there is none."""
    with contextlib.suppress(ElementTree.ParseError):
        for element in ElementTree.fromstring(body).iter():
            if element.tag.rpartition("}")[2] == name:
                return element.text or ""
    return ""
