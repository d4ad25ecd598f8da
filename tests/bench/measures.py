"""The list of everything that is measured. Each measure returns samples by figure, contender and round."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from . import processes
from .apis import api_get, api_mixed, api_throughput
from .contenders import CONTENDERS, ECHO, SLEEPER, bare_python, invoke, runtime_packages
from .environments import environments
from .floor import milliseconds_to_first_next
from .messages import messages
from .raw_http import Call, all_at_once, closed_loop, one_after_another
from .run import Run, Samples, no_garbage_collection, no_samples
from .uploads import upload_start, uploads

_EVERYBODY = ("lab", "floor", "ministack", "serverless-offline", "chalice")
_WITH_INVOKE = ("lab", "floor", "ministack", "serverless-offline")
_CLIENTS, _SLEEPERS = 16, 20


@dataclass(frozen=True)
class Measure:
    """``name`` is what ``--only`` takes."""

    name: str
    title: str
    take: Callable[[Run], Samples]


def warm_boto3(run: Run) -> Samples:
    """Synchronous invocations one after another through boto3, the environment warm, connections kept."""
    samples = no_samples()
    event = run.event()
    with run.running(_WITH_INVOKE, {"echo": ECHO}) as contenders:
        for _, contender in run.turns(contenders, run.times(12, 3)):
            client, name = contender.client(), contender.function_name("echo")
            times = 20 if contender.key == "ministack" else 100
            with run.trying(contender, "warm-boto3"):
                for _ in range(5 if contender.key == "ministack" else 20):
                    assert json.loads(invoke(client, name, event)) == json.loads(event)
                batch = []
                with no_garbage_collection():
                    for _ in range(times):
                        started = time.perf_counter()
                        invoke(client, name, event)
                        batch.append((time.perf_counter() - started) * 1000)
                samples["warm_boto3"][contender.key].append(batch)
    return samples


def warm_http(run: Run) -> Samples:
    """The same over one kept-alive connection with prepared bytes; and the handler as a plain call in this process."""
    samples = no_samples()
    event = run.event()
    rounds = run.times(12, 3)
    with run.running(_EVERYBODY, {"echo": ECHO}) as contenders:
        for _, contender in run.turns(contenders, rounds):
            slow = contender.key == "ministack"
            with run.trying(contender, "warm-http"), no_garbage_collection():
                call = Call.to(contender.invoke_url("echo"), event)
                batch = asyncio.run(one_after_another(call, 20 if slow else 200, 5 if slow else 20))
                samples["warm_http"][contender.key].append(batch)
    names: dict[str, Callable[[object, object], object]] = {}
    exec(ECHO, names)  # noqa: S102 - our own two lines
    for _ in range(rounds):
        batch = []
        with no_garbage_collection():
            for _ in range(1000):
                started = time.perf_counter()
                json.dumps(names["handler"](json.loads(event), None)).encode()
                batch.append((time.perf_counter() - started) * 1000)
        samples["warm_http"]["in-process"].append(batch)
    return samples


def throughput(run: Run) -> Samples:
    """Requests per second of 16 clients that each wait for their answer before they send again."""
    samples = no_samples()
    event = run.event()
    with run.running(_EVERYBODY, {"echo": ECHO}) as contenders:
        for _, contender in run.turns(contenders, run.times(6, 2)):
            with run.trying(contender, "throughput"), no_garbage_collection():
                call = Call.to(contender.invoke_url("echo"), event)
                rate = asyncio.run(closed_loop(call, _CLIENTS, run.times(2, 1), 0.7))
                samples["throughput"][contender.key].append([rate])
    return samples


def cold(run: Run) -> Samples:
    """The first invocation of a function, through boto3: every round has a function of its own. Beside it, a bare
    ``python -m awslambdaric`` from its start to its first GET /next."""
    samples = no_samples()
    event = run.event()
    rounds = run.times(20, 4)
    # The first function warms what is cold in the server itself; its time is not counted.
    functions = {f"cold{number}": ECHO for number in range(rounds + 1)}
    bare = run.folder / "bare-function"
    bare.mkdir(parents=True)
    (bare / "app.py").write_text(ECHO)
    python, packages = str(bare_python(bare)), runtime_packages()
    milliseconds_to_first_next(python, packages, bare)
    with run.running(_WITH_INVOKE, functions) as contenders:
        for contender in contenders:
            with run.trying(contender, "cold"):
                invoke(contender.client(), contender.function_name(f"cold{rounds}"), event)
        for number, contender in run.turns(contenders, rounds):
            with run.trying(contender, "cold"):
                started = time.perf_counter()
                invoke(contender.client(), contender.function_name(f"cold{number}"), event)
                samples["cold"][contender.key].append([(time.perf_counter() - started) * 1000])
            if contender.key == "floor":
                samples["cold"]["bare"].append([milliseconds_to_first_next(python, packages, bare)])
    return samples


def sleepers(run: Run) -> Samples:
    """20 invocations at once of a function that sleeps 200 ms: on no environment yet, then on 20 warm ones."""
    samples = no_samples()
    event = run.event()
    rounds = run.times(7, 2)
    functions = {f"sleeper{number}": SLEEPER for number in range(rounds)}
    with run.running(_WITH_INVOKE, functions) as contenders:
        for number, contender in run.turns(contenders, rounds):
            with run.trying(contender, "sleepers"):
                call = Call.to(contender.invoke_url(f"sleeper{number}"), event)
                for figure in ("sleepers_cold", "sleepers_warm"):
                    samples[figure][contender.key].append([asyncio.run(all_at_once(call, _SLEEPERS))])
    return samples


def start(run: Run) -> Samples:
    """From starting the server to the first answer: role, function, waiter and Invoke through clients made before."""
    samples = no_samples()
    event = run.event()
    for number in range(run.times(7, 2)):
        for key in _WITH_INVOKE:
            if key in run.left_out or (key == "serverless-offline" and number >= 3):
                continue
            contender = CONTENDERS[key](run.folder)
            for service in ("lambda", "iam") if key in ("lab", "ministack") else ():
                contender.client(service)
            run.say(f"round {number + 1}: {contender.label}")
            try:
                with run.trying(contender, "start"):
                    started = time.perf_counter()
                    contender.start({"echo": ECHO})
                    invoke(contender.client(), contender.function_name("echo"), event)
                    samples["start"][key].append([(time.perf_counter() - started) * 1000])
            finally:
                contender.stop()
    return samples


def idle(run: Run) -> Samples:
    """Memory after one S3 and one Lambda listing, no function there; then CPU over 10 s in which nobody calls."""
    samples = no_samples()
    for number in range(run.times(3, 1)):
        with run.running((*_EVERYBODY, "moto"), {}) as contenders:
            for contender in contenders:
                if contender.key in ("lab", "ministack", "moto"):
                    with run.trying(contender, "idle"):
                        contender.client("s3").list_buckets()
                        contender.client("lambda").list_functions()
            for contender in contenders:
                processes.wait_until_quiet(contender.pid)
            before = {}
            for contender in contenders:
                memory = processes.memory(contender.pid)
                samples["idle_memory"][contender.key].append([memory.pss])
                samples["idle_memory_unshared"][contender.key].append([memory.uss])
                before[contender.key] = processes.cpu_seconds(contender.pid)
            seconds = run.times(10, 3)
            run.say(f"round {number + 1}: everybody idle for {seconds} s")
            time.sleep(seconds)
            for contender in contenders:
                used = processes.cpu_seconds(contender.pid) - before[contender.key]
                samples["idle_cpu"][contender.key].append([used / seconds * 100])
    return samples


MEASURES = (
    Measure("warm-boto3", "warm invoke through boto3", warm_boto3),
    Measure("warm-http", "warm invoke, raw HTTP", warm_http),
    Measure("throughput", "16 clients, warm, raw HTTP", throughput),
    Measure("cold", "cold invoke", cold),
    Measure("sleepers", "20 concurrent sleepers", sleepers),
    Measure("start", "server start to first answer", start),
    Measure("idle", "idle memory and CPU", idle),
    Measure("environments", "cost of an environment", environments),
    Measure("upload-start", "upload to start of handler", upload_start),
    Measure("uploads", "1,000 uploads, one item each", uploads),
    Measure("api-get", "warm GET through a REST API", api_get),
    Measure("api-throughput", "16 clients through a REST API", api_throughput),
    Measure("api-mixed", "20,000 mixed requests to a REST API", api_mixed),
    Measure("messages", "10,000 messages, 2 % failing", messages),
)
