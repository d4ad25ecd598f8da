"""The runtime client for machines where awslambdaric's native part cannot be installed (macOS, Windows).

It asks the Lambda Runtime API (Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes") for one
event after another, calls the handler, and answers and logs as awslambdaric 4.2.2 does; where AWS's client has a
quirk that a function's author can see, so has this one. It is mounted alone as /var/runtime/runtime_loop.py.

Every import here is part of each cold start, and a file of the same name in the deployment package comes before the
standard library's. So nothing is imported that awslambdaric does without: no ``http.client`` (it alone takes longer
than all the rest, and a function with an email.py or calendar.py would break it), no ``dataclasses``, no ``typing``.
"""

from __future__ import annotations

import _socket  # ``socket`` would bring selectors, select and array
import decimal
import importlib
import json
import logging
import os
import sys
import time
import traceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any, NoReturn

    Frame = tuple[str, int, str, str | None]

_EXECUTION_ENVIRONMENT = os.environ.get("AWS_EXECUTION_ENV", "").removeprefix("AWS_Lambda_")
_JSON_TYPE = "application/json"


class Fault(Exception):
    """Something the runtime itself says about a function: an error type of AWS's, without a Python traceback."""

    def __init__(self, error_type: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.trace = trace or []


# --- JSON --------------------------------------------------------------------------------------------------------
# awslambdaric uses simplejson, whose output differs from the standard library's: a Decimal keeps its digits, a named
# tuple is an object, bytes are text.


class JsonWriter:
    """``encode(value)`` gives JSON text. Raises what simplejson raises: TypeError, ValueError, RecursionError."""

    def __init__(self, ascii_only: bool) -> None:
        self._quote = json.encoder.encode_basestring_ascii if ascii_only else json.encoder.encode_basestring

    def encode(self, value: object) -> str:
        pieces: list[str] = []
        try:
            self._write(value, pieces.append, set())
        except RecursionError:
            doing = "encoding a JSON object" if sys.version_info < (3, 12) else "calling a Python object"
            raise RecursionError(f"maximum recursion depth exceeded while {doing}") from None
        return "".join(pieces)

    def _write(self, value: Any, put: Callable[[str], None], outer: set[int]) -> None:
        """``outer`` holds the identities of the containers around ``value``.

        One call a level, so that nearly a thousand levels are possible, as in the events that Lambda takes.
        """
        if isinstance(value, str):
            put(self._quote(value))
            return
        if isinstance(value, bytes):
            put(self._quote(str(value, "utf-8")))
            return
        if value is None or isinstance(value, (bool, int, float, decimal.Decimal)):
            put(_plain_text(value))
            return
        if id(value) in outer:
            raise ValueError("Circular reference detected")
        outer.add(id(value))
        fields = _fields_of(value)
        if isinstance(fields, dict):
            before = "{"
            for key, item in fields.items():
                put(f"{before}{self._quote(_key_text(key))}: ")
                self._write(item, put, outer)
                before = ", "
            put("}" if fields else "{}")
        elif isinstance(value, (list, tuple)):
            before = "["
            for item in value:
                put(before)
                self._write(item, put, outer)
                before = ", "
            put("]" if value else "[]")
        else:
            raise TypeError(f"Object of type {value.__class__.__name__} is not JSON serializable")
        outer.discard(id(value))


_CONSTANTS = {None: "null", True: "true", False: "false"}


def _plain_text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return _CONSTANTS[value]
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, decimal.Decimal):
        return "NaN" if value.is_nan() else str(value)
    text = float.__repr__(value)
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(text, text)


def _fields_of(value: Any) -> Any:
    """What is written as an object: a dictionary, or what ``_asdict()`` of a named tuple gives."""
    method = getattr(value, "_asdict", None)
    if callable(method):
        try:
            fields = method()
        except TypeError:
            return value
        if not isinstance(fields, dict):
            raise TypeError(f"_asdict() must return a dict, not {type(fields).__name__}")
        return fields
    return value


