"""How a check looks at the cloud: plain boto3 against its endpoint, with fresh random inputs."""

from __future__ import annotations

import contextlib
import random
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..insight.invocation import InvocationResult, invoke
from . import mistakes
from .messages import Message, shortened, shown
from .model import Step, SubCheck
from .outcomes import CheckStop, LabProblem, NotAttempted, NotDeployed, NotYet

#: Longest timeout a function can have, in seconds (Lambda Developer Guide, "Lambda quotas"), and some more.
_READ_TIMEOUT_SECONDS = 915
_CONNECT_TIMEOUT_SECONDS = 5
_BECOMING_ACTIVE_SECONDS = 30

#: What the answer of a function is called in a check.
Invocation = InvocationResult


@dataclass(frozen=True)
class DeployedFunction:
    """Configuration of a function as GetFunctionConfiguration gives it. ``timeout`` in seconds, ``memory`` in MB."""

    name: str
    arn: str
    handler: str
    runtime: str
    timeout: int
    memory: int
    role: str
    environment: dict[str, str]
    layers: tuple[str, ...]
    code_sha256: str
    code_size: int
    description: str


class Probe:
    """The one thing a check gets. It knows the cloud's endpoint and nothing of the kernel.

    ``rng`` is new for every check, so no answer can be known in advance.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        exercise_id: str,
        region: str = "us-east-1",
        attempted_before: bool = False,
        seed: int | None = None,
    ) -> None:
        self.rng = random.Random(secrets.randbits(64) if seed is None else seed)
        self.exercise_id = exercise_id
        self.endpoint = endpoint
        self.region = region
        self._attempted_before = attempted_before
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """A boto3 client of this service, bound to the cloud. One try a call, so a broken cloud shows at once."""
        if service not in self._clients:
            self._clients[service] = cloud_client(service, self.endpoint, self.region)
        return self._clients[service]

    # --- random inputs -----------------------------------------------------------------------------------------

    def word(self, letters: int = 8) -> str:
        """A word nobody can guess, of lower-case letters."""
        return "".join(self.rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(letters))

    def whole_number(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return self.rng.randint(low, high)

    # --- what is deployed --------------------------------------------------------------------------------------

    def function(self, name: str) -> DeployedFunction:
        """The function's configuration, once it is Active. Raises NotDeployed, LabProblem; NotYet when it cannot become
        active."""
        deadline = time.monotonic() + _BECOMING_ACTIVE_SECONDS
        while True:
            answer = self._guard(name, lambda: self.client("lambda").get_function_configuration(FunctionName=name))
            state, update = answer.get("State", "Active"), answer.get("LastUpdateStatus", "Successful")
            if "Failed" in (state, update):
                reason = answer.get("StateReason") or answer.get("LastUpdateStatusReason") or "no reason given"
                raise NotYet(
                    Message(
                        did=f"We looked at the function {name}.",
                        came_back=f"its state is Failed: {reason}",
                        expected="a function that is Active",
                        look="the last create_function or update_function_… call",
                    )
                )
            if state != "Pending" and update != "InProgress":
                return _deployed(answer)
            if time.monotonic() > deadline:
                raise LabProblem(
                    Message(
                        did=f"We waited {_BECOMING_ACTIVE_SECONDS} seconds for the function {name} to become Active.",
                        came_back=f"state {state}, last update {update}",
                        look="run lab.start again, then deploy again",
                    )
                )
            time.sleep(0.1)

    def invoke(self, name: str, event: Any, *, qualifier: str | None = None, may_fail: bool = False) -> Invocation:
        """Invoke the function and return what came back.

        A function that fails ends the step (YOUR CODE RAISED, or NOT YET with the message of a known mistake), except
        with ``may_fail=True``: then the result has its error document. Raises NotDeployed, NotAttempted, LabProblem.
        """
        self.function(name)
        result: Invocation = self._guard(name, lambda: invoke(self.client("lambda"), name, event, qualifier))
        self._refuse_untouched_starter(result)
        if result.failed and not may_fail:
            raise mistakes.failure(result)
        return result

    @contextlib.contextmanager
    def settings(self, name: str, **settings: Any) -> Iterator[None]:
        """The function with these settings (MemorySize, Timeout, Environment) for a while. Its own come back
        afterwards, whatever happens. Raises as ``function``."""
        before = self.function(name)
        own = {
            "MemorySize": before.memory,
            "Timeout": before.timeout,
            "Environment": {"Variables": before.environment},
        }
        self._update(name, settings)
        try:
            yield
        finally:
            self._update(name, {key: own[key] for key in settings})

    def _update(self, name: str, settings: dict[str, Any]) -> None:
        client = self.client("lambda")
        self._guard(name, lambda: client.update_function_configuration(FunctionName=name, **settings))
        self.function(name)  # waits until the update is done

    # --- running a step ----------------------------------------------------------------------------------------

    def run_step(self, title: str, step: Step) -> SubCheck:
        """Run a step and say how it ended. Only a bug of ours leaves as an exception."""
        try:
            self._guard("", lambda: step(self))
        except CheckStop as stop:
            return SubCheck(title, False, stop.message, stop.outcome, stop.traceback)
        return SubCheck(title, True)

    def _guard(self, function_name: str, call: Callable[[], Any]) -> Any:
        """Run a call; botocore's exceptions become the outcome they mean."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return call()
        except ClientError as problem:
            raise self._refused(function_name, problem) from None
        except BotoCoreError as problem:
            raise LabProblem(
                Message(
                    did=f"We called the local cloud at {self.endpoint}.",
                    came_back=shortened(str(problem)),
                    look="run the lesson's first cell (lab.start) again, deploy again, then check",
                )
            ) from None

    def _refused(self, function_name: str, problem: Any) -> CheckStop:
        error = problem.response.get("Error", {})
        code, text = str(error.get("Code", "")), str(error.get("Message", ""))
        status = int(problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if code == "ResourceNotFoundException" and function_name:
            return NotDeployed(self._not_there(function_name))
        if status >= 500:
            return LabProblem(
                Message(
                    did=f"We called {problem.operation_name}.",
                    came_back=f"HTTP {status}: {text}" if code == str(status) else f"{code}: {text}",
                    look="run the check again; if it stays, run lab.start again and deploy again",
                )
            )
        return NotYet(
            Message(
                did=f"We called {problem.operation_name}" + (f" on {function_name}." if function_name else "."),
                came_back=f"{code}: {text}",
                expected="a call that is accepted",
                look="what that call needs of what you deployed",
            )
        )

    def _not_there(self, name: str) -> Message:
        since = " (you had deployed it: it was deleted, or the cloud is a new one)" if self._attempted_before else ""
        return Message(
            did=f"We looked for the function {name}.",
            came_back=f"there is no function of that name in the local cloud{since}",
            expected=f"a deployed function named {name}",
            look="the cell that deploys it: run it, then check again",
        )

    def _refuse_untouched_starter(self, result: Invocation) -> None:
        if result.error_type != "NotImplementedError" or not result.error_message.startswith("Exercise "):
            return
        exercise = result.error_message.removeprefix("Exercise ").partition(":")[0].strip()
        place = f" ({result.frames[-1].file}, line {result.frames[-1].line})" if result.frames else ""
        raise NotAttempted(
            Message(
                did=f"We invoked {result.function_name} with {shown(result.event, 60)}.",
                came_back=f"the starter's own line: exercise {exercise} is still to be written{place}",
                look="that line: replace it with your code, run the cell, deploy again, then check",
            )
        )


def cloud_client(service: str, endpoint: str, region: str) -> Any:
    """A boto3 client for the local cloud, with dummy credentials, no proxy and no retries."""
    import boto3
    from botocore.config import Config

    config = Config(
        retries={"total_max_attempts": 1},
        connect_timeout=_CONNECT_TIMEOUT_SECONDS,
        read_timeout=_READ_TIMEOUT_SECONDS,
        proxies={},
    )
    session = boto3.session.Session(aws_access_key_id="lab", aws_secret_access_key="lab", region_name=region)
    return session.client(service, endpoint_url=endpoint, config=config)


def _deployed(answer: dict[str, Any]) -> DeployedFunction:
    return DeployedFunction(
        name=answer["FunctionName"],
        arn=answer.get("FunctionArn", ""),
        handler=answer.get("Handler", ""),
        runtime=answer.get("Runtime", ""),
        timeout=int(answer.get("Timeout", 3)),
        memory=int(answer.get("MemorySize", 128)),
        role=answer.get("Role", ""),
        environment=dict(answer.get("Environment", {}).get("Variables", {})),
        layers=tuple(layer["Arn"] for layer in answer.get("Layers", ())),
        code_sha256=answer.get("CodeSha256", ""),
        code_size=int(answer.get("CodeSize", 0)),
        description=answer.get("Description", ""),
    )
