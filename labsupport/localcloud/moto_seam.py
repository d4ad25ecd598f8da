"""Every touch of moto's insides. Each function here has a test in ``tests/localcloud/test_moto_seam.py`` that names it,
so that a moto release that changes an inside shows which function to mend.

moto is the store and the control plane (S3, IAM, CloudWatch Logs, Lambda's configuration …). What it cannot do — run
functions as AWS does — is done by the engine in the front door's process; the seam hands over what the engine needs.
"""

from __future__ import annotations

import base64
import io
import json
import re
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterable
from typing import Any

from moto.awslambda import models as lambda_models
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    environ_key_for_header,
)
from moto.iam import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

ACCOUNT_ID = DEFAULT_ACCOUNT_ID

#: The front door sends header names that contain an underscore (S3 user metadata may) in X-Labsupport-Underscored,
#: because a WSGI server drops them: WSGI cannot tell ``X_Foo`` from ``X-Foo``.
_UNDERSCORED_HEADERS = "HTTP_X_LABSUPPORT_UNDERSCORED"

_ROLE_NAME = re.compile(r"arn:aws[a-zA-Z-]*:iam::\d{12}:role/(?:.*/)?([^/]+)$")

_logs_lock = threading.Lock()


def application() -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    """moto's WSGI application for all services, given what a production WSGI server leaves out of ``environ``."""
    moto_app = DomainDispatcherApplication(create_backend_app)

    def with_raw_request(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # moto reads the undecoded path from RAW_URI (werkzeug's own server sets it): S3 keys need it.
        environ["RAW_URI"] = environ.get("REQUEST_URI", "")
        underscored = environ.pop(_UNDERSCORED_HEADERS, None)
        names: dict[str, str] = {}
        if underscored:
            for name, value in json.loads(underscored):
                key = environ_key_for_header(name)
                if key not in environ:
                    environ[key] = value
                    names[key] = name
        environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = names
        return moto_app(environ, start_response)

    return with_raw_request


def replace_lambda_invoke(send_invocation: Callable[..., None]) -> None:
    """Let every service of moto that calls a function reach the engine: one method of moto is replaced.

    ``send_invocation(function_arn=…, payload=…, invocation_type=…)`` hands the event to the front door and must not
    wait for the function: a request thread of moto is never held for a trigger.
    """

    def invoke(self: Any, body: Any, request_headers: Any, response_headers: Any) -> bytes:
        payload = body.encode() if isinstance(body, str) else body or b"{}"
        send_invocation(function_arn=self.function_arn, payload=payload, invocation_type="Event")
        return b""

    lambda_models.LambdaFunction.invoke = invoke  # type: ignore[method-assign]


def keep_logging_configuration() -> None:
    """moto 5.2.5 drops ``LoggingConfig``; keep it on the function and show it where AWS shows it (CreateFunction,
    GetFunctionConfiguration … always answer with ``LogFormat`` and ``LogGroup``)."""
    function_class = lambda_models.LambdaFunction
    original_init = function_class.__init__
    original_update = function_class.update_configuration
    original_configuration = function_class.get_configuration

    def __init__(self: Any, account_id: str, spec: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        original_init(self, account_id, spec, *args, **kwargs)
        self.logging_config = dict(spec.get("LoggingConfig") or {})

    def update_configuration(self: Any, config_updates: dict[str, Any]) -> Any:
        if config_updates.get("LoggingConfig"):
            self.logging_config = dict(config_updates["LoggingConfig"])
        # Any update, a new Description even, makes LastModified new and the warm environments old; moto leaves it.
        self.last_modified = lambda_models.iso_8601_datetime_with_nanoseconds()
        return original_update(self, config_updates)

    def get_configuration(self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        configuration = original_configuration(self, *args, **kwargs)
        configuration["LoggingConfig"] = {
            "LogFormat": "Text",
            "LogGroup": f"/aws/lambda/{self.function_name}",
        } | self.logging_config
        return configuration

    function_class.__init__ = __init__  # type: ignore[method-assign]
    function_class.update_configuration = update_configuration  # type: ignore[method-assign]
    function_class.get_configuration = get_configuration  # type: ignore[method-assign]


def refuse_what_lambda_refuses() -> None:
    """CreateFunction and UpdateFunctionCode answer as AWS does for a package that is not a zip and for a role whose
    trust policy does not name lambda.amazonaws.com. moto takes any bytes and any role that exists."""
    backend_class = lambda_models.LambdaBackend
    original_create = backend_class.create_function
    original_update = backend_class.update_function_code

    def create_function(self: Any, spec: dict[str, Any]) -> Any:
        _refuse_bad_zip((spec.get("Code") or {}).get("ZipFile"))
        role = iam_role(str(spec.get("Role", "")))
        if role is not None and not _lambda_may_assume(role):
            raise lambda_models.InvalidParameterValueException(
                "The role defined for the function cannot be assumed by Lambda."
            )
        return original_create(self, spec)

    def update_function_code(self: Any, function_name: str, qualifier: str, body: dict[str, Any]) -> Any:
        self.get_function(function_name, qualifier)  # an unknown function is the first thing AWS complains about
        _refuse_bad_zip(body.get("ZipFile"))
        return original_update(self, function_name, qualifier, body)

    backend_class.create_function = create_function  # type: ignore[method-assign]
    backend_class.update_function_code = update_function_code  # type: ignore[method-assign]


def _refuse_bad_zip(zip_file: str | bytes | None) -> None:
    if zip_file is None:
        return
    try:
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(zip_file))) as archive:
            usable = archive.testzip() is None
    except (zipfile.BadZipFile, ValueError, RuntimeError, NotImplementedError, EOFError, zlib.error):
        usable = False
    if not usable:
        raise lambda_models.InvalidParameterValueException(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        )


def _lambda_may_assume(role: Any) -> bool:
    try:
        document = json.loads(role.assume_role_policy_document)
    except (TypeError, ValueError):
        return False
    statements = document.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal", {})
        services = principal.get("Service", []) if isinstance(principal, dict) else principal
        named = [services] if isinstance(services, str) else services
        if statement.get("Effect") == "Allow" and ("lambda.amazonaws.com" in named or "*" in named):
            return True
    return False


def function_configuration(region: str, name: str, qualifier: str | None) -> dict[str, Any] | None:
    """What the engine must know of one function, version or alias; None when it is not there.

    ``qualifier`` is ``$LATEST``, a version, an alias or None. Code is not included: see ``function_code``.
    """
    backend = get_backend("lambda")[ACCOUNT_ID][region]
    try:
        function = backend._lambdas.get_function_by_name_with_qualifier(name, qualifier or "$LATEST")
    except lambda_models.UnknownFunctionException:
        return None
    routing: dict[str, float] = {}
    if qualifier and qualifier != "$LATEST" and not qualifier.isdigit():
        alias = backend._lambdas.get_alias(qualifier, name)
        routing_config: dict[str, Any] = alias.routing_config or {}  # type: ignore[assignment]
        weights = routing_config.get("AdditionalVersionWeights") or {}
        routing = {version: float(weight) for version, weight in weights.items()}
    latest = backend._lambdas.get_function_by_name_with_qualifier(name, "$LATEST")
    logging_config = getattr(function, "logging_config", None) or {}
    return {
        "account_id": ACCOUNT_ID,
        "region": region,
        "name": function.function_name,
        "version": str(function.version),
        "qualifier": qualifier,
        "alias_weights": routing,
        "runtime": function.run_time or "",
        "handler": function.handler or "",
        "role": function.role,
        "timeout": int(function.timeout),
        "memory_size": int(function.memory_size),
        "ephemeral_storage": int(function.ephemeral_storage),
        "variables": dict(function.environment_vars or {}),
        "layers": [layer["Arn"] for layer in function.layers],
        "code_sha256": function.code_sha_256,
        "architecture": function.architectures[0],
        "log_format": logging_config.get("LogFormat", "Text"),
        "application_log_level": logging_config.get("ApplicationLogLevel"),
        "system_log_level": logging_config.get("SystemLogLevel"),
        "log_group": logging_config.get("LogGroup") or f"/aws/lambda/{function.function_name}",
        "reserved_concurrency": latest.reserved_concurrency,
        "retry_attempts": _event_invoke_setting(latest, "MaximumRetryAttempts"),
        "maximum_event_age": _event_invoke_setting(latest, "MaximumEventAgeInSeconds"),
        # Two configurations never share an execution environment: this tells them apart.
        "revision": "|".join(
            str(part)
            for part in (
                function.code_sha_256,
                function.last_modified,
                function.version,
                function.timeout,
                function.memory_size,
                function.handler,
                function.role,
                json.dumps(function.environment_vars, sort_keys=True),
                json.dumps(function.layers),
                json.dumps(logging_config, sort_keys=True),
            )
        ),
    }


def _event_invoke_setting(function: Any, key: str) -> int | None:
    for invoke_config in function.event_invoke_config:
        value = invoke_config.config.get(key)
        if value is not None:
            return int(value)
    return None


def function_code(region: str, name: str, version: str) -> bytes:
    """The zip of one function version."""
    backend = get_backend("lambda")[ACCOUNT_ID][region]
    return bytes(backend._lambdas.get_function_by_name_with_qualifier(name, version).code_bytes)


def layer_code(region: str, layer_version_arn: str) -> bytes:
    """The zip of one layer version; LookupError when it is gone."""
    layer = get_backend("lambda")[ACCOUNT_ID][region].layers_versions_by_arn(layer_version_arn)
    if layer is None:
        raise LookupError(layer_version_arn)
    return bytes(layer.code_bytes)


def iam_role(role_arn: str) -> Any | None:
    """moto's role object, or None."""
    match = _ROLE_NAME.match(role_arn)
    if not match:
        return None
    try:
        return iam_backends[ACCOUNT_ID]["aws"].get_role(match.group(1))
    except Exception:  # moto raises its NoSuchEntity under several names
        return None


def put_log_events(
    region: str,
    group: str,
    stream: str,
    events: list[dict[str, Any]],
    may_create_group: bool = True,
    may_create_stream: bool = True,
) -> None:
    """Append events (``timestamp`` in ms, ``message``) to a log stream; group and stream are made when missing. When
    they may not be made, the events are dropped, as on AWS."""
    logs = get_backend("logs")[ACCOUNT_ID][region]
    with _logs_lock:  # moto's own put_log_events is not thread safe
        if group not in logs.groups:
            if not may_create_group:
                return
            logs.create_log_group(group, {})
        if stream not in logs.groups[group].streams:
            if not may_create_stream:
                return
            logs.create_log_stream(group, stream)
        logs.put_log_events(group, stream, events)
