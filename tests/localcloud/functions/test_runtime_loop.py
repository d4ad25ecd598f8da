"""The fallback runtime loop beside AWS's own client: both run a gallery of functions in real processes against a small
Runtime API of this test, and must post and write the same."""

from __future__ import annotations

import compileall
import contextlib
import importlib.util
import json
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from labsupport.localcloud.functions import runtime_folder

AWSLAMBDARIC, FALLBACK = "awslambdaric", "fallback"
DEADLINE_SECONDS = 20.0
EVENT = b'{"name": "Kestrel"}'


# --- The Runtime API of this test --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Post:
    """What a runtime client sent back. ``kind`` is response, error or init/error."""

    kind: str
    request_id: str
    headers: dict[str, object]
    body: bytes


class RecordingRuntimeApi(socketserver.ThreadingTCPServer):
    """Hands out events, keeps what comes back. ``asked_for_more`` is set when there is no event left to hand out."""

    daemon_threads = True
    COMPARED_HEADERS = (
        "content-type",
        "lambda-runtime-function-error-type",
        "lambda-runtime-function-xray-error-cause",
        "lambda-runtime-invocation-id",
    )

    def __init__(self, events, headers=None, statuses=None, closes_after=()):
        super().__init__(("127.0.0.1", 0), _Connection)
        self.events = list(events)
        self.extra_headers = headers or {}
        self.statuses = statuses or {}
        self.closes_after = closes_after
        self.handed_out = 0
        self.posts: list[Post] = []
        self.connections: set[socket.socket] = set()
        self.connection_count = 0
        self.asked_for_more = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def address(self):
        return "{}:{}".format(*self.server_address)

    def answer(self, path, headers, body):
        """Status, headers and body for one request; None leaves it waiting."""
        address = path.removeprefix("/2018-06-01/runtime/")
        if address == "invocation/next":
            if self.handed_out == len(self.events):
                self.asked_for_more.set()
                return None
            number = self.handed_out = self.handed_out + 1
            sent = {
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": f"00000000-0000-4000-8000-{number:012}",
                "Lambda-Runtime-Deadline-Ms": "4102444800000",
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:prints",
                "Lambda-Runtime-Trace-Id": f"Root=1-00000000-{number:024};Parent=0000000000000000;Sampled=0",
            } | self.extra_headers
            return self.statuses.get("next", 200), sent, self.events[number - 1]
        kept = {name: headers[name] for name in self.COMPARED_HEADERS if name in headers}
        if cause := kept.get("lambda-runtime-function-xray-error-cause"):
            kept["lambda-runtime-function-xray-error-cause"] = json.loads(cause)
            kept["lambda-runtime-function-xray-error-cause"]["paths"].sort()  # comes out of a set
        kind = "init/error" if address == "init/error" else address.rpartition("/")[2]
        self.posts.append(Post(kind, address.split("/")[1] if kind != "init/error" else "", kept, body))
        return self.statuses.get("post", 202), {}, b'{"status":"OK"}\n'

    def stop(self):
        self.shutdown()
        self.server_close()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Connection(socketserver.StreamRequestHandler):
    """Reads requests by hand: http.server refuses header lines as long as X-Ray's may be."""

    server: RecordingRuntimeApi

    def handle(self):
        self.server.connections.add(self.connection)
        self.server.connection_count += 1
        while request_line := self.rfile.readline():
            headers = {}
            while line := self.rfile.readline().strip():
                name, _colon, value = line.decode().partition(":")
                headers[name.lower()] = value.strip()
            body = self.rfile.read(int(headers.get("content-length", "0")))
            answer = self.server.answer(request_line.decode().split()[1], headers, body)
            if answer is None:
                return self.connection.recv(1)  # until the process ends
            status, sent, payload = answer
            lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in sent.items())]
            lines.append(f"Content-Length: {len(payload)}")
            self.wfile.write("\r\n".join(lines).encode() + b"\r\n\r\n" + payload)
            if self.server.handed_out in self.server.closes_after and status == 202:
                return None


