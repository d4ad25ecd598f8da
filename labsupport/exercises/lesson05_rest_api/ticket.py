"""apis-4: a presigned URL for an upload, behind the API."""

from __future__ import annotations

import json
import os.path
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .. import expectations
from .. import http_answers as http
from ..http_answers import Answer, Request
from ..messages import Message
from ..model import Exercise, SubCheck, sub_checks
from ..outcomes import NotDeployed
from ..probe import Probe
from .shop import API

_TICKET = "kestrel-ticket"
_ENDINGS = {"image/png": ".png", "image/jpeg": ".jpg"}
_SECONDS = 300
#: Behind what all names have in common, so many letters (or digits) must be there, and so many must differ from one
#: name to the next. Less than that can be guessed.
_LETTERS = 12
_DIGITS = 18
_DIFFERENT = 6


def _request(body: Any) -> Request:
    text = body if isinstance(body, str) else json.dumps(body)
    return Request("POST", "/uploads", headers={"Origin": "https://shop.example"}, body=text)


def _bucket(probe: Probe) -> str:
    name = f"kestrel-uploads-{probe.client('sts').get_caller_identity()['Account']}"
    if name not in [bucket["Name"] for bucket in probe.client("s3").list_buckets()["Buckets"]]:
        raise NotDeployed(
            Message(
                did=f"We looked for the bucket {name}.",
                came_back="there is no bucket of that name",
                look="the cell of step 6 that makes it: run the notebook from its top, then check again",
            )
        )
    return name


def _ticket(answer: Answer, kind: str) -> tuple[str, str]:
    """Key and URL of a ticket that is as asked."""
    http.has_status(answer, 201, "201 with a ticket")
    got = answer.json
    found = isinstance(got, dict) and all(isinstance(got.get(name), str) for name in ("key", "url"))
    if not found:
        raise http.wrong(answer, "a ticket", "the body: a JSON object with key and url, both text")
    key, url = got["key"], got["url"]
    if not key.startswith("uploads/") or not key.endswith(_ENDINGS[kind]):
        raise http.wrong(answer, "a key that begins and ends as asked", f"the key: {key}, for {kind}")
    http.is_json(answer)
    http.is_open_to_pages(answer)
    return key, url


def _gives(probe: Probe) -> None:
    for kind in _ENDINGS:
        _ticket(http.by_event(probe, _TICKET, _request({"type": kind})), kind)


def _works(probe: Probe) -> None:
    bucket, s3 = _bucket(probe), probe.client("s3")
    for kind in _ENDINGS:
        key, url = _ticket(http.by_event(probe, _TICKET, _request({"type": kind})), kind)
        photo = probe.rng.randbytes(probe.whole_number(1000, 5000))
        try:
            put = http.fetch("PUT", url, {"Content-Type": kind}, photo, did="We sent a photo to the url of a ticket.")
            if put.status == 403 and "SignatureDoesNotMatch" in put.text:
                look = "what is signed: the method (put_object), Key and ContentType have to be those of the upload"
                raise http.wrong(put, "200: the photo is in the bucket", look)
            if put.status == 403:
                look = "the role: the URL has the rights of the function, and it may not put objects there"
                raise http.wrong(put, "200: the photo is in the bucket", look)
            http.has_status(put, 200, "200: the photo is in the bucket", look="the url: presigned for put_object?")
            try:
                found = s3.get_object(Bucket=bucket, Key=key)
            except s3.exceptions.NoSuchKey:
                look = "key and url: the key in the answer is the one that was signed"
                raise http.wrong(put, f"the photo in {bucket}, under the key of the ticket", look) from None
            if found["Body"].read() != photo or found["ContentType"] != kind:
                raise http.wrong(put, "the photo as it was sent, with its content type", "ContentType in Params")
        finally:
            s3.delete_object(Bucket=bucket, Key=key)


