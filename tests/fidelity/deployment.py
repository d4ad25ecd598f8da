"""Functions made from source text on a running local cloud, with plain boto3, the way a learner makes them."""

from __future__ import annotations

import base64
import contextlib
import functools
import http.client
import io
import itertools
import json
import os
import re
import subprocess
import sys
import textwrap
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
REGION = "us-east-1"
#: Functions run on the interpreter of the cloud: this is its name as a Lambda runtime.
PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"
#: A lower-case version-4 UUID, as Lambda's request ids are.
REQUEST_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
START = rf"START RequestId: (?P<id>{REQUEST_ID}) Version: \$LATEST\n"
END = rf"END RequestId: (?P<id>{REQUEST_ID})\n"
REPORT = (
    rf"REPORT RequestId: (?P<id>{REQUEST_ID})"
    r"\tDuration: (?P<duration>\d+\.\d\d) ms"
    r"\tBilled Duration: (?P<billed>\d+) ms"
    r"\tMemory Size: (?P<size>\d+) MB"
    r"\tMax Memory Used: (?P<used>\d+) MB"
    r"(?:\tInit Duration: (?P<init>\d+\.\d\d) ms)?"
    r"(?:\tStatus: (?P<status>\w+))?"
    r"(?:\tError Type: (?P<error_type>[\w.]+))?"
    r"\t\n"
)
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
BASIC_EXECUTION = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"

#: ``invoke()`` without an event sends no payload at all, which is not the same as the event ``null``.
_NO_PAYLOAD = object()

_SESSION = boto3.session.Session()  # one for all tests: loading the service models takes longer than most of them
_NUMBERS = itertools.count(1)


def unique_name(stem: str) -> str:
    """A name no other test uses."""
    return f"{stem}-{next(_NUMBERS)}-{uuid.uuid4().hex[:6]}"


def zip_of(files: dict[str, str | bytes]) -> bytes:
    """A deployment package with these files, readable for everybody as AWS wants it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            member.external_attr = 0o100644 << 16
            archive.writestr(member, content)
    return buffer.getvalue()


def refusal(call: Any, **parameters: Any) -> tuple[str, int, str]:
    """Code, HTTP status and message of the error that ``call(**parameters)`` must end with."""
    try:
        call(**parameters)
    except ClientError as error:
        about = error.response
        return about["Error"]["Code"], about["ResponseMetadata"]["HTTPStatusCode"], about["Error"]["Message"]
    raise AssertionError(f"{parameters} was accepted")


@dataclass(frozen=True)
class Report:
    """A REPORT line taken apart. Durations in ms, memory in MB; ``init`` None when the field is absent."""

    request_id: str
    duration: float
    billed: int
    size: int
    used: int
    init: float | None
    status: str | None
    error_type: str | None

    @classmethod
    def of(cls, text: str) -> Report:
        """The one REPORT line in ``text``, which must have AWS's form to the letter."""
        lines = [line for line in text.splitlines(keepends=True) if line.startswith("REPORT ")]
        assert len(lines) == 1, lines
        match = re.fullmatch(REPORT, lines[0])
        assert match, lines[0]
        init = match["init"]
        return cls(
            request_id=match["id"],
            duration=float(match["duration"]),
            billed=int(match["billed"]),
            size=int(match["size"]),
            used=int(match["used"]),
            init=None if init is None else float(init),
            status=match["status"],
            error_type=match["error_type"],
        )


@dataclass(frozen=True)
class Answer:
    """What Invoke answered. ``raw`` is the payload's bytes, ``tail`` the decoded LogResult (None when not asked for)."""

    status: int
    request_id: str
    raw: bytes
    function_error: str | None
    executed_version: str | None
    headers: dict[str, str]
    tail: str | None

    @property
    def payload(self) -> Any:
        return json.loads(self.raw)

    @property
    def report(self) -> Report:
        assert self.tail is not None
        return Report.of(self.tail)


