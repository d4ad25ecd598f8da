"""What is measured: the local cloud, the floor, the peers, and moto's own server for its memory."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import sys
import venv
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import peers
from .contender import CannotMeasure, Contender, free_port
from .raw_http import REGION

ECHO = "def handler(event, context):\n    return event\n"
#: Behind an API: answers with the name and the body it was asked with.
API_HANDLER = """import json


def handler(event, context):
    answer = {"n": event["queryStringParameters"]["n"], "body": event.get("body")}
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(answer)}
"""
SLEEPER = "import time\n\n\ndef handler(event, context):\n    time.sleep(0.2)\n    return event\n"
PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


class Lab(Contender):
    """The local cloud, with everything it has switched on. ``options`` are more of ``labsupport cloud``'s."""

    key, label = "lab", "Lambda Lab"
    options: tuple[str, ...] = ()

    def command(self, functions: dict[str, str]) -> list[str]:
        owner = ("--owner-pid", str(os.getpid()))
        return [sys.executable, "-m", "labsupport.localcloud", "--port", str(self.port), *owner, *self.options]

    def is_ready(self) -> bool:
        return b"\n" in (self.folder / "output.txt").read_bytes()

    def deploy(self, functions: dict[str, str]) -> None:
        role = self.client("iam").create_role(RoleName="bench", AssumeRolePolicyDocument=json.dumps(_TRUST))
        self.client("iam").attach_role_policy(
            RoleName="bench", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
        )
        _create_functions(self.client(), role["Role"]["Arn"], functions)


class FloorServer(Contender):
    """See ``floor.py``."""

    key, label = "floor", "floor"

    def command(self, functions: dict[str, str]) -> list[str]:
        for name, source in functions.items():
            (self.folder / "functions" / name).mkdir(parents=True)
            (self.folder / "functions" / name / "app.py").write_text(source)
        floor = ["-m", "tests.bench.floor", str(self.folder / "functions"), str(bare_python(self.folder))]
        return [sys.executable, *floor]

    def variables(self, home: Path) -> dict[str, str]:
        return super().variables(home) | {"PYTHONPATH": str(peers.ROOT)}

    def is_ready(self) -> bool:
        written = (self.folder / "output.txt").read_bytes()
        if not written.endswith(b"\n"):
            return False
        self.endpoint = json.loads(written.splitlines()[0])["endpoint"]
        return True


class MiniStack(Contender):
    """ministack: an emulator of AWS whose functions are local processes too (its default)."""

    key, label = "ministack", f"ministack {peers.MINISTACK.version}"

    @classmethod
    def problem(cls) -> str:
        return peers.MINISTACK.problem()

    def command(self, functions: dict[str, str]) -> list[str]:
        return [str(peers.MINISTACK.program("ministack"))]

    def variables(self, home: Path) -> dict[str, str]:
        return super().variables(home) | {"GATEWAY_PORT": str(self.port), "BIND_HOST": "127.0.0.1"}

    def deploy(self, functions: dict[str, str]) -> None:
        role = self.client("iam").create_role(RoleName="bench", AssumeRolePolicyDocument=json.dumps(_TRUST))
        _create_functions(self.client(), role["Role"]["Arn"], functions)


class ServerlessOffline(Contender):
    """serverless-offline: runs what a serverless.yml declares; boto3 can invoke it at its Lambda port."""

    key, label = "serverless-offline", f"serverless-offline {peers.SERVERLESS.version}"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        #: Where its APIs are; Lambda is at ``port``.
        self.http_port = free_port()

    @classmethod
    def problem(cls) -> str:
        return peers.SERVERLESS.problem()

    def command(self, functions: dict[str, str]) -> list[str]:
        rows = ["service: bench", 'frameworkVersion: "3"', "configValidationMode: off", "provider:", "  name: aws"]
        rows += [f"  runtime: {PYTHON}", f"  region: {REGION}", "  stage: dev", "plugins:", "  - serverless-offline"]
        rows += ["functions:"]
        for name, source in (functions or {"echo": ECHO}).items():  # it does not start without any
            module = name.replace("-", "_")
            (self.folder / f"{module}.py").write_text(source)
            rows += [f"  {name}:", f"    handler: {module}.handler", "    timeout: 60"]
            if source == API_HANDLER:
                rows += ["    events:", f"      - http: {{path: {name}, method: get}}"]
        (self.folder / "serverless.yml").write_text("\n".join(rows) + "\n")
        (self.folder / "node_modules").symlink_to(peers.SERVERLESS.folder / "node_modules")
        ports = ("--lambdaPort", str(self.port), "--httpPort", str(self.http_port), "--websocketPort", str(free_port()))
        return [str(peers.SERVERLESS.program("serverless")), "offline", "start", *ports]

    def variables(self, home: Path) -> dict[str, str]:
        # Without these it asks its maker for news and reports its use.
        quiet = {
            "CI": "1",
            "SLS_DEPRECATION_DISABLE": "*",
            "SLS_INTERACTIVE_SETUP_ENABLE": "0",
            "SLS_NOTIFICATIONS_MODE": "off",
            "SLS_TELEMETRY_DISABLED": "1",
            "SLS_TRACKING_DISABLED": "1",
        }
        return super().variables(home) | quiet

    def is_ready(self) -> bool:
        return (
            b"Offline [http for lambda] listening" in (self.folder / "output.txt").read_bytes() and super().is_ready()
        )

    def function_name(self, name: str) -> str:
        return f"bench-dev-{name}"