# --- Processes ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A function, the events it gets, and in a few words what is posted: ``response``, ``error TYPE``,
    ``init/error TYPE``, at last ``exit STATUS`` if the process ended by itself."""

    name: str
    code: str | dict[str, str]
    outcome: tuple[str, ...]
    handler: str = "app.handler"
    events: tuple[bytes, ...] = (EVENT,)
    headers: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    framed: bool = True


@dataclass(frozen=True)
class Observed:
    """What can be seen of one run, moments in time struck out."""

    posts: list[Post]
    output: list[tuple[str, str]]
    standard_error: str
    exit_status: int | None

    @property
    def outcome(self):
        words = [
            post.kind if post.kind == "response" else f"{post.kind} {_document(post)['errorType']}"
            for post in self.posts
        ]
        return (*words, *([] if self.exit_status is None else [f"exit {self.exit_status}"]))


def _document(post):
    return json.loads(post.body.decode("latin-1" if post.kind == "init/error" else "utf-8"))


@pytest.fixture(scope="module")
def runtime(tmp_path_factory):
    """A /var/runtime of the test: AWS's client if it is installed, our loop, and the bootstrap that starts either."""
    folder = tmp_path_factory.mktemp("runtime")
    for name in runtime_folder.CLIENT_MODULES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            continue
        origin = Path(spec.origin)
        if spec.submodule_search_locations:
            shutil.copytree(origin.parent, folder / origin.parent.name)
        else:
            shutil.copy2(origin, folder)
    for name in runtime_folder.OWN_FILES:
        shutil.copy2(Path(runtime_folder.__file__).parent / name, folder)
    compileall.compile_dir(folder, maxlevels=1, quiet=2)
    return folder


class Run:
    """One process under one client."""

    def __init__(self, client, case, runtime, task, **api_settings):
        self.api = RecordingRuntimeApi(case.events, case.headers, case.statuses, **api_settings)
        self._framed = case.framed
        self._output = tempfile.TemporaryFile()
        self._error = tempfile.TemporaryFile()
        standard = sysconfig.get_path("stdlib")
        directions = {
            "sys_path": "\x1e".join([str(task), str(runtime), standard, f"{standard}/lib-dynload"]),
            "endpoint": "http://127.0.0.1:9",
            "client": client,
            "tmp": "",
            "lifeline": "",
            "limits": "",
        }
        variables = {
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_FUNCTION_NAME": "prints",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/prints",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef",
            "AWS_LAMBDA_RUNTIME_API": self.api.address,
            "LAMBDA_RUNTIME_DIR": str(runtime),
            "LC_CTYPE": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "_HANDLER": case.handler,
            "_LABSUPPORT_BOOTSTRAP": "\x1f".join(f"{name}={value}" for name, value in directions.items()),
        } | case.variables
        log_fd = self._output.fileno()
        if case.framed:
            variables["_LAMBDA_TELEMETRY_LOG_FD"] = str(log_fd)
        self.process = subprocess.Popen(
            [sys.executable, "-S", str(runtime / "bootstrap.py")],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._error,
            env=variables,
            cwd=task,
            pass_fds=(log_fd,) if case.framed else (),
        )

    def wait(self):
        """Until the process asks for more than there is, or ends."""
        give_up = time.monotonic() + DEADLINE_SECONDS
        while not self.api.asked_for_more.wait(0.004) and self.process.poll() is None:
            assert time.monotonic() < give_up, "the runtime client neither asked for more nor ended"
        exit_status = self.process.poll()
        self.process.kill()
        self.process.wait()
        self.api.stop()
        output = _parse_output(_content(self._output))
        # A traceback of the client's own, as the process dies of it, shows the client's frames.
        standard_error = _content(self._error).decode().partition("Traceback (most recent call last)")[0]
        return Observed(self.api.posts, output, _without_moments(standard_error), exit_status)


def _content(file):
    file.seek(0)
    with file:
        return file.read()


def _parse_output(data):
    """Frames and plain text in the order written, as (frame type, text)."""
    pieces = []
    while data:
        if data.startswith(b"\xa5\x5a\x00"):
            length = int.from_bytes(data[4:8], "big")
            assert abs(int.from_bytes(data[8:16], "big") / 1e6 - time.time()) < 600
            pieces.append((data[:4].hex(), _without_moments(data[16 : 16 + length].decode())))
            data = data[16 + length :]
        else:
            text, frame, rest = data.partition(b"\xa5\x5a\x00")
            pieces.append(("stdout", _without_moments(text.decode())))
            data = frame + rest
    return pieces


