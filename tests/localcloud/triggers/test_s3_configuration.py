"""Notification configurations: XML, matching, filters that fit nothing."""

from __future__ import annotations

import pytest

from labsupport.localcloud.triggers.s3_configuration import Configuration, Malformed, Rule

QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"


def rule(*events: str, **filters: str) -> Rule:
    return Rule("id", "Queue", QUEUE, events or ("s3:ObjectCreated:*",), tuple(filters.items()))


@pytest.mark.parametrize(
    "body",
    [
        b"no xml",
        b"<Other/>",
        b"<NotificationConfiguration><Unknown/></NotificationConfiguration>",
        b"<NotificationConfiguration><QueueConfiguration><Queue>q</Queue></QueueConfiguration></NotificationConfiguration>",
        b"<NotificationConfiguration><QueueConfiguration><Event>e</Event></QueueConfiguration></NotificationConfiguration>",
    ],
)
def test_what_is_no_configuration_is_malformed(body):
    with pytest.raises(Malformed):
        Configuration.read(body)


def test_what_was_written_reads_the_same():
    configuration = Configuration((rule(Prefix="a&<b>", Suffix=""), rule("s3:ObjectAcl:Put")), event_bridge=True)
    assert Configuration.read(configuration.text().encode()) == configuration


def test_an_empty_configuration_is_false():
    assert not Configuration.read(b"<NotificationConfiguration/>")
    assert Configuration(event_bridge=True)


@pytest.mark.parametrize(
    ("pattern", "event", "fits"),
    [
        ("s3:ObjectCreated:*", "ObjectCreated:Put", True),
        ("s3:ObjectCreated:Put", "ObjectCreated:Put", True),
        ("s3:ObjectCreated:Put", "ObjectCreated:Post", False),
        ("s3:ObjectTagging:*", "ObjectCreated:Put", False),
    ],
)
def test_an_event_fits_its_name_and_its_group(pattern, event, fits):
    assert rule(pattern).matches(event, "key") is fits


@pytest.mark.parametrize(
    ("value", "tells"),
    [("images/", False), ("year%3D2026/", False), ("my+photos/", False), ("copy(1)!", False), ("", False)]
    + [("größe/", True), ("year=2026/", True), ("my photos/", True)],
)
def test_a_filter_that_fits_no_key_is_found(value, tells):
    """Keys are URL-encoded before they are compared."""
    assert rule(prefix=value).values_that_fit_no_key() == ([value] if tells else [])