def _key_text(key: Any) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, bytes):
        return str(key, "utf-8")
    if key is None or isinstance(key, (int, float)):
        return _plain_text(key)
    raise TypeError(f"keys must be str, int, float, bool or None, not {key.__class__.__name__}")


#: From Python 3.12 on AWS's client writes non-ASCII text as it is.
_WRITES_UNICODE = _EXECUTION_ENVIRONMENT in ("python3.12", "python3.13", "python3.14", "python3.15")
_JSON = JsonWriter(ascii_only=not _WRITES_UNICODE)


def read_event(payload: bytes, content_type: str) -> Any:
    """The event as the handler gets it: parsed JSON, or the bytes themselves under any other content type."""
    if content_type != _JSON_TYPE:
        return payload
    try:
        text = str(payload, "utf-8").removeprefix("\ufeff")

        def refuse(name: str) -> None:  # NaN and the infinities are written, but not read
            raise json.JSONDecodeError("Expecting value", text, text.index(name))

        return json.loads(text, parse_constant=refuse)
    except Exception as problem:
        raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {problem}") from None


def write_answer(answer: object) -> tuple[str | bytes, str]:
    """What the handler returned, as it goes out, and its content type."""
    if isinstance(answer, bytes):
        return answer, "application/unknown"
    try:
        return _JSON.encode(answer), _JSON_TYPE
    except Exception as problem:
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {problem}") from None


# --- Log ---------------------------------------------------------------------------------------------------------

_LOG_AS_JSON = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
_LOG_LEVEL = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "")
if _LOG_LEVEL == "TRACE":  # a level of Lambda's that the logging module does not have
    _LOG_LEVEL = "DEBUG"
_HAS_LEVELS = bool(_LOG_AS_JSON or _LOG_LEVEL)
_SECONDS = "%Y-%m-%dT%H:%M:%SZ"


def _frame_type(level: int, as_json: bool) -> bytes:
    """First four bytes of a frame: a level of the logging module (0 for none), and whether the message is JSON."""
    severity = level // 10 + 1 if level else 0
    return (0xA55A0000 | severity << 2 | (2 if as_json else 3)).to_bytes(4, "big")


_PLAIN_FRAME = _frame_type(logging.NOTSET, as_json=False)
_ERROR_FRAME = _frame_type(logging.ERROR, as_json=_LOG_AS_JSON)


class StandardOutput:
    """Log messages as text on stdout. The lines of one error are parted by carriage returns: one event for AWS."""

    def log(self, message: str, frame_type: bytes | None = None) -> None:
        sys.stdout.write(message)

    def log_error(self, lines: list[str]) -> None:
        sys.stdout.write("\r".join(lines) + "\n")

    def close(self) -> None:
        pass