def _without_moments(text):
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", "MOMENT", text)
    return re.sub(r"\[\d{13}\] LAMBDA_RUNTIME", "[MOMENT] LAMBDA_RUNTIME", text)


def run(client, case, runtime, folder, **api_settings):
    return Run(client, case, runtime, write_code(case, folder), **api_settings).wait()


def write_code(case, folder):
    task = folder / "task"
    for name, text in (case.code if isinstance(case.code, dict) else {"app.py": case.code}).items():
        file = task / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return task


# --- The gallery -------------------------------------------------------------------------------------------------

SHOW_CONTEXT = """
def handler(event, context):
    known = [isinstance(context.get_remaining_time_in_millis(), int), context.get_remaining_time_in_millis() > 0]
    return [known, repr(context), list(vars(context)), str(vars(context)), context.w3c(), str(context.client_context)]
"""
CLIENT_CONTEXT = json.dumps(
    {
        "custom": {"colour": "grün"},
        "client": {"installation_id": "1", "app_title": "Kestrel", "other": "dropped"},
        "env": {"make": "x"},
        "w3c": {"traceparent": "00-1", "tracestate": 1, "unknown": "u"},
    },
    ensure_ascii=False,
)
RETURNS_BY_NUMBER = """
import collections, datetime, decimal, enum, json
Point = collections.namedtuple("Point", "x y")
class Colour(enum.IntEnum):
    RED = 1
class Word(str, enum.Enum):
    KITE = "kite"
class Odd:
    def _asdict(self):
        return [1]
async def later(): pass
def numbers(): yield 1
circle = []
circle.append(circle)
nested = []
for _ in range(400): nested = [nested]
deep = []
for _ in range(100000): deep = [deep]
values = VALUES
def handler(event, context):
    return values[event]
"""


def returning(*values):
    return RETURNS_BY_NUMBER.replace("VALUES", "[" + ", ".join(values) + "]")


def numbered(count):
    return tuple(str(number).encode() for number in range(count))


MARSHALLED = (
    "decimal.Decimal('1.50')", "[decimal.Decimal('NaN'), decimal.Decimal('-Infinity'), decimal.Decimal('1E+5')]",
    "float('nan')", "[float('inf'), -1e-7, 10**30, True]", "'\\x00\\x7f\\u2028\\\"\\\\'",
)  # fmt: skip
UNMARSHALLABLE = (
    "datetime.datetime(2020, 1, 1)", "{'a': {1, 2}}", "later()", "numbers()", "circle", "{(1, 2): 3}", "Odd()",
    "{decimal.Decimal(1): 1}", "[b'\\xff']", "object", "{'a': 10**5000}", "deep",
)  # fmt: skip
LOGGING = """
import logging, sys
log = logging.getLogger("shop")
logging.warning("at import")
def handler(event, context):
    print("printed")
    log.debug("debug %s", 1)
    log.info("info %s", 2, extra={"order": 7, "when": object, "errorType": "lost"})
    log.warning("two\\nlines")
    log.log(25, "between")
    log.log(55, "beyond")
    log.error({"a": 1, "text": "naïve"})
    print("to stderr", file=sys.stderr)
    try:
        {}["missing"]
    except KeyError:
        log.exception("caught")
    log.critical("critical")
    context.log("context")
    sys.stdout.write("no line end")
    raise ValueError("é\\nsecond line")
"""
ALL_LEVELS = LOGGING.replace("logging.warning(", "logging.getLogger().setLevel('DEBUG')\nlogging.warning(", 1)

SHADOWING = ("calendar.py", "dataclasses.py", "email.py", "http.py", "select.py", "socket.py", "typing.py")

