"""The child process that serves moto: a production WSGI server on loopback, plus a few inner addresses for the engine.

It is a process of its own because moto's one interpreter lock would otherwise hold up every invocation. It ends when
its parent does, however the parent ends, and then removes what the parent can no longer remove.
"""

from __future__ import annotations

import functools
import importlib
import json
import logging
import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

INNER_PREFIX = "/_labsupport/moto/"


def main() -> None:
    """Read one JSON line of settings from stdin, serve until stdin closes."""
    settings = json.loads(sys.stdin.readline())
    threading.Thread(
        target=_end_with_parent, args=(Path(settings["state_dir"]),), daemon=True, name="end-with-parent"
    ).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; the parent decides

    # moto makes a botocore session, which would read the files and obey the variables of whoever runs the lab.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    import waitress.server

    # A burst that waits for a thread is no news: the learner would read a line for each request of it.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    from .moto_seam_imports import after_import, leave_out_mocking

    leave_out_mocking()
    from .moto_seam_policies import keep_managed_policies_on_disk

    keep_managed_policies_on_disk()  # before the seam imports the rest of moto
    from . import (
        moto_seam,
        moto_seam_access,
        moto_seam_s3,
        moto_seam_s3_objects,
        moto_seam_sqs_api,
        moto_seam_sqs_moves,
        moto_seam_sqs_send,
    )
    from .moto_seam_regions import keep_only_region_names

    front_door = settings["front_door"]
    token = settings["token"]

    def send_invocation(function_arn: str, payload: bytes, invocation_type: str) -> None:
        headers = {"X-Amz-Invocation-Type": invocation_type, "Content-Type": "application/json"}
        trace = moto_seam.trace_header()
        connection = HTTPConnection(front_door, timeout=30)
        try:
            connection.request(
                "POST",
                f"/2015-03-31/functions/{function_arn}/invocations",
                body=payload,
                headers=headers | ({"X-Amzn-Trace-Id": trace} if trace else {}),
            )
            connection.getresponse().read()
        finally:
            connection.close()

    def replace_functions() -> None:
        from . import moto_seam_event_sources, moto_seam_lambda

        client = moto_seam_lambda.LambdaClient(front_door)
        moto_seam_lambda.replace_functions(client, send_invocation)
        moto_seam_event_sources.replace_event_source_mappings(client)

    def right_dynamodb() -> None:
        from . import moto_seam_dynamodb, moto_seam_streams, moto_seam_ttl

        moto_seam_dynamodb.make_writes_whole()
        moto_seam_streams.keep_streams()
        moto_seam_ttl.remove_expired_items(settings["time_scale"])

    def right_dynamodb_requests() -> None:
        from . import moto_seam_dynamodb_requests

        moto_seam_dynamodb_requests.serve_requests_as_aws_does()

    def right_dynamodb_streams() -> None:
        from . import moto_seam_streams_api

        moto_seam_streams_api.answer_for_streams()

    def replace_s3() -> None:
        moto_seam_s3_objects.behave_like_s3()
        moto_seam_s3.replace_events()

    after_import("moto.dynamodb.models", right_dynamodb)
    after_import("moto.dynamodb.responses", right_dynamodb_requests)
    after_import("moto.dynamodbstreams.responses", right_dynamodb_streams)
    # moto's Lambda brings its DynamoDB, Kinesis, ECR and CloudWatch: 17 MB that wait for the first trigger or template.
    after_import("moto.awslambda.models", replace_functions)
    for models, function in _WITH_THEIR_SERVICE.items():
        after_import(models, _of_seam(function))
    after_import("moto.s3.responses", replace_s3)
    keep_only_region_names()
    moto_seam_s3_objects.match_keys_with_line_breaks()
    moto_seam.find_backends_once()
    moto_seam.keep_trace_header_of_messages()
    moto_seam_sqs_api.right_queues()
    moto_seam_sqs_send.right_sending()
    moto_seam_sqs_moves.add_message_moves()
    moto_seam_access.keep_session_policies()
    moto_app = moto_seam_s3.with_events(moto_seam.application())

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith(INNER_PREFIX):
            if environ.get("HTTP_X_LABSUPPORT_TOKEN") != token:
                start_response("403 Forbidden", [("Content-Type", "text/plain")])
                return [b"inner address"]
            call = environ["PATH_INFO"][len(INNER_PREFIX) :]
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            answer = json.dumps(_inner_call(call)(**json.loads(body))).encode()
            start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
            return [answer]
        return moto_app(environ, start_response)

    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    server = waitress.server.create_server(
        app,
        sockets=[listener],
        threads=16,
        max_request_body_size=6 * 1024**3,
        # Bodies stay in memory up to 32 MB; larger ones go to a temporary file.
        inbuf_overflow=32 * 1024**2,
        outbuf_overflow=32 * 1024**2,
        channel_timeout=3600,
        connection_limit=1000,
        ident=None,
        clear_untrusted_proxy_headers=False,
    )
    # Beside the first requests, not before them: the cloud is ready a second earlier.
    threading.Thread(target=_warm_up, args=(moto_app,), daemon=True, name="warm-up").start()
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    server.run()


