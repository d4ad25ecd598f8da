"""``labsupport doctor``: does the lab work on this machine? One line for each thing it looks at."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import io
import json
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from .exercises.probe import cloud_client
from .lab_home import lab_home, log_folder
from .targets.local import CloudProblem, LocalCloud

_OLDEST_PYTHON = (3, 11)
_FREE_BYTES = 500 * 1024 * 1024
_PACKAGES = ("boto3", "moto", "jupyterlab", "ipykernel", "aiohttp", "waitress")
_HANDLER = "def handler(event, context):\n    return {'sum': event['a'] + event['b'], 'at': __file__}\n"


@dataclass(frozen=True)
class Finding:
    """One line. ``state`` is OK, NOTE (works, with a difference to know of) or PROBLEM; ``cure`` says what to do."""

    name: str
    state: str
    text: str
    cure: str = ""


_SYMBOLS = {"OK": "✔", "NOTE": "•", "PROBLEM": "✘"}


def main(*, as_json: bool = False) -> int:
    """Look at everything and print it. Returns 0, or 1 when there is a problem."""
    console = Console(highlight=False, soft_wrap=True)
    findings = []
    with console.status("Looking at the lab ...") if console.is_terminal and not as_json else _nothing():
        for finding in examine():
            findings.append(finding)
            if not as_json:
                console.print(line(finding), markup=False)
    problems = [finding for finding in findings if finding.state == "PROBLEM"]
    if as_json:
        print(json.dumps({"ok": not problems, "findings": [asdict(finding) for finding in findings]}, indent=1))
    elif problems:
        console.print(f"{len(problems)} problem(s). Do what the lines above say, then run labsupport doctor again.")
    else:
        console.print("The lab is healthy.")
    return 1 if problems else 0


def line(finding: Finding) -> str:
    """Symbol and word, what was found, and on a second line what to do."""
    text = f"{_SYMBOLS[finding.state]} {finding.state:<8} {finding.name}: {finding.text}"
    return f"{text}\n  → {finding.cure}" if finding.cure else text


def examine() -> Iterator[Finding]:
    """Every finding, in the order a newcomer would need them. None of the looks can raise."""
    for look in (_python, _packages, _runtime_client, _jupyterlab, _write_access, _disk):
        yield _guarded(look)
    yield from _cloud()


def _guarded(look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except Exception as problem:  # a look that fails is a finding, not a crash
        return Finding(look.__name__.strip("_").replace("_", " "), "PROBLEM", f"{type(problem).__name__}: {problem}")


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _OLDEST_PYTHON:
        return Finding("Python", "PROBLEM", f"{version} is too old", "Install Python 3.11 or newer, then make lab.")
    return Finding("Python", "OK", f"{version} at {sys.executable}")


def _packages() -> Finding:
    pins = pinned_versions()
    texts, wrong = [], []
    for name in _PACKAGES:
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return Finding("Packages", "PROBLEM", f"{name} is not installed", "Run make lab in the course folder.")
        texts.append(f"{name} {version}")
        if pins.get(name, version) != version:
            wrong.append(f"{name} {version} (tested with {pins[name]})")
    if wrong:
        return Finding("Packages", "NOTE", "; ".join(wrong), "For the tested versions: delete .venv and run make lab.")
    return Finding("Packages", "OK", ", ".join(texts))


def pinned_versions() -> dict[str, str]:
    """Versions of constraints.txt, where the course folder has one."""
    for folder in (Path(__file__).resolve().parents[1], Path.cwd(), *Path.cwd().parents):
        path = folder / "constraints.txt"
        if path.is_file():
            pairs = (row.partition(";")[0].partition("==") for row in path.read_text().splitlines() if "==" in row)
            return {name.strip().lower(): version.strip() for name, _, version in pairs}
    return {}


def _runtime_client() -> Finding:
    if importlib.util.find_spec("awslambdaric") and importlib.util.find_spec("runtime_client"):
        version = importlib.metadata.version("awslambdaric")
        return Finding("Runtime client", "OK", f"awslambdaric {version} with its native client")
    if sys.platform != "linux":
        return Finding("Runtime client", "NOTE", "the lab's own loop; AWS publishes awslambdaric for Linux only")
    return Finding(
        "Runtime client",
        "NOTE",
        "the lab's own loop, because awslambdaric's native client is missing",
        "pip install awslambdaric in the lab's environment gives you AWS's own.",
    )


def _jupyterlab() -> Finding:
    version = importlib.metadata.version("jupyterlab")
    if importlib.util.find_spec("jupyterlab") is None:
        return Finding("JupyterLab", "PROBLEM", "cannot be imported", "Run make lab in the course folder.")
    return Finding("JupyterLab", "OK", version)


def _write_access() -> Finding:
    for folder, cure in (
        (Path.cwd(), "Move the course to a folder of your own."),
        (lab_home(), "Set LAB_HOME to a folder you may write to."),
    ):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as problem:
            return Finding("Write access", "PROBLEM", f"{folder}: {problem.strerror}", cure)
    return Finding("Write access", "OK", f"this folder and {lab_home()}")


def _disk() -> Finding:
    for folder in {Path.cwd(), Path(tempfile.gettempdir())}:
        free = shutil.disk_usage(folder).free
        if free < _FREE_BYTES:
            return Finding(
                "Disk", "PROBLEM", f"{free // 1024**2} MB free in {folder}", "Make room: the lab wants 500 MB."
            )
    return Finding("Disk", "OK", f"{shutil.disk_usage(Path.cwd()).free // 1024**3} GB free")


def _cloud() -> Iterator[Finding]:
    """Start a cloud, look who can reach it, and run a function in it."""
    try:
        cloud = LocalCloud.launch(log_folder() / "doctor-cloud.log").ready(lambda _line: None)
    except (CloudProblem, OSError) as problem:
        yield Finding("Local cloud", "PROBLEM", str(problem), "Run labsupport cloud to see it fail in the open.")
        return
    try:
        yield _guarded(lambda: _sandbox(cloud))
        yield _guarded(lambda: _loopback(cloud))
        yield _guarded(lambda: _function(cloud))
    finally:
        cloud.stop()


def _sandbox(cloud: LocalCloud) -> Finding:
    kind = cloud.identity.sandbox
    if kind == "bwrap":
        return Finding("Sandbox", "OK", "bubblewrap: /var/task is read-only, /tmp is private")
    return Finding(
        "Sandbox",
        "NOTE",
        "none: /var/task is an ordinary folder and /tmp is this machine's",
        "On Linux: apt-get install bubblewrap." if sys.platform == "linux" else "",
    )


def _loopback(cloud: LocalCloud) -> Finding:
    import psutil

    connections = psutil.Process(cloud.identity.pid).net_connections("inet")
    addresses = {one.laddr.ip for one in connections if one.status == psutil.CONN_LISTEN}
    outside = sorted(address for address in addresses if not address.startswith("127.") and address != "::1")
    if outside:
        return Finding("Loopback only", "PROBLEM", f"the cloud listens on {', '.join(outside)}", "Please report this.")
    return Finding("Loopback only", "OK", f"the cloud listens on {', '.join(sorted(addresses))} and nowhere else")


def _function(cloud: LocalCloud) -> Finding:
    def client(service: str) -> Any:
        return cloud_client(service, cloud.identity.endpoint, cloud.identity.region)

    trust = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
        '"Principal":{"Service":"lambda.amazonaws.com"}}]}'
    )
    role = client("iam").create_role(RoleName="doctor", AssumeRolePolicyDocument=trust)
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", _HANDLER)
    functions = client("lambda")
    functions.create_function(
        FunctionName="doctor",
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler="app.handler",
        Code={"ZipFile": package.getvalue()},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="doctor", WaiterConfig={"Delay": 0.05})
    started = time.perf_counter()
    response = functions.invoke(FunctionName="doctor", Payload=b'{"a": 1, "b": 2}')
    milliseconds = (time.perf_counter() - started) * 1000
    answer = json.load(response["Payload"])
    if response.get("FunctionError") or answer.get("sum") != 3:
        return Finding("A function", "PROBLEM", f"answered {answer}", "Run labsupport cloud and look at its output.")
    return Finding("A function", "OK", f"deployed and invoked in a process of its own ({milliseconds:.0f} ms, cold)")


class _nothing:  # noqa: N801 - reads as the word it is
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...