GALLERY = [
    # What comes back
    Case("the event comes back", "def handler(event, context): return event", ("response",)),
    Case("nothing returned is null", "def handler(event, context): pass", ("response",)),
    Case(
        "module state lasts",
        "n = 0\ndef handler(event, context):\n    global n\n    n += 1\n    return [n, event]",
        ("response",) * 3,
        events=(b"1", b"[1.5, null, 1e999]", b'"\\ud83d\\ude00 \\u00e9"'),
    ),
    Case("numbers", returning(*MARSHALLED), ("response",) * 5, events=numbered(5)),
    Case("non-ASCII text", "def handler(event, context): return {'ключ': 'é😀\\u2028'}", ("response",)),
    Case(
        "non-ASCII text on python3.11",
        "def handler(event, context): return {'ключ': 'é😀\\u2028'}",
        ("response",),
        variables={"AWS_EXECUTION_ENV": "AWS_Lambda_python3.11"},
    ),
    Case(
        "keys that are no text",
        "def handler(event, context): return {1: (1, 2), None: True, 1.5: 0, False: 1, b'k': 2, float('nan'): 3}",
        ("response",),
    ),
    Case(
        "named tuples and enums",
        returning("Point(1, [Point(2, 3)])", "{Colour.RED: Colour.RED, Word.KITE: Word.KITE}", "nested"),
        ("response",) * 3,
        events=numbered(3),
    ),
    Case(
        "bytes",
        returning("b'\\xff raw'", "b''", "{'in': [b'text', 'é'.encode()]}"),
        ("response",) * 3,
        events=numbered(3),
    ),
    Case(
        "what JSON cannot hold", returning(*UNMARSHALLABLE), ("error Runtime.MarshalError",) * 12, events=numbered(12)
    ),
    Case("a lone surrogate ends the process", "def handler(event, context): return '\\ud800'", ("exit 1",)),
    Case(
        "a large answer to a large event",
        "def handler(event, context): return event * 2",
        ("response",),
        events=(json.dumps("x" * 2_000_000).encode(),),
    ),
    Case(
        "invocation ids are sent back",
        "def handler(event, context): return 1 / event",
        ("response", "error ZeroDivisionError"),
        events=(b"1", b"0"),
        headers={"Lambda-Runtime-Invocation-Id": "3f"},
    ),
    # Event, context, environment
    Case(
        "an event that is not JSON",
        "def handler(event, context): return event",
        ("error Runtime.UnmarshalError",) * 5,
        events=(b"", b"hello", b'"\xff"', b"[1, NaN]", b'{"a"'),
    ),
    Case(
        "an event of another content type is bytes",
        "def handler(event, context): return repr(event)",
        ("response",),
        events=(b"\xff{",),
        headers={"Content-Type": "application/octet-stream"},
    ),
    Case("the context object", SHOW_CONTEXT, ("response",)),
    Case(
        "client context, identity and tenant",
        SHOW_CONTEXT,
        ("response",),
        headers={
            "Lambda-Runtime-Client-Context": CLIENT_CONTEXT,
            "Lambda-Runtime-Cognito-Identity": '{"cognitoIdentityId": "id", "cognitoIdentityPoolId": "pool"}',
            "Lambda-Runtime-Aws-Tenant-Id": "tenant",
        },
    ),
    Case(
        "a client context that is not JSON",
        SHOW_CONTEXT,
        ("error Runtime.LambdaContextUnmarshalError",),
        headers={"Lambda-Runtime-Client-Context": "{custom}"},
    ),
    Case(
        "the time left is never negative",
        "def handler(event, context): return context.get_remaining_time_in_millis()",
        ("response",),
        headers={"Lambda-Runtime-Deadline-Ms": "1"},
    ),
    Case(
        "the trace id follows the invocation",
        "import os\ndef handler(event, context): return os.environ['_X_AMZN_TRACE_ID']",
        ("response",) * 2,
        events=(b"1", b"2"),
    ),
    Case(
        "no variable of the runtime's own is left",
        "import os\ndef handler(event, context): return sorted(set(os.environ) - {'_LABSUPPORT_BOOTSTRAP'})",
        ("response",),
    ),
    # Errors in the handler
    Case(
        "an exception in the handler",
        "def inner(n):\n    return (\n        1\n        / n)\n"
        "def handler(event, context):\n    return [inner(n) for n in (1, 0)]",
        ("error ZeroDivisionError", "error ZeroDivisionError"),
        events=(b"1", b"2"),
    ),
    Case(
        "exceptions of every shape",
        "class Bad(Exception): pass\n"
        "def chained():\n"
        "    try:\n        {}['x']\n    except KeyError as problem:\n        raise RuntimeError('x') from problem\n"
        "def handler(event, context):\n"
        "    if event == 0: raise Bad\n"
        "    if event == 1: return {}['x']\n"
        "    if event == 2: chained()\n"
        "    if event == 3: raise ExceptionGroup('group', [ValueError(1), Bad()])\n"
        "    if event == 4: raise ValueError('a\\n  b\\x00\\u2028c')\n"
        "    if event == 5: raise Bad('привет 😀')\n"
        "    if event == 6: exec('1/0')\n"
        "    if event == 7: return open('/does/not/exist')\n"
        "    if event == 8: raise StopIteration(1, 2)\n",
        (
            "error Bad",
            "error KeyError",
            "error RuntimeError",
            "error ExceptionGroup",
            "error ValueError",
            "error Bad",
            "error ZeroDivisionError",
            "error FileNotFoundError",
            "error StopIteration",
        ),
        events=numbered(9),
    ),  # fmt: skip
    Case(
        "endless recursion",
        "def again(n): return again(n + 1)\ndef handler(event, context): return again(0)",
        ("error RecursionError",),
    ),
    Case(
        "a cause too long for X-Ray is left out",
        "def handler(event, context): raise ValueError('x' * event)",
        ("error ValueError",) * 2,
        events=(b"200000", b"1100000"),
    ),
    Case("a handler that takes one argument", "def handler(event): pass", ("error TypeError",)),
    Case("a handler that cannot be called", "handler = {}", ("error TypeError",)),
    Case(
        "an error in a module of the function's own",
        {
            "app.py": "from shop.orders import total\ndef handler(event, context): return total(event)",
            "shop/__init__.py": "",
            "shop/orders.py": "def total(event):\n    return sum(item['price'] for item in event['items'])",
        },
        ("error KeyError", "error TypeError"),
        events=(b'{"items": [{}]}', b"1"),
    ),
    Case(
        "a function's own bootstrap.py",
        {
            "bootstrap.py": "import app\ndef handler(event, context): return app.work() if event else 1 / 0",
            "app.py": "def work(): raise ValueError('x')",
        },
        ("error ValueError", "error ZeroDivisionError"),
        handler="bootstrap.handler",
        events=(b"1", b"0"),
    ),
    Case(
        "an exception that cannot be shown ends the process",
        "class Bad(Exception):\n    def __str__(self): return 1 / 0\ndef handler(event, context): raise Bad",
        ("exit 1",),
    ),
    Case("exit in the handler", "import sys\ndef handler(event, context): sys.exit(3)", ("exit 3",)),
    Case("exit without clean-up", "import os\ndef handler(event, context): os._exit(42)", ("exit 42",)),
    Case(
        "exit with words, and what runs at exit",
        "import atexit, logging, sys\natexit.register(print, 'at exit')\n"
        "def handler(event, context):\n    logging.error('before')\n    sys.exit('words')",
        ("exit 1",),
    ),
    Case(
        "log calls whose arguments do not fit",
        "import logging\ndef handler(event, context): logging.warning('%d', 'x')",
        ("error TypeError",),
    ),
    Case(
        "log calls whose arguments do not fit, JSON",
        "import logging\ndef handler(event, context): logging.warning('%d', 'x')",
        ("error TypeError",),
        variables={"AWS_LAMBDA_LOG_FORMAT": "JSON"},
    ),
    # Init phase
    Case("no such module", "", ("init/error Runtime.ImportModuleError", "exit 1"), handler="nope.handler"),
    Case("a missing import", "import requests_x", ("init/error Runtime.ImportModuleError", "exit 1")),
    Case(
        "a name that cannot be imported",
        "from json import no_such_name",
        ("init/error Runtime.ImportModuleError", "exit 1"),
    ),
    Case(
        "a missing import that is not Latin-1",
        "raise ImportError('привет')",
        ("exit 1",),
    ),
    Case("a handler without a dot", "", ("init/error Runtime.MalformedHandlerName", "exit 1"), handler="app"),
    Case("a built-in module", "", ("init/error Runtime.BuiltInModuleConflict", "exit 1"), handler="sys.handler"),
    Case("an empty module name", "", ("init/error ValueError", "exit 1"), handler=".handler"),
    Case("no such handler", "Handler = 1", ("init/error Runtime.HandlerNotFound", "exit 1")),
    Case(
        "a syntax error",
        "def handler(event, context)\n    return 1",
        ("init/error Runtime.UserCodeSyntaxError", "exit 1"),
    ),
    Case(
        "wrong indentation",
        "def handler(event, context):\n    x = 1\n  return x",
        ("init/error Runtime.UserCodeSyntaxError", "exit 1"),
    ),
    Case(
        "an exception at import",
        {"app.py": "import settings", "settings.py": "import os\nTABLE = os.environ['TABLE']"},
        ("init/error KeyError", "exit 1"),
    ),
    Case("an exception at import in Latin-1", "raise Exception('café')", ("init/error Exception", "exit 1")),
    Case("an exception at import beyond Latin-1", "raise RuntimeError('x')  # привет", ("exit 1",)),
    Case(
        "an exception at import beyond Latin-1 on python3.11",
        "raise RuntimeError('привет')",
        ("init/error RuntimeError", "exit 1"),
        variables={"AWS_EXECUTION_ENV": "AWS_Lambda_python3.11"},
    ),
    Case("exit at import", "import sys\nprint('leaving')\nsys.exit(0)", ("exit 0",)),
    Case(
        "a handler in a folder",
        {"src/app.py": "def handler(event, context): return __name__"},
        ("response",),
        handler="src/app.handler",
    ),
    Case(
        "modules named like the standard library's",
        dict.fromkeys(SHADOWING, "def handler(event, context): return __file__")
        | {
            "app.py": "import calendar, dataclasses, email, http, select, socket, typing\n"
            "modules = (calendar, dataclasses, email, http, select, socket, typing)\n"
            "def handler(event, context): return [module.handler(0, 0) for module in modules]"
        },
        ("response",),
    ),
    # Log
    Case("log as text", LOGGING, ("error ValueError",)),
    Case("log as text, all levels", ALL_LEVELS, ("error ValueError",)),
    Case("log as text on stdout", ALL_LEVELS, ("error ValueError",), framed=False),
    Case("log as text with a level", LOGGING, ("error ValueError",), variables={"AWS_LAMBDA_LOG_LEVEL": "INFO"}),
    Case("log level TRACE", LOGGING, ("error ValueError",), variables={"AWS_LAMBDA_LOG_LEVEL": "TRACE"}),
    Case("log level in small letters", LOGGING, ("error ValueError",), variables={"AWS_LAMBDA_LOG_LEVEL": "error"}),
    Case(
        "log as JSON",
        LOGGING,
        ("error ValueError",),
        variables={"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "DEBUG"},
        headers={"Lambda-Runtime-Aws-Tenant-Id": "tenant"},
    ),
    Case(
        "log as JSON on stdout",
        LOGGING,
        ("error ValueError",),
        variables={"AWS_LAMBDA_LOG_FORMAT": "json"},
        framed=False,
    ),
    Case(
        "an init error in the JSON log",
        "raise ValueError('x')",
        ("init/error ValueError", "exit 1"),
        variables={"AWS_LAMBDA_LOG_FORMAT": "JSON"},
    ),
    Case(
        "an init error on stdout",
        "raise ValueError('x')",
        ("init/error ValueError", "exit 1"),
        framed=False,
    ),
    Case(
        "logging is set up already",
        "import logging, sys\nlogging.basicConfig(level='DEBUG')\n"
        "def handler(event, context):\n"
        "    root = logging.getLogger()\n"
        "    out = sys.stdout\n"
        "    return [repr(root.handlers), root.level, type(out).__name__, out.write(''), out.isatty()]",
        ("response",),
    ),
    Case(
        "a preview of a runtime",
        "def handler(event, context): pass",
        ("response",),
        variables={"AWS_EXECUTION_ENV": "AWS_Lambda_python3.15", "AWS_REGION": "cn-north-1"},
    ),
    # A Runtime API that refuses
    Case(
        "an answer that is refused ends the process",
        "def handler(event, context): return 1",
        ("response", "exit 1"),
        statuses={"post": 413},
    ),
    Case(
        "an error that is refused ends the process",
        "def handler(event, context): return 1 / 0",
        ("error ZeroDivisionError", "exit 1"),
        statuses={"post": 500},
    ),
    Case(
        "an event that is refused ends the process",
        "def handler(event, context): return 1",
        ("exit 1",),
        statuses={"next": 500},
    ),
]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in GALLERY])
def test_posts_and_writes_what_awslambdaric_does(case, runtime, tmp_path):
    task = write_code(case, tmp_path)
    compared = runtime_folder.awslambdaric_importable()
    runs = [Run(client, case, runtime, task) for client in ((FALLBACK, AWSLAMBDARIC) if compared else (FALLBACK,))]
    ours, *theirs = [each.wait() for each in runs]

    assert ours.outcome == case.outcome
    if not compared:
        pytest.skip("awslambdaric has no build for this machine: nothing to compare with")
    assert ours.posts == theirs[0].posts
    assert ours.output == theirs[0].output
    assert ours.standard_error == theirs[0].standard_error
    assert ours.exit_status == theirs[0].exit_status


