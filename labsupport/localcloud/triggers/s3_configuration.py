"""The notification configuration of a bucket: what is sent where, from XML and to XML.

Sources: Amazon S3 API Reference, "PutBucketNotificationConfiguration"; Amazon S3 User Guide, "Configuring event
notifications using object key name filtering".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote_plus
from xml.etree import ElementTree
from xml.sax.saxutils import escape

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
#: The name of a configuration in XML is this and "Configuration"; its ARN has the same element without.
_SERVICES = {"Topic": "sns", "Queue": "sqs", "CloudFunction": "lambda"}

#: What an encoded key is made of, and what may stand in a filter as it is.
_ENCODED = re.compile(r"[A-Za-z0-9_.~/+%!*'()-]*")


class Malformed(Exception):
    """The XML is not what the schema wants."""


@dataclass(frozen=True)
class Rule:
    """One queue, topic or function configuration. ``events`` as in the API, with ``s3:``; ``filters`` are names
    (``prefix`` or ``suffix``, as sent) and values."""

    id: str
    kind: str
    arn: str
    events: tuple[str, ...]
    filters: tuple[tuple[str, str], ...] = ()

    @property
    def prefix(self) -> str:
        return self._filter("prefix")

    @property
    def suffix(self) -> str:
        return self._filter("suffix")

    def matches(self, event: str, key: str) -> bool:
        """``event`` is a full name without ``s3:``, ``key`` the key as it is, not encoded."""
        return any(covers(pattern, f"s3:{event}") for pattern in self.events) and any(
            encoded.startswith(self.prefix) and encoded.endswith(self.suffix) for encoded in _encoded(key)
        )

    def values_that_fit_no_key(self) -> list[str]:
        """Of prefix and suffix those that hold a character which URL-encoded keys do not have."""
        return [value for _name, value in self.filters if not _ENCODED.fullmatch(value)]

    def _filter(self, wanted: str) -> str:
        return next((value for name, value in self.filters if name.lower() == wanted), "")


@dataclass(frozen=True)
class Configuration:
    """All rules of a bucket, in the order sent; ``event_bridge`` sends every event to the default event bus, too."""

    rules: tuple[Rule, ...] = ()
    event_bridge: bool = False

    def __bool__(self) -> bool:
        return bool(self.rules) or self.event_bridge

    @classmethod
    def read(cls, body: bytes) -> Configuration:
        """From the body of a request; ids may be empty. Raises Malformed."""
        try:
            root = ElementTree.fromstring(body)
        except ElementTree.ParseError:
            raise Malformed from None
        if _name(root) != "NotificationConfiguration":
            raise Malformed
        rules = []
        event_bridge = False
        for element in root:
            kind = _name(element).removesuffix("Configuration")
            if kind == "EventBridge":
                event_bridge = True
            elif kind in _SERVICES:
                rules.append(_rule(kind, element))
            else:
                raise Malformed
        return cls(tuple(rules), event_bridge)

    def text(self) -> str:
        """As GetBucketNotificationConfiguration answers."""
        parts = [
            f"<{rule.kind}Configuration><Id>{escape(rule.id)}</Id><{rule.kind}>{escape(rule.arn)}</{rule.kind}>"
            + "".join(f"<Event>{escape(event)}</Event>" for event in rule.events)
            + _filter_text(rule)
            + f"</{rule.kind}Configuration>"
            for rule in self.rules
        ]
        if self.event_bridge:
            parts.append("<EventBridgeConfiguration/>")
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<NotificationConfiguration xmlns="{_NAMESPACE}">{"".join(parts)}</NotificationConfiguration>'
        )


def _encoded(key: str) -> tuple[str, str]:
    """What a filter is compared with: "If your prefix or suffix contains a space, you must replace it with the "+"
    character. If you use any other special characters … you must enter them in URL-encoded format" ("Configuring event
    notifications using object key name filtering"). Characters that are safe in keys may stand as they are."""
    return quote_plus(key, safe="/"), quote_plus(key, safe="/!*'()")


def covers(pattern: str, event: str) -> bool:
    """Whether an event of a rule, such as ``s3:ObjectCreated:*``, includes ``event`` (which may be such a group)."""
    return pattern == event or (pattern.endswith(":*") and event.startswith(pattern[:-1]))


def service_of(kind: str) -> str:
    """The service in an ARN of this kind of rule."""
    return _SERVICES[kind]


def _rule(kind: str, element: ElementTree.Element) -> Rule:
    identifier = arn = ""
    events: list[str] = []
    filters: list[tuple[str, str]] = []
    for child in element:
        name, text = _name(child), child.text or ""
        if name == "Id":
            identifier = text
        elif name == kind:
            arn = text.strip()
        elif name == "Event":
            events.append(text)
        elif name == "Filter":
            filters += _filter_rules(child)
    if not arn or not events:
        raise Malformed
    return Rule(identifier, kind, arn, tuple(events), tuple(filters))


def _filter_rules(element: ElementTree.Element) -> Iterator[tuple[str, str]]:
    for rule in element.iter():
        if _name(rule) == "FilterRule":
            values = {_name(child): child.text or "" for child in rule}
            yield values.get("Name", ""), values.get("Value", "")


def _filter_text(rule: Rule) -> str:
    if not rule.filters:
        return ""
    # The names come back with a capital letter, however they were sent (recorded from AWS).
    rules = "".join(
        f"<FilterRule><Name>{name.capitalize()}</Name><Value>{escape(value)}</Value></FilterRule>"
        for name, value in rule.filters
    )
    return f"<Filter><S3Key>{rules}</S3Key></Filter>"


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
