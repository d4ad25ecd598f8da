"""Answers of S3 to requests about notification configurations.

Source: Amazon S3 API Reference, "Error responses"; wording recorded from AWS.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.sax.saxutils import escape


@dataclass(frozen=True)
class Answer:
    """A response; the front door adds the ids of the request."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ids:
    """Of one request: ``x-amz-request-id`` and ``x-amz-id-2``."""

    request_id: str
    host_id: str


class S3Error(Exception):
    """An error of S3. ``details`` are further elements of the document."""

    def __init__(self, status: int, code: str, message: str, *details: tuple[str, str]) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = details


def no_such_bucket(bucket: str) -> S3Error:
    return S3Error(404, "NoSuchBucket", "The specified bucket does not exist", ("BucketName", bucket))


def malformed() -> S3Error:
    return S3Error(
        400,
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )


def invalid(message: str, *arguments: tuple[str, str], numbered: bool = False) -> S3Error:
    """InvalidArgument; ``arguments`` are pairs of an argument's name and its value, or what is wrong with it."""
    details = [
        pair
        for number, (name, value) in enumerate(arguments, 1)
        for pair in (
            (f"ArgumentName{number if numbered else ''}", name),
            (f"ArgumentValue{number if numbered else ''}", value),
        )
    ]
    return S3Error(400, "InvalidArgument", message, *details)


def answer(problem: S3Error, ids: Ids) -> Answer:
    """The error as S3 writes it."""
    details = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in problem.details)
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{problem.code}</Code>'
        f"<Message>{escape(str(problem))}</Message>{details}"
        f"<RequestId>{ids.request_id}</RequestId><HostId>{ids.host_id}</HostId></Error>"
    )
    return Answer(problem.status, text.encode(), {"Content-Type": "application/xml"})


def document(text: str) -> Answer:
    """A success; the text is XML or empty."""
    return Answer(200, text.encode(), {"Content-Type": "application/xml"} if text else {})
