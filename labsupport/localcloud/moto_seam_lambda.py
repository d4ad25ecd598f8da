"""moto's Lambda, replaced: its services that call functions (S3 notifications, SNS, EventBridge, event source mappings,
subscription filters, CloudFormation …) see stand-ins of the functions that our own control plane keeps.

Each touch has a test in ``tests/localcloud/test_moto_seam_lambda.py``.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote

from moto.awslambda import models as lambda_models
from moto.awslambda.policy import Policy
from moto.core.exceptions import JsonRESTError
from moto.utilities.utils import get_partition

_ACTIVE_SECONDS = 60.0
_CREATE = "/2015-03-31/functions"
#: CloudFormation templates may write numbers as text.
_NUMBERS = ("MemorySize", "Timeout", "ReservedConcurrentExecutions")


class LambdaClient:
    """Calls the Lambda API at the front door (``host:port``), without botocore."""

    def __init__(self, front_door: str) -> None:
        self._front_door = front_door

    def call(self, region: str, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer's document. Raises moto's JsonRESTError with the code and message of an error."""
        connection = HTTPConnection(self._front_door, timeout=60)
        try:
            scope = f"labsupport/20260101/{region}/lambda/aws4_request"
            connection.request(
                method,
                path,
                None if body is None else json.dumps(body),
                {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=moto"},
            )
            response = connection.getresponse()
            document: dict[str, Any] = json.loads(response.read() or b"{}")
        finally:
            connection.close()
        if response.status >= 300:
            code = response.headers.get("x-amzn-ErrorType", "ServiceException")
            raise JsonRESTError(code, document.get("message") or document.get("Message") or "")
        return document

    def configuration(self, region: str, name: str, qualifier: str | None) -> dict[str, Any]:
        """GetFunctionConfiguration."""
        query = f"?Qualifier={quote(qualifier)}" if qualifier else ""
        return self.call(region, "GET", f"{_CREATE}/{quote(name, safe='')}/configuration{query}")

    def wait_until_active(self, region: str, name: str) -> dict[str, Any]:
        """GetFunctionConfiguration when nothing is pending any more."""
        deadline = time.monotonic() + _ACTIVE_SECONDS
        while True:
            found = self.configuration(region, name, None)
            if found["State"] != "Pending" and found.get("LastUpdateStatus") != "InProgress":
                return found
            if time.monotonic() > deadline:
                raise JsonRESTError("ServiceException", f"{name} is still being created.")
            time.sleep(0.02)


class StandIn(lambda_models.LambdaFunction):
    """What moto's services need of a function: its names, and ``invoke``."""

    def __init__(self, client: LambdaClient, invoke: Callable[..., None], region: str, shown: dict[str, Any]) -> None:
        self._client = client
        self._invoke = invoke
        self.region = region
        self.partition = get_partition(region)
        self.function_arn = shown["FunctionArn"]
        self.function_name = shown["FunctionName"]
        self.account_id = self.function_arn.split(":")[4]
        self.version = shown["Version"]
        self.policy = _Permissions(self)

    def invoke(self, body: Any, request_headers: Any, response_headers: Any) -> bytes:
        """Hand the event to the front door; a request thread of moto is never held while a function runs."""
        payload = body.encode() if isinstance(body, str) else body or b"{}"
        self._invoke(function_arn=self.function_arn, payload=payload, invocation_type="Event")
        return b""

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One request about this function; ``path`` follows its name."""
        return self._client.call(self.region, method, f"{_CREATE}/{quote(self.function_name, safe='')}{path}", body)

    def is_created(self) -> bool:
        return True

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name: str, *where: Any) -> None:
        """A stack is deleted: of a stand-in, ``delete`` is called."""

    # CloudFormation's updates of a stack:

    def update_configuration(self, config_updates: dict[str, Any]) -> dict[str, Any]:
        leave_out = ("Code", "FunctionName", "PackageType", "Architectures", "Tags", "ReservedConcurrentExecutions")
        wanted = {key: value for key, value in _with_numbers(config_updates).items() if key not in leave_out}
        self.call("PUT", "/configuration", wanted)
        return self._client.wait_until_active(self.region, self.function_name)

    def update_function_code(self, updated_spec: dict[str, Any]) -> dict[str, Any]:
        code = dict(updated_spec)
        if isinstance(code.get("ZipFile"), str):  # a template's source text; moto zips it for CreateFunction only
            code["ZipFile"] = base64.b64encode(self._create_zipfile_from_plaintext_code(code["ZipFile"]))
        self.call("PUT", "/code", _with_zip(code))
        return self._client.wait_until_active(self.region, self.function_name)


class _Permissions(Policy):
    """AWS::Lambda::Permission adds a statement here."""

    def __init__(self, function: StandIn) -> None:
        self._function = function

    def add_statement(self, raw: str, qualifier: str | None = None) -> tuple[dict[str, Any], str]:
        properties = {key: value for key, value in json.loads(raw).items() if key != "FunctionName"}
        properties.setdefault("StatementId", f"cloudformation-{time.time_ns():x}")
        path = f"/policy?Qualifier={quote(qualifier)}" if qualifier else "/policy"
        statement = self._function.call("POST", path, properties)["Statement"]
        return json.loads(statement), ""


def replace_functions(client: LambdaClient, send_invocation: Callable[..., None]) -> None:
    """Make moto's Lambda backend look functions up in our control plane, and change them there.

    ``send_invocation(function_arn=…, payload=…, invocation_type=…)`` hands an event to the front door and must not
    wait for the function.
    """
    storage, backend = lambda_models.LambdaStorage, lambda_models.LambdaBackend

    def find(self: Any, name: str, qualifier: str | None = None) -> StandIn:
        name, _, in_name = name.partition(":")
        try:
            shown = client.configuration(self.region_name, name, in_name or qualifier)
        except JsonRESTError:
            raise self.construct_unknown_function_exception(name, in_name or qualifier) from None
        return StandIn(client, send_invocation, self.region_name, shown)

    def get_arn(self: Any, arn: str) -> StandIn | None:
        _arn, name, qualifier = self.split_function_arn(arn)
        try:
            return find(self, name, qualifier)
        except lambda_models.UnknownFunctionException:
            return None

    def create_function(self: Any, spec: dict[str, Any]) -> StandIn:
        wanted = _with_numbers(spec) | {"Code": _with_zip(spec["Code"])}
        reserved = wanted.pop("ReservedConcurrentExecutions", None)
        name = client.call(self.region_name, "POST", _CREATE, wanted)["FunctionName"]
        shown = client.wait_until_active(self.region_name, name)
        if reserved is not None:
            path = f"/2017-10-31/functions/{name}/concurrency"
            client.call(self.region_name, "PUT", path, {"ReservedConcurrentExecutions": reserved})
        return StandIn(client, send_invocation, self.region_name, shown)

    def delete_function(self: Any, function_name: str, qualifier: str | None = None) -> None:
        query = f"?Qualifier={quote(qualifier)}" if qualifier else ""
        client.call(self.region_name, "DELETE", f"{_CREATE}/{quote(function_name, safe='')}{query}")

    def publish_version(self: Any, function_name: str, description: str = "") -> StandIn:
        path = f"{_CREATE}/{quote(function_name, safe='')}/versions"
        shown = client.call(self.region_name, "POST", path, {"Description": description})
        return StandIn(client, send_invocation, self.region_name, shown)

    storage.get_function_by_name_with_qualifier = find  # type: ignore[method-assign]
    storage.get_function_by_name_forbid_qualifier = find  # type: ignore[method-assign]
    storage.get_arn = get_arn  # type: ignore[method-assign]
    backend.create_function = create_function  # type: ignore[method-assign]
    backend.delete_function = delete_function  # type: ignore[method-assign]
    backend.publish_version = publish_version  # type: ignore[method-assign]


def _with_numbers(properties: dict[str, Any]) -> dict[str, Any]:
    return properties | {key: int(properties[key]) for key in _NUMBERS if properties.get(key) is not None}


def _with_zip(code: dict[str, Any]) -> dict[str, Any]:
    """moto has the zip as base64 in bytes; JSON wants text."""
    zip_file = code.get("ZipFile")
    return code | {"ZipFile": zip_file.decode()} if isinstance(zip_file, bytes) else dict(code)
