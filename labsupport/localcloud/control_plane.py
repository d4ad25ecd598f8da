"""The front door's client of the moto process: proxied requests of learners, and the engine's own questions."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import secrets
import subprocess
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from .functions.specification import FunctionSpecification

_MOTO_START_SECONDS = 60.0
_ALL_LOG_RIGHTS = frozenset(("CreateLogGroup", "CreateLogStream", "PutLogEvents"))


class MotoDown(Exception):
    """The moto process did not start or has ended; the text says which."""


class MotoControlPlane:
    """Starts the moto process and talks to it. Use ``start``, then the methods, then ``close``."""

    def __init__(self, state_folder: Path) -> None:
        self._state_folder = state_folder
        self._token = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None
        self._base = ""
        self._session: aiohttp.ClientSession | None = None
        self._pending: dict[tuple[str, str, str, str | None], list[dict[str, object]]] = defaultdict(list)
        self._pending_bytes = 0
        #: ``await log_rights(role, region, group, stream)``: names of the logs actions the role has (Access tells).
        self.log_rights: Callable[[str, str, str, str], Awaitable[frozenset[str]]] | None = None
        self._delivering: asyncio.Task[None] | None = None

    def launch(self, front_door: str) -> None:
        """Start the process; it loads while the caller does other things. ``front_door`` is ``host:port``."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "labsupport.localcloud.moto_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C in the terminal reaches the cloud, which then ends moto in order
        )
        settings = {
            "state_dir": str(self._state_folder),
            "front_door": front_door,
            "token": self._token,
        }
        assert self._process.stdin
        self._process.stdin.write(json.dumps(settings).encode() + b"\n")
        self._process.stdin.flush()

    async def ready(self) -> None:
        """Wait until moto answers. Raises MotoDown when it ends or takes over a minute."""
        assert self._process and self._process.stdout
        try:
            line = await asyncio.wait_for(asyncio.to_thread(self._process.stdout.readline), _MOTO_START_SECONDS)
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

    def has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    async def close(self) -> None:
        """Let go of logs not stored yet, end the process; it then removes the state folder."""
        if self._delivering is not None:
            # Logs end with the cloud anyway: nobody can read them after this.
            self._delivering.cancel()
            with contextlib.suppress(asyncio.CancelledError, aiohttp.ClientError):
                await self._delivering
        if self._session:
            await self._session.close()
        if self._process and self._process.stdin:
            self._process.stdin.close()
            try:
                await asyncio.to_thread(self._process.wait, 10)
            except subprocess.TimeoutExpired:
                self._process.kill()

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

    async def _ask(self, call: str, **arguments: Any) -> Any:
        assert self._session
        async with self._session.post(
            f"{self._base}/_labsupport/moto/{call}",
            json=arguments,
            headers={"X-Labsupport-Token": self._token},
        ) as response:
            response.raise_for_status()
            return await response.json()

    # --- engine.ControlPlane -----------------------------------------------------------------------------------

    async def function(self, region: str, name: str, qualifier: str | None) -> FunctionSpecification | None:
        document = await self._ask("function", region=region, name=name, qualifier=qualifier)
        return FunctionSpecification.from_wire(document) if document else None

    async def code(self, region: str, name: str, version: str) -> bytes:
        return base64.b64decode(await self._ask("code", region=region, name=name, version=version))

    async def layer(self, region: str, arn: str) -> bytes | None:
        answer = await self._ask("layer", region=region, layer_version_arn=arn)
        return None if answer is None else base64.b64decode(answer)

    async def credentials(self, region: str, role: str, session_name: str) -> dict[str, str]:
        answer: dict[str, str] = await self._ask("credentials", region=region, role_arn=role, session_name=session_name)
        return answer

    # --- access.Directory --------------------------------------------------------------------------------------

    async def identity(self, access_key: str) -> dict[str, Any] | None:
        answer: dict[str, Any] | None = await self._ask("identity", access_key=access_key)
        return answer

    async def role(self, role_arn: str) -> dict[str, Any] | None:
        answer: dict[str, Any] | None = await self._ask("role", role_arn=role_arn)
        return answer

    async def resource(self, kind: str, region: str, name: str) -> dict[str, Any] | None:
        answer: dict[str, Any] | None = await self._ask("resource", kind=kind, region=region, name=name)
        return answer

    # --- logs --------------------------------------------------------------------------------------------------

    def deliver_log(
        self, region: str, group: str, stream: str, events: list[dict[str, object]], role: str | None = None
    ) -> None:
        """Take events; they are stored soon, and at the latest before anyone reads logs (``flush_logs``), as far as
        ``role`` may write them."""
        self._pending[region, group, stream, role].extend(events)
        self._pending_bytes += sum(len(str(event["message"])) for event in events)
        if self._delivering is None or self._delivering.done():
            self._delivering = asyncio.get_running_loop().create_task(self._deliver_soon())

    def undelivered_log_bytes(self) -> int:
        return self._pending_bytes

    async def flush_logs(self) -> None:
        """Return when everything delivered so far is in CloudWatch Logs."""
        while self._delivering is not None and not self._delivering.done():
            await asyncio.shield(self._delivering)

    async def _deliver_soon(self) -> None:
        # A burst of invocations becomes few requests; readers do not wait for this pause but for the end of it.
        await asyncio.sleep(0.05)
        while self._pending:
            pending, self._pending = self._pending, defaultdict(list)
            self._pending_bytes = 0
            for (region, group, stream, role), events in pending.items():
                rights = _ALL_LOG_RIGHTS
                if role is not None and self.log_rights is not None:
                    rights = await self.log_rights(role, region, group, stream)
                if "PutLogEvents" in rights:
                    await self._ask(
                        "logs",
                        region=region,
                        group=group,
                        stream=stream,
                        events=events,
                        may_create_group="CreateLogGroup" in rights,
                        may_create_stream="CreateLogStream" in rights,
                    )
