"""Functions that behave well and badly. Each is invoked over and over while all the others run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


def answers(value: Any) -> Callable[[Any], bool]:
    return lambda document: document == value


def fails(error_type: str, words: str = "") -> Callable[[Any], bool]:
    """The error document has this type, and ``words`` in its message."""

    def check(document: Any) -> bool:
        return (
            isinstance(document, dict)
            and document.get("errorType") == error_type
            and words in document.get("errorMessage", "")
        )

    return check


def either(*checks: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda document: any(check(document) for check in checks)


@dataclass(frozen=True)
class Behaviour:
    """``body`` is the handler's; ``expected`` looks at the payload. ``settings`` are CreateFunction's."""

    name: str
    body: str
    expected: Callable[[Any], bool]
    settings: dict[str, Any] = field(default_factory=dict)
    event: Any = None

    @property
    def source(self) -> str:
        lines = "\n".join(f"    {line}" for line in self.body.strip().splitlines())
        return f"import ctypes, os, resource, signal, socket, sys, threading, time\n\ndef handler(event, context):\n{lines}\n"


KILLED = fails("Runtime.ExitError", "signal: killed")
TIMED_OUT = fails("Sandbox.Timedout", "Task timed out after 1.00 seconds")
SECOND = {"Timeout": 1}

#: Megabytes of the function that prints, and of the one that answers, when the run is a short one.
SHORT_FLOOD, LONG_FLOOD = 10, 200


def behaviours(flood: int) -> list[Behaviour]:
    """All of them; ``flood`` in MB is how much is printed and answered."""
    return [
        Behaviour("adds", "return event['a'] + 1", answers(2), event={"a": 1}),
        Behaviour("works-with-files", "open('/tmp/f', 'a').write('x')\nreturn open('/tmp/f').read()[:1]", answers("x")),
        Behaviour("raises", "raise KeyError('paper')", fails("KeyError", "'paper'")),
        Behaviour("recurses", "return handler(event, context)", fails("RecursionError")),
        Behaviour("sleeps-past-the-timeout", "time.sleep(60)", TIMED_OUT, SECOND),
        Behaviour("never-ends", "while True: pass", TIMED_OUT, SECOND),
        Behaviour("exits", "sys.exit(3)", fails("Runtime.ExitError", "exit status 3")),
        Behaviour("exits-at-once", "os._exit(0)", fails("Runtime.ExitError")),
        Behaviour("crashes", "ctypes.string_at(0)", fails("Runtime.ExitError", "segmentation fault")),
        Behaviour("kills-itself", "os.kill(os.getpid(), signal.SIGKILL)\ntime.sleep(60)", KILLED, {"Timeout": 30}),
        Behaviour("stops-itself", "os.kill(os.getpid(), signal.SIGSTOP)\ntime.sleep(60)", TIMED_OUT, SECOND),
        Behaviour("stops-its-group", "os.killpg(0, signal.SIGSTOP)\ntime.sleep(60)", TIMED_OUT, SECOND),
        Behaviour(
            "kills-its-group",
            "os.killpg(0, signal.SIGKILL)\ntime.sleep(60)",
            either(KILLED, TIMED_OUT),
            SECOND,
        ),
        # Inside the sandbox the parent is the sandbox's first process, which a signal from inside does not reach.
        Behaviour(
            "kills-its-parent",
            "os.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(0.2)\nreturn 'alive'",
            either(answers("alive"), KILLED),
        ),
        Behaviour(
            "signals-everybody",
            "os.kill(-1, signal.SIGTERM)\nreturn 'alive'",
            either(answers("alive"), fails("ProcessLookupError"), fails("Runtime.ExitError")),
        ),
        Behaviour(
            "catches-sigterm",
            "for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):\n"
            "    signal.signal(number, lambda *_: None)\n"
            "while True: time.sleep(1)",
            TIMED_OUT,
            SECOND,
        ),
        Behaviour("eats-memory", "x = []\nwhile True: x.append(bytearray(4 << 20))", KILLED, {"Timeout": 30}),
        Behaviour(
            "eats-memory-in-a-child",
            "if os.fork() == 0:\n    x = [bytearray(4 << 20) for _ in range(200)]\n    time.sleep(600)\ntime.sleep(20)",
            KILLED,
            {"Timeout": 30},
        ),
        Behaviour(
            "prints-much",
            f"line = 'y' * 9999\nfor _ in range({flood} * 100): print(line)\nreturn 'printed'",
            answers("printed"),
            {"Timeout": 120},
        ),
        Behaviour(
            "answers-much",
            f"return 'x' * ({flood} << 20)",
            fails("Function.ResponseSizeTooLarge"),
            {"Timeout": 60, "MemorySize": 2048},
        ),
        Behaviour(
            "forks-children",
            "for _ in range(5):\n    if os.fork() == 0: time.sleep(600)\nreturn 'forked'",
            answers("forked"),
            {"MemorySize": 512},
        ),
        Behaviour(
            "leaves-a-daemon",
            "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: time.sleep(600)\n    os._exit(0)\n"
            "os.wait()\nreturn 'left'",
            answers("left"),
            {"MemorySize": 512},
        ),
        Behaviour(
            "a-daemon-that-prints",
            "if os.fork() == 0:\n    os.setsid()\n    while True: print('tick', flush=True); time.sleep(0.01)\nreturn 'left'",
            answers("left"),
            {"MemorySize": 512},
        ),
        Behaviour(
            "forks-without-end",
            "count = 0\n"
            "try:\n"
            "    while count < 800:\n"
            "        if os.fork() == 0: signal.pause()\n"
            "        count += 1\n"
            "except OSError as problem:\n"
            "    os.killpg(0, signal.SIGKILL)\n"
            "time.sleep(20)",
            either(KILLED, TIMED_OUT, fails("Sandbox.Timedout")),
            {"Timeout": 20, "MemorySize": 1024},
        ),
        Behaviour(
            "threads-that-never-end",
            "for _ in range(20): threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\nreturn 'started'",
            either(answers("started"), fails("RuntimeError")),
        ),
        Behaviour(
            "changes-its-group",
            "os.setsid() if os.getpid() != os.getsid(0) else None\nreturn 'moved'",
            answers("moved"),
        ),
        Behaviour("closes-stdout", "os.close(1); os.close(2)\nreturn 'silent'", answers("silent")),
        Behaviour(
            "opens-10000-files",
            "files = []\n"
            "try:\n    for _ in range(10000): files.append(open('/dev/null'))\n"
            "except OSError as problem:\n    return problem.errno",
            either(answers(24), fails("OSError")),
        ),
        Behaviour(
            "opens-sockets",
            "found = []\n"
            "try:\n    for _ in range(10000): found.append(socket.create_server(('127.0.0.1', 0)))\n"
            "except OSError as problem:\n    found.clear(); return problem.errno",
            answers(24),
        ),
        Behaviour(
            "fills-tmp",
            "try:\n"
            "    with open('/tmp/big', 'wb') as file:\n"
            "        while True: file.write(bytes(8 << 20))\n"
            "except OSError as problem:\n    return problem.errno",
            answers(28),
            {"Timeout": 60, "EphemeralStorage": {"Size": 512}},
        ),
        Behaviour(
            "fills-tmp-with-files-and-dies",
            "for number in range(2000): open(f'/tmp/{number}-{time.time()}', 'w').close()\nos._exit(9)",
            fails("Runtime.ExitError", "exit status 9"),
        ),
        Behaviour(
            "writes-outside",
            "found = []\n"
            "for path in ('/var/task/x', '/opt/x', '/var/runtime/x', '/usr/x', '/etc/x', '/x', '/dev/shm/x', '../../../x'):\n"
            "    try:\n        open(path, 'w').close(); found.append(path)\n"
            "    except OSError: pass\n"
            "return found",
            answers([]),
        ),
        Behaviour(
            "answers-twice",
            "import http.client\n"
            "host, _, port = os.environ['AWS_LAMBDA_RUNTIME_API'].partition(':')\n"
            "connection = http.client.HTTPConnection(host, int(port))\n"
            "path = f'/2018-06-01/runtime/invocation/{context.aws_request_id}/response'\n"
            "connection.request('POST', path, '1')\nconnection.getresponse().read()\n"
            "return 2",
            either(answers(1), answers(2), fails("Runtime.ExitError")),
        ),
        Behaviour(
            "talks-nonsense-to-the-runtime-api",
            "host, _, port = os.environ['AWS_LAMBDA_RUNTIME_API'].partition(':')\n"
            "for text in (b'\\x00' * 5000, b'POST / HTTP/1.1\\r\\nContent-Length: 99999999\\r\\n\\r\\nx', b'GET ' + b'a' * 99999):\n"
            "    with socket.create_connection((host, int(port))) as connection: connection.sendall(text)\n"
            "return 'sent'",
            answers("sent"),
        ),
    ]