class ChaliceLocal(Contender):
    """``chalice local``: the view functions of one app inside a development server; no runtime, no Invoke."""

    key, label = "chalice", f"chalice local {peers.CHALICE.version}"

    @classmethod
    def problem(cls) -> str:
        return peers.CHALICE.problem()

    def command(self, functions: dict[str, str]) -> list[str]:
        rows = ["from chalice import Chalice", "", 'app = Chalice(app_name="bench")']
        for name, source in functions.items():
            module = name.replace("-", "_")
            (self.folder / "chalicelib").mkdir(exist_ok=True)
            (self.folder / "chalicelib" / "__init__.py").touch()
            (self.folder / "chalicelib" / f"{module}.py").write_text(source)
            rows += ["", "", f'@app.route("/{name}", methods=["POST"])', f"def {module}():"]
            rows += [
                f"    from chalicelib.{module} import handler",
                "    return handler(app.current_request.json_body, None)",
            ]
        (self.folder / "app.py").write_text("\n".join(rows) + "\n")
        (self.folder / ".chalice").mkdir()
        (self.folder / ".chalice" / "config.json").write_text('{"version": "2.0", "app_name": "bench"}\n')
        return [str(peers.CHALICE.program("chalice")), "local", "--port", str(self.port), "--no-autoreload"]

    def invoke_url(self, name: str) -> str:
        return f"{self.endpoint}/{name}"


class MotoServer(Contender):
    """``moto_server``: what the local cloud's control plane is made of, alone. It runs no functions here."""

    key, label = "moto", "moto server"

    def command(self, functions: dict[str, str]) -> list[str]:
        return [sys.executable, "-m", "moto.server", "-p", str(self.port)]


CONTENDERS: dict[str, type[Contender]] = {
    one.key: one for one in (Lab, FloorServer, MiniStack, ServerlessOffline, ChaliceLocal, MotoServer)
}


def bare_python(folder: Path) -> Path:
    """An interpreter with nothing installed: the start-up files (.pth) that tools leave in the lab's own environment
    would make the floor look slower than it is."""
    place = folder / "bare"
    if not place.exists():
        venv.EnvBuilder(symlinks=True).create(place)
    return place / "bin" / "python"


def runtime_packages() -> str:
    """The folder that holds awslambdaric."""
    spec = importlib.util.find_spec("awslambdaric")
    if spec is None or spec.origin is None:
        raise CannotMeasure("awslambdaric is not installed here (Linux only)")
    return str(Path(spec.origin).parents[1])


def invoke(client: Any, name: str, event: bytes) -> bytes:
    """One synchronous invocation through boto3, its payload read."""
    answer = client.invoke(FunctionName=name, Payload=event)
    payload: bytes = answer["Payload"].read()
    if answer.get("FunctionError"):
        raise CannotMeasure(f"the function failed: {payload[:300]!r}")
    return payload


def _create_functions(client: Any, role: str, functions: dict[str, str]) -> None:
    for name, source in functions.items():
        client.create_function(
            FunctionName=name,
            Runtime=PYTHON,
            Role=role,
            Handler="app.handler",
            Timeout=60,
            Code={"ZipFile": _zip(source)},
        )
    _wait_until_active(client, functions)


def _wait_until_active(client: Any, functions: Iterable[str]) -> None:
    for name in functions:
        client.get_waiter("function_active_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 600}
        )


def _zip(source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        member = zipfile.ZipInfo("app.py", (2026, 1, 1, 0, 0, 0))
        member.external_attr = 0o100644 << 16
        archive.writestr(member, source)
    return buffer.getvalue()
