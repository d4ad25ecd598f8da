"""What a check asks of an HTTP API and judges in the answer: by an event to the function alone, or through the API.

Both ways give the same `Answer`, so that one judgement serves for both.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from ..api_address import api_address
from ..insight.invocation import InvocationResult
from . import mistakes
from .json_values import json_equal, json_kind
from .messages import Message, shortened, shown
from .outcomes import NotDeployed, NotYet
from .probe import Probe

_STAGE = "prod"
_SECONDS = 40
#: ``event["body"]`` or ``event.get("body")``, and not the key "body" of an answer on the same line.
_TAKEN_FROM_THE_EVENT = re.compile(r"""(?:\[|\.get\()\s*["'](queryStringParameters|pathParameters|headers|body)["']""")


@dataclass(frozen=True)
class Request:
    """A request to a route. ``resource`` is the route's path, such as /orders/{id}; ``parameters`` fill its braces."""

    method: str
    resource: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None

    @property
    def path(self) -> str:
        path = self.resource
        for name, value in self.parameters.items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        return path

    @property
    def line(self) -> str:
        """As it is told to a learner: ``GET /quote?copies=3``."""
        query = f"?{urlencode(self.query)}" if self.query else ""
        return f"{self.method} {self.path}{query}"

    def event(self, probe: Probe) -> dict[str, Any]:
        """The event a proxy integration makes of it (API Gateway Developer Guide, "Input format of a Lambda function
        for proxy integration")."""
        headers = {"Accept": "*/*", "Host": "kestrel.execute-api.us-east-1.amazonaws.com", **self.headers}
        if self.body is not None:
            headers.setdefault("Content-Type", "application/json")
        return {
            "resource": self.resource,
            "path": self.path,
            "httpMethod": self.method,
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "queryStringParameters": dict(self.query) or None,
            "multiValueQueryStringParameters": {name: [value] for name, value in self.query.items()} or None,
            "pathParameters": {name: quote(value, safe="") for name, value in self.parameters.items()} or None,
            "stageVariables": None,
            "requestContext": {
                "resourcePath": self.resource,
                "httpMethod": self.method,
                "path": f"/{_STAGE}{self.path}",
                "stage": _STAGE,
                "protocol": "HTTP/1.1",
                "requestId": f"{probe.word(8)}-0000-4000-8000-000000000000",
                "identity": {"sourceIp": "203.0.113.10", "userAgent": "check"},
            },
            "body": self.body,
            "isBase64Encoded": False,
        }


@dataclass(frozen=True)
class Answer:
    """What the client gets. ``headers`` have lower-case names; ``json`` is the parsed body, None when it is no JSON.

    ``result`` is the invocation behind it when the function was invoked without its API.
    """

    did: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    result: InvocationResult | None = None

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def shown(self) -> str:
        return f"{self.status} {shortened(self.text, 80)}".rstrip()


@dataclass(frozen=True)
class Mistake:
    """A mistake of one exercise. ``when`` says whether the answer shows it; ``look`` is the line that names it."""

    when: Callable[[Answer], bool]
    look: str


def by_event(
    probe: Probe, function: str, request: Request, failure: Callable[[InvocationResult], NotYet] | None = None
) -> Answer:
    """Invoke the function with the event of this request, and read its answer as API Gateway does.

    Raises as ``Probe.invoke``, and NotYet for what API Gateway would not take: 502 for every client.
    """
    result = probe.invoke(function, request.event(probe), may_fail=True)
    did = f"We invoked {function} with the event of {request.line}."
    if result.failed:
        raise _of_a_request(did, result)
    return answer_of(did, result)


def answer_of(did: str, result: InvocationResult) -> Answer:
    """What API Gateway makes of a proxy function's answer (API Gateway Developer Guide, "Output format of a Lambda
    function for proxy integration"). Raises NotYet with the name of the mistake where it answers 502."""

    def malformed(
        look: str, expected: str = "an answer that API Gateway can take: for this one its clients get 502"
    ) -> NotYet:
        return NotYet(Message(did=did, came_back=shown(got), expected=expected, look=look))

    got = result.payload
    if not result.is_json:
        raise malformed("what the handler returns: a dict with statusCode, headers and body")
    if got is None:
        raise malformed(
            "return: a handler without one answers null, and API Gateway makes 200 with no body of it", "an answer"
        )
    if not isinstance(got, dict):
        raise malformed(
            f"what the handler returns: {json_kind(got)} came, a dict with statusCode and body was expected"
        )
    if "statusCode" not in got:
        raise malformed(
            "statusCode: it is missing"
            + ("; is the data itself returned? It belongs into body, as text" if "body" not in got else "")
        )
    status = got["statusCode"]
    if isinstance(status, bool) or not str(status).isdecimal():
        raise malformed("statusCode: it is a whole number such as 200")
    body = got.get("body")
    if body is not None and not isinstance(body, str):
        raise malformed("body: it is not a string; json.dumps makes text of it")
    headers = got.get("headers")
    if headers is not None and not isinstance(headers, dict):
        raise malformed("headers: it is a dict of names with values")
    for name, value in (headers or {}).items():
        if not isinstance(value, str | int | float | bool):
            raise malformed(f"headers: the value of {name} is {json_kind(value)}; a header's value is text")
    many = got.get("multiValueHeaders") or {}
    found = {str(name).lower(): str(value) for name, value in (headers or {}).items()}
    found |= {
        str(name).lower(): ", ".join(map(str, values)) for name, values in many.items() if isinstance(values, list)
    }
    raw = base64.b64decode(body) if got.get("isBase64Encoded") is True and body else (body or "").encode()
    return Answer(did, int(status), found, raw, result)


def _of_a_request(did: str, result: InvocationResult) -> NotYet:
    """As ``mistakes.failure``, with what is special about the event of a request."""
    text = result.error_message
    place = result.frames[-1] if result.frames else None
    stop = mistakes.failure(result)
    look = stop.message.look
    code = place.code if place else ""
    if result.error_type in ("TypeError", "AttributeError") and "NoneType" in text:
        taken = _TAKEN_FROM_THE_EVENT.search(code)
        named = taken[1] if taken else "queryStringParameters and pathParameters"
        look = f"{named}: None when the request has none; {place.file}, line {place.line}" if place else look
    elif result.error_type == "TypeError" and "Decimal" in text:
        look = "a Decimal: DynamoDB gives numbers as Decimal, and JSON has none; int() makes a number of it"
    elif "AccessDenied" in text:
        look = "the role: it is not allowed to do what that message names"
    stop.message = Message(
        did=did, came_back=stop.message.came_back, expected="an answer; for an exception the client gets 502", look=look
    )
    return stop  # type: ignore[return-value]


# --- through the API ---------------------------------------------------------------------------------------------


def api_of(probe: Probe, name: str) -> str:
    """The id of the REST API of this name. Raises NotDeployed when there is none, NotYet when there are several."""
    found = [
        api["id"]
        for page in probe.client("apigateway").get_paginator("get_rest_apis").paginate()
        for api in page["items"]
        if api["name"] == name
    ]
    if not found:
        raise NotDeployed(
            Message(
                did=f"We looked for the REST API {name}.",
                came_back="there is no API of that name",
                look="the cells of the lesson that make it: run the notebook from its top, then check again",
            )
        )
    if len(found) > 1:
        raise NotYet(
            Message(
                did=f"We looked for the REST API {name}.",
                came_back=f"there are {len(found)} of that name",
                expected="one",
                look="create_rest_api: it makes another one each time; remove the old ones first",
            )
        )
    return str(found[0])


def by_http(probe: Probe, api_name: str, request: Request) -> Answer:
    """Send the request to the stage prod of this API. Raises NotYet when the route is not there or not deployed."""
    api_id = api_of(probe, api_name)
    url = api_address(api_id, _STAGE, region=probe.region, endpoint=probe.endpoint) + request.path
    headers = dict(request.headers)
    if request.body is not None:
        headers.setdefault("Content-Type", "application/json")
    answer = fetch(
        request.method, url, headers, request.body, dict(request.query), did=f"We called {request.line} of {api_name}."
    )
    if answer.headers.get("x-amzn-errortype") == "MissingAuthenticationTokenException":
        raise _no_route(probe, api_id, request, answer)
    if (
        answer.status == 403
        and answer.headers.get("x-amzn-errortype") == "ForbiddenException"
        and _has_no_stage(probe, api_id)
    ):
        raise _wrong(answer, "an answer of the function", "create_deployment: the API has no stage named prod")
    return answer


def fetch(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: str | bytes | None,
    query: Mapping[str, str] | None = None,
    *,
    did: str,
) -> Answer:
    """One HTTP request, without the proxies of this machine. Raises NotYet when nobody answers."""
    import requests

    session = requests.Session()
    session.trust_env = False
    try:
        found = session.request(
            method,
            url,
            headers=dict(headers),
            data=body.encode() if isinstance(body, str) else body,
            params=query,
            timeout=_SECONDS,
            allow_redirects=False,
        )
    except requests.RequestException as problem:
        raise NotYet(
            Message(did=did, came_back=shortened(str(problem)), expected="an answer", look="the address")
        ) from None
    return Answer(did, found.status_code, {name.lower(): value for name, value in found.headers.items()}, found.content)


def _no_route(probe: Probe, api_id: str, request: Request, answer: Answer) -> NotYet:
    client = probe.client("apigateway")
    there = {
        resource["path"]: resource.get("resourceMethods", {})
        for page in client.get_paginator("get_resources").paginate(restApiId=api_id)
        for resource in page["items"]
    }
    if request.resource not in there:
        look = f"the resource {request.resource}: the API has none with that path"
    elif not {request.method, "ANY"} & set(there[request.resource]):
        look = f"the method {request.method} of {request.resource}: there is none"
    else:
        look = "the deployment: the route is there, but what is not published is not in the stage prod"
    return _wrong(answer, "an answer of the function", look)


def _has_no_stage(probe: Probe, api_id: str) -> bool:
    stages = probe.client("apigateway").get_stages(restApiId=api_id)["item"]
    return _STAGE not in [stage["stageName"] for stage in stages]


# --- judgements --------------------------------------------------------------------------------------------------


def has_status(answer: Answer, wanted: int, why: str, *, look: str = "", mistakes_here: Sequence[Mistake] = ()) -> None:
    """``why`` says in words which kind of answer is expected, such as "400: copies is no number"."""
    if answer.status == wanted:
        return
    raise _wrong(answer, why, _own(answer, mistakes_here) or look or _about_status(answer, wanted))


def has_body(
    answer: Answer, wanted: Any, expected: str, *, look: str = "", mistakes_here: Sequence[Mistake] = ()
) -> None:
    """The body is this JSON value, compared by type (True is not 1)."""
    got = answer.json
    if got is not None and json_equal(got, wanted):
        return
    raise _wrong(answer, expected, _own(answer, mistakes_here) or _about_body(answer, wanted) or look)


def has_error_shape(answer: Answer, code: str | None = None) -> None:
    """The body is ``{"error": {"code": ..., "message": ...}}``, both texts, and the code is this one if given."""
    got = answer.json
    error = got.get("error") if isinstance(got, dict) else None
    if not isinstance(error, dict):
        raise _wrong(
            answer,
            "an error in the shop's one shape",
            "the body of an error: an object with error, and code and message in that",
        )
    for name in ("code", "message"):
        if not isinstance(error.get(name), str) or not error[name]:
            raise _wrong(
                answer, "an error in the shop's one shape", f"the body of an error: {name} is a text that is not empty"
            )
    if code is not None and error["code"] != code:
        raise _wrong(answer, "the code that the task names", "the code of the error")


def is_json(answer: Answer) -> None:
    kind = answer.headers.get("content-type", "")
    if not kind.startswith("application/json"):
        raise _wrong(
            answer,
            "application/json",
            f"the header Content-Type: it is {kind}" if kind else "the header Content-Type: it is missing",
        )


def is_open_to_pages(answer: Answer) -> None:
    """A page of any origin may read this answer (Fetch standard, "CORS protocol")."""
    if answer.headers.get("access-control-allow-origin") == "*":
        return
    where = "an answer of this status" if answer.status >= 400 else "the answer"
    raise _wrong(
        answer,
        "an answer that a page of any origin may read",
        f"the header Access-Control-Allow-Origin: {where} does not have it, and the browser keeps it from the page",
    )


def wrong(answer: Answer, expected: str, look: str) -> NotYet:
    """The stop for an answer that is not as asked."""
    return _wrong(answer, expected, look)


def _wrong(answer: Answer, expected: str, look: str) -> NotYet:
    return NotYet(Message(did=answer.did, came_back=answer.shown, expected=expected, look=look))


def _own(answer: Answer, mistakes_here: Sequence[Mistake]) -> str:
    return next((mistake.look for mistake in mistakes_here if mistake.when(answer)), "")


def _about_status(answer: Answer, wanted: int) -> str:
    if answer.result is None and answer.status == 502:
        return "the function's answer: API Gateway could not take it, or the function failed; its log says more"
    if answer.result is None and answer.status == 500 and answer.headers.get("x-amzn-errortype"):
        return "the permission: the function does not let this API invoke it (add_permission), or is not there"
    if wanted >= 400 and answer.status == 200:
        return "statusCode: 200 says that all is well, whatever the body says"
    return f"statusCode: {answer.status} is not the status for this"


def _about_body(answer: Answer, wanted: Any) -> str:
    got = answer.json
    if got is None:
        return (
            "the body: it is empty" if not answer.body else "the body: it is no JSON; json.dumps makes JSON of a dict"
        )
    if isinstance(got, str) and not isinstance(wanted, str):
        return "json.dumps: it was called twice, so the body is JSON text within JSON"
    if json_kind(got) != json_kind(wanted):
        return f"the body: it is {json_kind(got)}, {json_kind(wanted)} was expected"
    if isinstance(got, dict):
        return mistakes.differing_key(got, wanted)
    return ""