class FramedLog:
    """Log messages as frames: type (4 bytes), length (4), microseconds since 1970 (8), all big endian, message."""

    def __init__(self, descriptor: int) -> None:
        self._file = os.fdopen(descriptor, "wb", 0)

    def log(self, message: str, frame_type: bytes | None = None) -> None:
        data = message.encode()
        head = (frame_type or _PLAIN_FRAME) + len(data).to_bytes(4, "big")
        self._file.write(head + (time.time_ns() // 1000).to_bytes(8, "big") + data)

    def log_error(self, lines: list[str]) -> None:
        self.log("\n".join(lines), _ERROR_FRAME)

    def close(self) -> None:
        self._file.close()


def open_log() -> StandardOutput | FramedLog:
    """Where logging and error reports go. The variable that says so is taken away, as the function must not see it."""
    descriptor = os.environ.pop("_LAMBDA_TELEMETRY_LOG_FD", None)
    return StandardOutput() if descriptor is None else FramedLog(int(descriptor))


class Unbuffered:
    """stdout and stderr whose text is out at once, so that nothing is lost when the process is frozen or killed."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def __enter__(self) -> Unbuffered:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()

    def writelines(self, lines: list[str]) -> None:
        self.stream.writelines(lines)
        self.stream.flush()


class LambdaLoggerFilter(logging.Filter):
    """Puts the ids of the running invocation into every log record."""

    request_id = ""
    tenant_id: str | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        record.aws_request_id = self.request_id
        record.tenant_id = self.tenant_id
        return True


class LambdaLoggerHandler(logging.Handler):
    """The root logger's handler. An error while a record is formatted reaches the function, as on AWS."""

    def __init__(self, log_sink: StandardOutput | FramedLog) -> None:
        super().__init__()
        self.log_sink = log_sink

    def emit(self, record: logging.LogRecord) -> None:
        self.log_sink.log(self.format(record))


class LambdaLoggerHandlerWithFrameType(LambdaLoggerHandler):
    """The same where a log level or JSON is configured: frames then carry the record's level."""

    def emit(self, record: logging.LogRecord) -> None:
        message = self.format(record)
        self.log_sink.log(message, _frame_type(_rounded_level(record), as_json=_LOG_AS_JSON))


def _rounded_level(record: logging.LogRecord) -> int:
    return min(logging.CRITICAL, max(logging.NOTSET, record.levelno)) // 10 * 10


_OWN_RECORD_FIELDS = frozenset(
    "name msg args levelname levelno pathname filename module exc_info exc_text stack_info lineno funcName created "
    "msecs relativeCreated thread threadName processName process aws_request_id tenant_id _frame_type".split()
)


class JsonFormatter(logging.Formatter):
    """One JSON object a record; values of ``extra`` become fields of it, whatever their type."""

    def __init__(self) -> None:
        super().__init__(datefmt=_SECONDS)
        self._encode = json.JSONEncoder(ensure_ascii=False, default=str).encode

    def format(self, record: logging.LogRecord) -> str:
        record.levelno = _rounded_level(record)
        record.levelname = logging.getLevelName(record.levelno)
        is_object = isinstance(record.msg, dict) and not record.args
        fields: dict[str, object] = {
            "timestamp": self.formatTime(record, self.datefmt),
            "level": record.levelname,
            "message": record.msg if is_object else record.getMessage(),
            "logger": record.name,
        }
        error: Any = record.exc_info
        fields["stackTrace"] = traceback.format_tb(error[2]) if error else None
        fields["errorType"] = error[0].__name__ if error else None
        fields["errorMessage"] = str(error[1]) if error else None
        fields["requestId"] = getattr(record, "aws_request_id", None)
        fields["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}" if error else None
        tenant_id = getattr(record, "tenant_id", None)
        if tenant_id is not None:
            fields["tenantId"] = tenant_id
        for name, value in record.__dict__.items():
            if name not in _OWN_RECORD_FIELDS and name not in fields:
                fields[name] = value
        return self._encode({name: value for name, value in fields.items() if value is not None}) + "\n"


def set_up_logging(log: StandardOutput | FramedLog) -> LambdaLoggerFilter:
    """Give the root logger AWS's handler (so ``logging.basicConfig()`` does nothing) and times in UTC."""
    logging.Formatter.converter = time.gmtime
    handler_class = LambdaLoggerHandlerWithFrameType if _HAS_LEVELS else LambdaLoggerHandler
    handler = handler_class(log)
    if _LOG_AS_JSON:
        handler.setFormatter(JsonFormatter())
    else:
        line = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
        handler.setFormatter(logging.Formatter(line, "%Y-%m-%dT%H:%M:%S"))
    root = logging.getLogger()
    level = _LOG_LEVEL.upper()
    if level in logging.getLevelNamesMapping():
        root.setLevel(level)
    ids = LambdaLoggerFilter()
    handler.addFilter(ids)
    root.addHandler(handler)
    return ids


def log_error(log: StandardOutput | FramedLog, document: dict[str, Any]) -> None:
    """Write an error document the way a function's author reads it in CloudWatch Logs."""
    if _LOG_AS_JSON:
        now = time.strftime(_SECONDS, logging.Formatter.converter(time.time()))
        log.log_error([_JSON.encode({"timestamp": now, "level": "ERROR", **document})])
        return
    summary = ": ".join(filter(None, (document["errorType"], document["errorMessage"])))
    lines = [f"[ERROR] {summary}", "Traceback (most recent call last):"]
    for frame in document["stackTrace"]:
        for line in frame.splitlines():
            code = line.lstrip(" ")
            # CloudWatch's console drops leading spaces, so AWS's client indents with no-break spaces.
            lines.append("\u00a0" * (len(line) - len(code)) + code)
    log.log_error(lines)


# --- Context object ----------------------------------------------------------------------------------------------
# Class and attribute names are AWS's: functions print them, and errors name them.


class _Fields:
    """Named values out of a JSON object; absent ones are None."""

    __slots__: tuple[str, ...] = ()

    def __init__(self, values: dict[str, Any]) -> None:
        for name in self.__slots__:
            setattr(self, name, values.get(name))

    def __repr__(self) -> str:
        return f"{type(self).__name__}([{','.join(f'{name}={getattr(self, name)}' for name in self.__slots__)}])"


class CognitoIdentity(_Fields):
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")
    cognito_identity_id: Any
    cognito_identity_pool_id: Any


class Client(_Fields):
    __slots__ = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")


class ClientContext(_Fields):
    __slots__ = ("custom", "env", "client")
    client: Any


class LambdaContext:
    """Second argument of the handler (Lambda Developer Guide, "Using the Lambda context object ... Python")."""

    def __init__(self, headers: dict[str, str]) -> None:
        client_context = _json_header(headers, "client-context", "Client Context")
        cognito = _json_header(headers, "cognito-identity", "Cognito Identity")
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        trace_fields = client_context.pop("w3c", None) if isinstance(client_context, dict) else None
        self._w3c_fields = {
            name: value
            for name in ("traceparent", "tracestate", "baggage")
            if isinstance(trace_fields, dict) and isinstance(value := trace_fields.get(name), str)
        }
        self.client_context = None if client_context is None else ClientContext(client_context)
        if self.client_context is not None and self.client_context.client is not None:
            self.client_context.client = Client(self.client_context.client)
        self.identity = CognitoIdentity({})
        if cognito is not None:
            self.identity.cognito_identity_id = cognito.get("cognitoIdentityId")
            self.identity.cognito_identity_pool_id = cognito.get("cognitoIdentityPoolId")
        self._epoch_deadline_time_in_ms = int(headers.get("lambda-runtime-deadline-ms", "0"))

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's timeout, never below 0."""
        return max(0, self._epoch_deadline_time_in_ms - int(time.time() * 1000))

    def w3c(self) -> dict[str, str]:
        """W3C trace context of the invocation: traceparent, tracestate and baggage as far as sent."""
        return dict(self._w3c_fields)

    def log(self, msg: object) -> None:
        """Write ``msg`` to the log as it is, without a line end."""
        for handler in logging.getLogger().handlers:
            if hasattr(handler, "log_sink"):
                handler.log_sink.log(str(msg))
                return
        sys.stdout.write(str(msg))

    def __repr__(self) -> str:
        shown = (
            "aws_request_id", "log_group_name", "log_stream_name", "function_name", "memory_limit_in_mb",
            "function_version", "invoked_function_arn", "client_context", "identity", "tenant_id",
        )  # fmt: skip
        return f"LambdaContext([{','.join(f'{name}={getattr(self, name)}' for name in shown)}])"


def _json_header(headers: dict[str, str], name: str, title: str) -> Any:
    text = headers.get(f"lambda-runtime-{name}")
    if not text:
        return None
    try:
        return json.loads(text)
    except Exception as problem:
        raise Fault("Runtime.LambdaContextUnmarshalError", f"Unable to parse {title} JSON: {problem}") from None


# --- Runtime API -------------------------------------------------------------------------------------------------


class RuntimeApi:
    """Client of the Runtime API at ``address`` (host:port), over one connection that is kept.

    An answer other than 2xx, or none, ends the process with status 1 and one line, as with AWS's client.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._connection: _socket.socket | None = None
        self._received = bytearray()

    def next(self) -> tuple[dict[str, str], bytes]:
        """Wait for an event. Headers have lower-case names."""
        try:
            status, headers, payload = self._request("GET", "invocation/next")
        except OSError:
            _give_up(f'Failed to get next invocation. No Response from endpoint "http://{self._address}"')
        if not 200 <= status < 300:
            _give_up(f"Failed to get next invocation. Http Response code: {status}")
        if "lambda-runtime-aws-request-id" not in headers:
            _give_up("Failed to find header lambda-runtime-aws-request-id in response")
        return headers, payload

    def respond(self, invocation: dict[str, str], payload: bytes, content_type: str) -> None:
        """The invocation whose headers are ``invocation`` succeeded."""
        self._post_result(invocation, "response", payload, {"content-type": content_type})

    def report_error(self, invocation: dict[str, str], document: str, xray_cause: str) -> None:
        """The invocation whose headers are ``invocation`` failed. A cause for X-Ray of 1 MB or more is left out."""
        headers = {"content-type": _JSON_TYPE}
        if len(xray_cause.encode()) < 1024 * 1024:
            headers["lambda-runtime-function-xray-error-cause"] = xray_cause
        self._post_result(invocation, "error", document.encode(), headers)

    def report_init_error(self, document: str, error_type: str) -> None:
        """The init phase failed.

        AWS's client sends this one document in Latin-1. So text in another script raises UnicodeEncodeError, nothing
        is sent, and the platform only learns that the process ended.
        """
        payload = document.encode("latin-1")
        headers = {"Lambda-Runtime-Function-Error-Type": error_type}
        status, _headers, answer = self._request("POST", "init/error", payload, headers)
        if status != 202:
            sys.exit(f"Request to Lambda Runtime 'init/error' failed. Reason: {status}. Response body: {answer!r}")

    def _post_result(self, invocation: dict[str, str], kind: str, payload: bytes, headers: dict[str, str]) -> None:
        request_id = invocation["lambda-runtime-aws-request-id"]
        invocation_id = invocation.get("lambda-runtime-invocation-id")
        if invocation_id:
            headers["lambda-runtime-invocation-id"] = invocation_id
        try:
            status, _headers, answer = self._request("POST", f"invocation/{request_id}/{kind}", payload, headers)
        except OSError:
            _give_up(f"Failed to send HTTP request for invocation {request_id}.")
        if not 200 <= status < 300:
            text = answer.decode(errors="replace")
            _give_up(f"Failed to post handler success response. Http response code: {status}. {text}")

    def _request(
        self, method: str, path: str, payload: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        lines = [f"{method} /2018-06-01/runtime/{path} HTTP/1.1", f"Host: {self._address}", "Accept: */*"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if method == "POST":
            lines.append(f"Content-Length: {len(payload)}")
        message = "\r\n".join(lines).encode() + b"\r\n\r\n" + payload
        kept = self._connection is not None
        try:
            return self._exchange(message)
        except OSError:
            self._close()
            if not kept:
                raise
        return self._exchange(message)  # the server had closed the connection that was kept

    def _exchange(self, message: bytes) -> tuple[int, dict[str, str], bytes]:
        if self._connection is None:
            host, _colon, port = self._address.rpartition(":")
            self._connection = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
            self._connection.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
            self._connection.connect((host, int(port)))
        self._connection.sendall(message)
        while (end := self._received.find(b"\r\n\r\n")) == -1:
            self._receive(self._connection)
        status_line, *lines = self._take(end + 4).decode(errors="replace").strip().split("\r\n")
        headers = {}
        for line in lines:
            name, _colon, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
        while len(self._received) < length:
            self._receive(self._connection)
        payload = self._take(length)
        if headers.get("connection", "").lower() == "close":
            self._close()
        return int(status_line.split()[1]), headers, payload

    def _receive(self, connection: _socket.socket) -> None:
        data = connection.recv(1024 * 1024)
        if not data:
            raise ConnectionResetError("the Runtime API closed the connection")
        self._received += data

    def _take(self, length: int) -> bytes:
        taken = bytes(self._received[:length])
        del self._received[:length]
        return taken

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._received.clear()


def _give_up(reason: str) -> NoReturn:
    sys.stdout.write(f"[ERROR] [{int(time.time() * 1000)}] LAMBDA_RUNTIME {reason}\n")
    sys.exit(1)


# --- Errors ------------------------------------------------------------------------------------------------------

_AWS_CLIENT = os.environ.get("LAMBDA_RUNTIME_DIR", "/var/runtime") + "/awslambdaric"
#: What awslambdaric 4.2.2 shows for those of its frames that reach a function's author: a handler that takes one
#: argument, a log call whose arguments do not fit. Keys are names of functions in this file.
_AWS_FRAMES: dict[str, Frame] = {
    "_invoke": (
        f"{_AWS_CLIENT}/bootstrap.py",
        178,
        "handle_event_request",
        "response = request_handler(event, lambda_context)",
    ),
    "emit": (
        f"{_AWS_CLIENT}/bootstrap.py",
        332 if _HAS_LEVELS else 321,
        "emit",
        "self.format(record)," if _HAS_LEVELS else "msg = self.format(record)",
    ),
    "format": (f"{_AWS_CLIENT}/lambda_runtime_log_utils.py", 126, "format", "else record.getMessage()"),
}


def frames_of(trace: TracebackType | None) -> list[Frame]:
    """A traceback's frames, outermost first, without the runtime's own at its start."""
    frames: list[Frame] = []
    for frame in traceback.extract_tb(trace):
        if frame.filename != __file__:
            frames.append((frame.filename, frame.lineno or 0, frame.name, frame.line))
        elif frame.name in _AWS_FRAMES:
            frames.append(_AWS_FRAMES[frame.name])
    for position, (file, *_rest) in enumerate(frames):
        # AWS's client knows its own frames by this name, so those of a function's own bootstrap.py go as well.
        if "/bootstrap.py" not in file:
            return frames[position:]
    return frames


def error_document(message: str, error_type: str, stack_trace: list[str], request_id: str = "") -> dict[str, Any]:
    """What the invoker gets."""
    return {"errorMessage": message, "errorType": error_type, "requestId": request_id, "stackTrace": stack_trace}


def _exception_document(exception: BaseException, frames: list[Frame], request_id: str = "") -> dict[str, Any]:
    return error_document(str(exception), type(exception).__name__, traceback.format_list(frames), request_id)


def _xray_cause(message: str, error_type: str, frames: list[Frame]) -> str:
    return _JSON.encode(
        {
            "working_directory": os.getcwd(),
            "exceptions": [
                {
                    "message": message,
                    "type": error_type,
                    "stack": [{"label": name, "path": file, "line": line} for file, line, name, _code in frames],
                }
            ],
            "paths": list({file for file, *_rest in frames}),
        }
    )


# --- Init and invoke phase ---------------------------------------------------------------------------------------

_INIT_FAILED = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. However, in rare "
    "cases, a Lambda runtime update can cause unexpected function behavior. For functions using managed runtimes, "
    "runtime updates can be triggered by a function change, or can be applied automatically. To determine if the "
    "runtime has been updated, check the runtime version in the INIT_START log entry. If this error correlates with "
    "a change in the runtime version, you may be able to mitigate this error by temporarily rolling back to the "
    "previous runtime version. For more information, see "
    "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html\r"
)
_PREVIEW_RUNTIME = (
    "LAMBDA_WARNING: This is a preview runtime version and should not be used for production workloads. "
    "For further information and to provide feedback, see https://docs.{}/lambda/latest/dg/lambda-runtimes.html\r"
)


def find_handler(name: str) -> Any:
    """Import the module of handler ``name`` and return what it names. Raises Fault, or what the module raises."""
    try:
        module_name, function_name = name.rsplit(".", 1)
    except ValueError as problem:
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{name}': {problem}") from None
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault("Runtime.BuiltInModuleConflict", f"Cannot use built-in module {module_name} as a handler module")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as problem:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {problem}") from None
    except SyntaxError as problem:
        place = f'  File "{problem.filename}" Line {problem.lineno}\n    {problem.text}'
        message = f"Syntax error in module '{module_name}': {problem}"
        raise Fault("Runtime.UserCodeSyntaxError", message, [place]) from None
    try:
        return getattr(module, function_name)
    except AttributeError:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise Fault("Runtime.HandlerNotFound", message) from None


def _warn_of_preview() -> None:
    if _EXECUTION_ENVIRONMENT == "python3.15" and not os.environ.get("LAMBDA_DISABLE_PREVIEW_WARN"):
        in_china = os.environ.get("AWS_REGION", "").startswith("cn-")
        logging.warning(_PREVIEW_RUNTIME.format("amazonaws.cn" if in_china else "aws.amazon.com"))


def _invoke(
    handler: Any, headers: dict[str, str], payload: bytes, api: RuntimeApi, log: StandardOutput | FramedLog
) -> None:
    """One invocation, from the event to the answer."""
    request_id = headers["lambda-runtime-aws-request-id"]
    try:
        context = LambdaContext(headers)
        event = read_event(payload, headers.get("content-type", _JSON_TYPE))
        answer, content_type = write_answer(handler(event, context))
    except Fault as fault:
        cause = _xray_cause(fault.message, "LambdaValidationError", [])
        document = error_document(fault.message, fault.error_type, fault.trace, request_id)
    except Exception as exception:
        frames = frames_of(exception.__traceback__)
        cause = _xray_cause(str(exception), type(exception).__name__, frames)
        document = _exception_document(exception, frames, request_id)
    else:
        api.respond(headers, answer if isinstance(answer, bytes) else answer.encode(), content_type)
        return
    log_error(log, document)
    api.report_error(headers, _JSON.encode(document), cause)


def _run(handler_name: str, api: RuntimeApi, log: StandardOutput | FramedLog) -> NoReturn:
    document = None
    try:
        ids = set_up_logging(log)
        _warn_of_preview()
        handler = find_handler(handler_name)
    except Fault as fault:
        document = error_document(fault.message, fault.error_type, fault.trace)
    except Exception as exception:
        document = _exception_document(exception, frames_of(exception.__traceback__))
    if document is not None:
        logging.warning(_INIT_FAILED)
        log_error(log, document)
        api.report_init_error(_JSON.encode(document), document["errorType"])
        sys.exit(1)
    while True:
        headers, payload = api.next()
        ids.request_id = headers["lambda-runtime-aws-request-id"]
        ids.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        trace_id = headers.get("lambda-runtime-trace-id")
        if trace_id is None:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        else:
            os.environ["_X_AMZN_TRACE_ID"] = trace_id
        _invoke(handler, headers, payload, api, log)


def main() -> None:
    """Serve invocations until the process is ended. Handler and Runtime API address come from the environment."""
    streams: list[Any] = [sys.stdout, sys.stderr]
    if os.name == "nt":
        for stream in streams:  # Lambda's log is UTF-8 with plain line ends
            stream.reconfigure(encoding="utf-8", newline="\n")
    sys.stdout, sys.stderr = map(Unbuffered, streams)
    log = open_log()
    try:
        _run(os.environ["_HANDLER"], RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"]), log)
    finally:
        log.close()