class Function:
    """A deployed function."""

    def __init__(self, cloud: CloudUnderTest, name: str, region: str) -> None:
        self.name = name
        self.region = region
        self.arn = f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}"
        self.log_group = f"/aws/lambda/{name}"
        self._lambda = cloud.client("lambda", region)
        self._logs = cloud.client("logs", region)

    def invoke(self, event: Any = _NO_PAYLOAD, *, tail: bool = True, name: str | None = None, **more: Any) -> Answer:
        """Invoke synchronously unless ``more`` says otherwise; ``event`` is sent as JSON, bytes as they are."""
        if tail:
            more["LogType"] = "Tail"
        if event is not _NO_PAYLOAD:
            more["Payload"] = event if isinstance(event, bytes) else json.dumps(event).encode()
        answer = self._lambda.invoke(FunctionName=name or self.name, **more)
        about = answer["ResponseMetadata"]
        result = answer.get("LogResult")
        return Answer(
            status=answer["StatusCode"],
            request_id=about["RequestId"],
            raw=answer["Payload"].read(),
            function_error=answer.get("FunctionError"),
            executed_version=answer.get("ExecutedVersion"),
            headers=about["HTTPHeaders"],
            tail=None if result is None else base64.b64decode(result).decode(),
        )

    def update_code(self, source: str) -> None:
        self._lambda.update_function_code(
            FunctionName=self.name, ZipFile=zip_of({"app.py": textwrap.dedent(source).lstrip("\n")})
        )
        self._lambda.get_waiter("function_updated_v2").wait(FunctionName=self.name, WaiterConfig={"Delay": 0.05})

    def log_streams(self) -> list[str]:
        """Names of the log streams, oldest first; none when there is no log group."""
        try:
            found = self._logs.describe_log_streams(logGroupName=self.log_group)["logStreams"]
        except self._logs.exceptions.ResourceNotFoundException:
            return []
        return [stream["logStreamName"] for stream in sorted(found, key=lambda one: one["creationTime"])]

    def log_events(self, stream: str | None = None) -> list[str]:
        """Messages of one log stream in order; without a name, of the only one there is."""
        if stream is None:
            (stream,) = self.log_streams()
        where = {"logGroupName": self.log_group, "logStreamName": stream, "startFromHead": True}
        messages: list[str] = []
        token: dict[str, str] = {}
        while True:
            page = self._logs.get_log_events(**where, **token)
            messages += [event["message"] for event in page["events"]]
            if not page["events"] or page["nextForwardToken"] == token.get("nextToken"):
                return messages
            token = {"nextToken": page["nextForwardToken"]}


class CloudUnderTest:
    """A running local cloud. ``identity`` is the JSON object it printed when it was ready."""

    def __init__(self, identity: dict[str, Any]) -> None:
        self.identity = identity
        self.endpoint: str = identity["endpoint"]
        self.runtime_client: str = identity["runtime_client"]
        self.sandbox: str = identity["sandbox"]
        self.client = functools.cache(self._client)
        self.role_name = unique_name("worker")
        self._role_arn: str | None = None

    def _client(self, service: str, region: str = REGION) -> Any:
        return _SESSION.client(
            service,
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=60, max_pool_connections=32),
        )

    @property
    def role_arn(self) -> str:
        """An execution role that Lambda may assume and that may write logs."""
        if self._role_arn is None:
            iam = self.client("iam")
            made = iam.create_role(RoleName=self.role_name, AssumeRolePolicyDocument=json.dumps(TRUST))
            iam.attach_role_policy(RoleName=self.role_name, PolicyArn=BASIC_EXECUTION)
            self._role_arn = made["Role"]["Arn"]
        return self._role_arn

    def role_that_may(self, *actions: str) -> str:
        """ARN of an execution role of its own that may write logs and do ``actions`` to everything."""
        iam = self.client("iam")
        name = unique_name("worker")
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        iam.attach_role_policy(RoleName=name, PolicyArn=BASIC_EXECUTION)
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        iam.put_role_policy(
            RoleName=name,
            PolicyName="own",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )
        return str(made["Role"]["Arn"])

    def deploy(
        self,
        source: str,
        *,
        name: str | None = None,
        files: dict[str, str | bytes] | None = None,
        region: str = REGION,
        **settings: Any,
    ) -> Function:
        """Make a function whose ``app.py`` is ``source`` and wait until it is active. ``files`` go into the zip too;
        ``settings`` are parameters of CreateFunction."""
        name = name or unique_name("case")
        package = {"app.py": textwrap.dedent(source).lstrip("\n"), **(files or {})}
        client = self.client("lambda", region)
        client.create_function(
            **{
                "FunctionName": name,
                "Runtime": PYTHON,
                "Role": self.role_arn,
                "Handler": "app.handler",
                "Code": {"ZipFile": zip_of(package)},
                **settings,
            }
        )
        client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05})
        return Function(self, name, region)

    def raw_invoke(
        self, name: str, body: bytes = b"{}", headers: dict[str, str] | None = None, query: str = ""
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Invoke over bare HTTP, for what boto3 hides: header names and the bodies of errors."""
        address = urlsplit(self.endpoint)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        try:
            path = f"/2015-03-31/functions/{quote(name, safe='')}/invocations{query}"
            connection.request("POST", path, body, headers or {})
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()


@contextlib.contextmanager
def running_cloud(*options: str) -> Iterator[CloudUnderTest]:
    """A local cloud as a child process of the tests, ended in the end."""
    command = [sys.executable, "-m", "labsupport.localcloud", "--owner-pid", str(os.getpid()), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        line = process.stdout.readline()
        assert line, f"the cloud did not start; exit status {process.wait(10)}"
        yield CloudUnderTest(json.loads(line))
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()