# --- What only the loop is asked -----------------------------------------------------------------------------------


def test_the_error_document_and_the_log_are_awss(runtime, tmp_path):
    case = Case("error", "def handler(event, context):\n    raise ValueError('no such print')", ("error ValueError",))
    seen = run(FALLBACK, case, runtime, tmp_path)
    file = tmp_path / "task" / "app.py"
    assert json.loads(seen.posts[0].body) == {
        "errorMessage": "no such print",
        "errorType": "ValueError",
        "requestId": "00000000-0000-4000-8000-000000000001",
        "stackTrace": [f"  File \"{file}\", line 2, in handler\n    raise ValueError('no such print')\n"],
    }
    assert seen.output == [
        (
            "a55a0017",
            "[ERROR] ValueError: no such print\nTraceback (most recent call last):\n"
            f'\u00a0\u00a0File "{file}", line 2, in handler\n'
            "\u00a0\u00a0\u00a0\u00a0raise ValueError('no such print')",
        )
    ]


def test_one_connection_serves_all_invocations(runtime, tmp_path):
    case = Case("echo", "def handler(event, context): return event", (), events=(EVENT,) * 5)
    each = Run(FALLBACK, case, runtime, write_code(case, tmp_path))
    assert each.wait().outcome == ("response",) * 5
    assert each.api.connection_count == 1