def _is_limited(probe: Probe) -> None:
    answer = http.by_event(probe, _TICKET, _request({"type": "image/png"}))
    _key, url = _ticket(answer, "image/png")
    query = {name.lower(): values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    if "x-amz-expires" in query:
        seconds = float(query["x-amz-expires"])
    elif query.get("expires", "").isdecimal():  # the older signature names a moment
        seconds = float(query["expires"]) - time.time()
    else:
        raise http.wrong(answer, "a presigned URL", "the url: it has no signature; generate_presigned_url makes one")
    if not _SECONDS - 15 <= seconds <= _SECONDS + 5:
        raise http.wrong(answer, "five minutes", f"ExpiresIn: the ticket is good for {seconds:.0f} seconds")
    signed = query.get("x-amz-signedheaders", "content-type").split(";")  # the older signature always covers it
    if "content-type" not in signed:
        look = "ContentType in Params: what is not signed, anybody may choose, an HTML page for example"
        raise http.wrong(answer, "a ticket for image/png, and for no other type", look)


def _is_not_guessed(probe: Probe) -> None:
    answers = [http.by_event(probe, _TICKET, _request({"type": "image/png"})) for _ in range(5)]
    names = [_ticket(answer, "image/png")[0].removeprefix("uploads/").removesuffix(".png") for answer in answers]
    if len(set(names)) < len(names):
        raise http.wrong(
            answers[-1],
            "another key for each ticket",
            "the key: two tickets have the same one; a photo would replace another",
        )
    common = len(os.path.commonprefix(names))
    rests = [name[common:] for name in names]
    for one, other in zip(rests, rests[1:], strict=False):
        differing = sum(a != b for a, b in zip(one, other, strict=False)) + abs(len(one) - len(other))
        if len(one) < (_DIGITS if one.isdecimal() else _LETTERS) or differing < _DIFFERENT:
            look = "the key: secrets.token_urlsafe makes names of chance; a counter or a clock does not"
            raise http.wrong(answers[-1], "a key that nobody can guess", look)


def _refuses(probe: Probe) -> None:
    for body in ({"type": "image/gif"}, {"type": "text/html"}, {}, "image/png", {"type": probe.word()}):
        answer = http.by_event(probe, _TICKET, _request(body))
        http.has_status(answer, 415, "415: there are tickets for image/png and image/jpeg")
        http.has_error_shape(answer)
        http.is_open_to_pages(answer)


def _through_the_api(probe: Probe) -> None:
    answer = http.by_http(probe, API, _request({"type": "image/png"}))
    _ticket(answer, "image/png")
    asked = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    preflight = http.by_http(probe, API, Request("OPTIONS", "/uploads", headers=asked))
    if preflight.status not in (200, 204):
        raise http.wrong(preflight, "an answer to the preflight: 200 or 204", "the method OPTIONS of /uploads")
    http.is_open_to_pages(preflight)
    methods = preflight.headers.get("access-control-allow-methods", "").upper()
    if "POST" not in methods and "*" not in methods:
        raise http.wrong(
            preflight, "POST is allowed", f"Access-Control-Allow-Methods of the preflight: {methods or 'missing'}"
        )
    names = preflight.headers.get("access-control-allow-headers", "").lower()
    if "content-type" not in names and "*" not in names:
        raise http.wrong(
            preflight, "Content-Type is allowed", f"Access-Control-Allow-Headers of the preflight: {names or 'missing'}"
        )


def _few_rights(probe: Probe) -> None:
    iam = probe.client("iam")
    role = probe.function(_TICKET).role.rpartition("/")[2]
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
        for statement in statements:
            actions, resources = (_listed(statement.get(key)) for key in ("Action", "Resource"))
            wide = [
                action
                for action in actions
                if action in ("*", "s3:*") or (action.startswith("s3:") and "*" in resources)
            ]
            expectations.require(
                statement.get("Effect") != "Allow" or not wide,
                Message(
                    did=f"We read the policy {name} of the role {role}.",
                    came_back=f"it allows {wide[0] if wide else ''} on {', '.join(resources)[:60]}",
                    expected="one action on one bucket",
                    look="the wildcard: everybody who finds a fault in your function has these rights, too",
                ),
            )


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


_STEPS = sub_checks(
    ("It gives a ticket", _gives),
    ("With the ticket a photo gets into the bucket", _works),
    ("The ticket is good for five minutes and for its type", _is_limited),
    ("Nobody can guess the next key", _is_not_guessed),
    ("Other types are 415", _refuses),
    ("A page gets all this through the API", _through_the_api),
    ("The role has the right it needs, and no wider one", _few_rights),
)


def _check(probe: Probe) -> Iterator[SubCheck]:
    probe.function(_TICKET)
    _bucket(probe)
    # An untouched starter ends here.
    probe.invoke(_TICKET, _request({"type": "image/png"}).event(probe), may_fail=True)
    yield from _STEPS(probe)


EXERCISE = Exercise(
    id="apis-4",
    lesson="05",
    title="A ticket for a photo",
    kind="design",
    points=5,
    minutes=10,
    skills=("presigned URL", "CORS", "least privilege"),
    hints=(
        "The function only calculates a signature. It needs no connection to S3, but what it signs is worth what its "
        "role may do. And what is not part of the signature, the sender may choose.",
        "Step 6 signs with Bucket, Key and ContentType. The module secrets makes names nobody can guess. The bucket's "
        "name has the account number in it, so it is a setting: an environment variable. Steps 1 and 4 have the wiring.",
        "In words, function: parse the body; the type is not one of the two: 415. key = uploads/ + token_urlsafe + "
        "ending. generate_presigned_url for put_object, ExpiresIn 300. 201 with both. Wiring: allow s3:PutObject on "
        "arn:aws:s3:::BUCKET/uploads/*, deploy with the variable, route POST, let_browsers_in, publish.",
    ),
    explanation="Not a byte of a photo passes your function or the API. That is cheaper, has no limit of a few "
    "megabytes, and on the day of the sale thousands of uploads are S3's business. The ticket is narrow: one key, one "
    "type, five minutes. Even a stolen one cannot overwrite another customer's photo.",
    check=_check,
)