#: Modules of moto, and what a part of the seam does once one is imported; the part is imported then, too.
_WITH_THEIR_SERVICE = {
    "moto.apigateway.models": "moto_seam_apigateway.keep_rest_apis",
    "moto.apigateway.responses": "moto_seam_apigateway_answers.answer_as_aws_does",
    "moto.apigateway.urls": "moto_seam_apigateway_access.answer_for_stages",
    "moto.apigatewayv2.models": "moto_seam_apigateway.keep_http_apis",
    "moto.apigatewayv2.urls": "moto_seam_http_apis.add_operations",
    "moto.events.models": "moto_seam_events.tell_of_rules_and_events",
    "moto.logs.models": "moto_seam_logs.tell_of_log_events",
    "moto.scheduler.models": "moto_seam_scheduler.tell_of_schedules",
    "moto.sns.models": "moto_seam_sns.deliver_as_aws_does",
}

#: Inner addresses and the function of a seam module that answers each; its arguments are the body, its result is JSON.
_INNER_CALLS = {
    "api": "moto_seam_apigateway.api",
    "rest_api_now": "moto_seam_apigateway.rest_api_now",
    "role_trust_policy": "moto_seam.role_trust_policy",
    "resource_exists": "moto_seam.resource_exists",
    "event_source": "moto_seam.event_source",
    "logs": "moto_seam.put_log_batches",
    "credentials": "moto_seam_access.role_credentials",
    "identity": "moto_seam_access.identity_of_key",
    "role": "moto_seam_access.identity_of_role",
    "resource": "moto_seam_access.resource_facts",
    "exchange_messages": "moto_seam_queues.exchange_messages",
    "open_stream": "moto_seam_streams.open_stream",
    "read_stream": "moto_seam_streams.read_stream",
    "log_group_exists": "moto_seam_delivery.log_group_exists",
    "events_to_queue": "moto_seam_delivery.send_to_queue",
    "events_publish": "moto_seam_delivery.publish",
    "schedule_completed": "moto_seam_scheduler.delete_completed",
    "sns_dead_letter": "moto_seam_sns.send_dead_letter",
    "s3_deliver": "moto_seam_s3.deliver",
    "s3_region": "moto_seam_s3.region_of_bucket",
    "s3_watch": "moto_seam_s3.watch_bucket",
    "dynamodb_units": "moto_seam_usage.dynamodb_units",
}


def _of_seam(name: str) -> Callable[[], None]:
    """Calls a function of a seam module, which is imported at that moment."""

    def call() -> None:
        module, _, function = name.partition(".")
        getattr(importlib.import_module(f".{module}", __package__), function)()

    return call


@functools.cache
def _inner_call(call: str) -> Callable[..., Any]:
    """The function behind an inner address; its module is imported when it is first asked for."""
    module, _, function = _INNER_CALLS[call].partition(".")
    found: Callable[..., Any] = getattr(importlib.import_module(f".{module}", __package__), function)
    return found


def _warm_up(moto_app: Any) -> None:
    """Load the services that nearly every lesson touches first, so that the learner's first call does not wait."""
    for service in ("iam", "logs", "sts"):
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "HTTP_HOST": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/{service}/aws4_request, x",
        }
        try:
            list(moto_app(environ | {"wsgi.input": _Empty(), "CONTENT_LENGTH": "0"}, lambda *a, **k: None))
        except Exception:  # the answer does not matter, only what was imported on the way
            pass


class _Empty:
    def read(self, *_: int) -> bytes:
        return b""


def _end_with_parent(state_dir: Path) -> None:
    """Block until the parent's end of stdin closes; then leave nothing behind.

    The parent normally cleans up itself; after a ``kill -9`` of the parent this is the only process left to do it.
    """
    while sys.stdin.buffer.raw.read(4096):  # type: ignore[union-attr]
        pass
    for pid_file in state_dir.glob("environments/*/process_group"):
        try:
            os.killpg(int(pid_file.read_text()), signal.SIGKILL)
        except (OSError, ValueError):
            pass
    for _ in range(20):
        shutil.rmtree(state_dir, ignore_errors=True)
        if not state_dir.exists():
            break
        time.sleep(0.05)
    os._exit(0)


if __name__ == "__main__":
    main()