def test_a_connection_closed_in_between_is_opened_again(runtime, tmp_path):
    case = Case("echo", "def handler(event, context): return event", (), events=(EVENT,) * 5)
    each = Run(FALLBACK, case, runtime, write_code(case, tmp_path), closes_after=(2, 4))
    assert each.wait().outcome == ("response",) * 5
    assert each.api.connection_count == 3


def test_without_a_runtime_api_the_process_ends(runtime, tmp_path):
    case = Case(
        "nobody there",
        "def handler(event, context): pass",
        ("exit 1",),
        variables={"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"},
    )
    seen = run(FALLBACK, case, runtime, tmp_path)
    assert seen.outcome == ("exit 1",)
    assert seen.output == [
        (
            "stdout",
            "[ERROR] [MOMENT] LAMBDA_RUNTIME Failed to get next invocation. No Response from endpoint "
            '"http://127.0.0.1:1"\n',
        )
    ]


@pytest.mark.skipif(not runtime_folder.awslambdaric_importable(), reason="awslambdaric has no build for this machine")
def test_no_module_is_loaded_that_awslambdaric_would_not_load(runtime, tmp_path):
    """Each costs start time, and breaks the loop where a deployment package has a file of that name."""
    code = "import sys\nloaded = sorted(sys.modules)\ndef handler(event, context): return loaded"
    case = Case("modules", code, ("response",))
    ours, theirs = (set(json.loads(run(c, case, runtime, tmp_path).posts[0].body)) for c in (FALLBACK, AWSLAMBDARIC))
    assert ours - theirs == {"runtime_loop", "_socket"}


def test_a_signal_handler_runs_while_the_loop_waits(runtime, tmp_path):
    case = Case(
        "signal",
        "import os, signal\ndef leave(number, frame):\n    print('leaving')\n    os._exit(7)\n"
        "def handler(event, context): signal.signal(signal.SIGTERM, leave)",
        ("response",),
    )
    each = Run(FALLBACK, case, runtime, write_code(case, tmp_path))
    assert each.api.asked_for_more.wait(DEADLINE_SECONDS)
    each.process.terminate()
    assert each.process.wait(DEADLINE_SECONDS) == 7
    assert each.wait().output == [("stdout", "leaving\n")]
