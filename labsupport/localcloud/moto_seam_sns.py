"""The part of the seam for SNS: a published message goes to its subscriptions as AWS sends it. Functions are told of it by
a notice, so that no thread of moto waits for them; queues get it here.

As in ``moto_seam``, each function has a test that names it, in ``tests/localcloud/test_moto_seam_sns.py``.
"""

from __future__ import annotations

import base64
import functools
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend, Subscription, Topic, sns_backends
from moto.sqs import sqs_backends

from . import moto_notices, moto_seam
from .triggers.filter_criteria import Filter, InvalidPattern
from .triggers.filter_policies import fits

#: Amazon SNS, "Publish": at most 256 KB.
_MESSAGE_BYTES = 256 * 1024


@dataclass(frozen=True)
class _Message:
    """One Publish. ``attributes`` have SNS's own names (Type, Value); ``structured`` is set for MessageStructure json."""

    identifier: str
    topic_arn: str
    subject: str | None
    text: str
    structured: dict[str, str] | None
    attributes: dict[str, dict[str, Any]]
    timestamp: str

    def text_for(self, protocol: str) -> str:
        return self.text if self.structured is None else self.structured.get(protocol, self.structured["default"])


def deliver_as_aws_does() -> None:
    """Replace how moto 5.2.5 publishes to a topic. It reaches only the first 100 subscriptions, makes a certificate for
    every message and keeps them all, leaves the message's attributes out of a function's event and calls the function
    while the publisher waits."""
    publish_elsewhere = Subscription.publish

    def publish(
        self: Topic,
        message: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        group_id: str | None = None,
        deduplication_id: str | None = None,
        message_structure: str | None = None,
    ) -> str:
        structured = _structure(message) if message_structure == "json" else None
        published = _Message(
            identifier=str(uuid.uuid4()),
            topic_arn=self.arn,
            subject=subject,
            text=message,
            structured=structured,
            attributes=message_attributes or {},
            timestamp=_timestamp(),
        )
        to_queues = functools.cache(lambda: _notification(self, published, "sqs"))  # signed once, and only if wanted
        functions = []
        for subscription in [one for one in list(self.sns_backend.subscriptions.values()) if one.topic is self]:
            if not _passes(subscription, published):
                continue
            if subscription.protocol == "lambda":
                redrive = _redrive_target(subscription)
                functions.append({"arn": subscription.arn, "function": subscription.endpoint, "dead_letters": redrive})
            elif subscription.protocol == "sqs":
                _send_to_queue(subscription, published, to_queues, group_id, deduplication_id)
            else:
                publish_elsewhere(
                    subscription,
                    message,
                    published.identifier,
                    subject=subject,
                    message_attributes=message_attributes,
                    message_structure=message_structure,
                )
        if functions:
            notification = _notification(self, published, "lambda", "1")
            moto_notices.tell(
                "sns",
                region=self.sns_backend.region_name,
                topic=self.arn,
                notification=notification,
                subscriptions=functions,
                trace=moto_seam.trace_header(),
            )
        return published.identifier

    Topic.publish = publish  # type: ignore[method-assign]
    _check_what_is_published()
    _check_function_endpoints()
    _check_filter_policies()


def _check_what_is_published() -> None:
    """moto publishes an empty message, and counts characters where SNS counts bytes."""
    original = SNSBackend.publish

    def publish(self: SNSBackend, message: str, arn: str | None, phone_number: str | None = None, **more: Any) -> str:
        if not message:
            raise SNSInvalidParameter("Invalid parameter: Empty message")
        if len(message.encode()) > _MESSAGE_BYTES:
            raise SNSInvalidParameter("Invalid parameter: Message too long")
        return original(self, message, arn, phone_number, **more)

    SNSBackend.publish = publish  # type: ignore[method-assign,assignment]


def _check_function_endpoints() -> None:
    """moto takes any text as the endpoint of a function and fails when a message is published."""
    original = SNSBackend.subscribe

    def subscribe(self: SNSBackend, topic_arn: str, endpoint: str, protocol: str) -> Subscription:
        if protocol == "lambda":
            self.get_topic(topic_arn)
            parts = (endpoint or "").split(":")
            if len(parts) not in (7, 8) or parts[0] != "arn" or parts[2] != "lambda" or parts[5] != "function":
                raise SNSInvalidParameter("Invalid parameter: Lambda endpoint ARN")
        return original(self, topic_arn, endpoint, protocol)

    SNSBackend.subscribe = subscribe  # type: ignore[method-assign]


def _check_filter_policies() -> None:
    """moto does not know ``cidr`` and ``wildcard``, and takes operators whose values AWS refuses."""
    original = SNSBackend._validate_filter_policy

    def validate(self: SNSBackend, value: Any, scope: str | None) -> None:
        original(self, _with_known_operators(value), scope)
        try:
            _compiled(json.dumps(value))
        except InvalidPattern as problem:
            text = f"Invalid parameter: Attributes Reason: FilterPolicy: {problem.reason}"
            raise SNSInvalidParameter(text) from None

    SNSBackend._validate_filter_policy = validate  # type: ignore[method-assign]


def _with_known_operators(policy: Any) -> Any:
    """The policy for moto's own checks of its size and nesting."""
    if isinstance(policy, dict):
        return {key: _with_known_operators(value) for key, value in policy.items()}
    if isinstance(policy, list):
        return [
            "" if isinstance(one, dict) and one.keys() & {"cidr", "wildcard"} else _with_known_operators(one)
            for one in policy
        ]
    return policy


@functools.lru_cache(256)
def _compiled(policy: str) -> Filter:
    return Filter.compile(policy)


def _passes(subscription: Subscription, message: _Message) -> bool:
    policy = subscription.attributes.get("FilterPolicy")
    if not policy or policy.strip() == "{}":
        return True
    scope = subscription.attributes.get("FilterPolicyScope") or "MessageAttributes"
    return fits(_compiled(policy), scope, message.attributes, message.text_for("default"))


def send_dead_letter(region: str, queue: str, notification: dict[str, Any]) -> bool:
    """Put a message that a subscribed function cannot get into the subscription's dead-letter queue, in the form a
    subscribed queue gets. False when there is no such queue."""
    backend, name = sqs_backends[DEFAULT_ACCOUNT_ID][queue.split(":")[3]], queue.rpartition(":")[2]
    if name not in backend.queues:
        return False
    backend.send_message(name, _pretty(_with_sqs_names(notification)))
    return True


def _send_to_queue(
    subscription: Subscription,
    published: _Message,
    notification: Callable[[], dict[str, Any]],
    group_id: str | None,
    deduplication_id: str | None,
) -> None:
    region, name = subscription.endpoint.split(":")[3], subscription.endpoint.rpartition(":")[2]
    backend = sqs_backends[subscription.account_id][region]
    options: dict[str, Any] = {"deduplication_id": deduplication_id, "group_id": group_id, "validate_group_id": False}
    if name not in backend.queues:
        dead_letters = _redrive_target(subscription)
        if dead_letters:
            url = _unsubscribe_url(subscription.arn)
            send_dead_letter(region, dead_letters, notification() | {"UnsubscribeUrl": url})
    elif _is_raw(subscription):
        attributes = {key: _sqs_attribute(value) for key, value in published.attributes.items()}
        text = published.text_for("sqs")
        backend.send_message(name, text, message_attributes=attributes, **options)
    else:
        body = notification() | {"UnsubscribeUrl": _unsubscribe_url(subscription.arn)}
        backend.send_message(name, _pretty(_with_sqs_names(body)), **options)


def _is_raw(subscription: Subscription) -> bool:
    return str(subscription.attributes.get("RawMessageDelivery")).lower() == "true"


def _redrive_target(subscription: Subscription) -> str | None:
    policy = json.loads(subscription.attributes.get("RedrivePolicy") or "{}")
    target: str | None = policy.get("deadLetterTargetArn")
    return target


def _sqs_attribute(attribute: dict[str, Any]) -> dict[str, Any]:
    kind, value = attribute["Type"], attribute["Value"]
    if kind.startswith("Binary"):
        return {"DataType": kind, "BinaryValue": base64.b64decode(value)}
    return {"DataType": kind, "StringValue": str(value)}


def _structure(message: str) -> dict[str, str]:
    """The texts by protocol of a message with MessageStructure json."""
    try:
        document = json.loads(message)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise SNSInvalidParameter("Invalid parameter: Message Structure - JSON message body failed to parse")
    texts = {key: value for key, value in document.items() if isinstance(value, str)}
    if "default" not in texts:
        raise SNSInvalidParameter("Invalid parameter: Message Structure - No default entry in JSON message body")
    return texts


def _notification(topic: Topic, message: _Message, protocol: str, version: str | None = None) -> dict[str, Any]:
    """What a function gets as ``Sns``, but for UnsubscribeUrl, which belongs to the subscription: filled in later."""
    text = message.text_for(protocol)
    signed = {
        "Message": text,
        "MessageId": message.identifier,
        "Subject": message.subject,
        "Timestamp": message.timestamp,
        "TopicArn": message.topic_arn,
        "Type": "Notification",
    }
    wanted = version or str(getattr(topic, "signature_version", "1"))
    made, signature = _signer().sign(signed, wanted)
    return {
        "Type": "Notification",
        "MessageId": message.identifier,
        "TopicArn": message.topic_arn,
        "Subject": message.subject,
        "Message": text,
        "Timestamp": message.timestamp,
        "SignatureVersion": made,
        "Signature": signature,
        "SigningCertUrl": _signer().certificate_url(topic.sns_backend.region_name),
        "UnsubscribeUrl": "",
        "MessageAttributes": message.attributes,
    }


def _with_sqs_names(notification: dict[str, Any]) -> dict[str, Any]:
    """Queues get URL in capitals, and neither Subject nor MessageAttributes when there are none."""
    left_out = [key for key in ("Subject", "MessageAttributes") if not notification[key]]
    names = {"SigningCertUrl": "SigningCertURL", "UnsubscribeUrl": "UnsubscribeURL"}
    return {names.get(key, key): value for key, value in notification.items() if key not in left_out}


def _pretty(document: dict[str, Any]) -> str:
    """JSON as SNS lays it out (Amazon SNS Developer Guide, "Fanout to Amazon SQS queues")."""
    return json.dumps(document, indent=2, separators=(",", " : "), ensure_ascii=False)


def _unsubscribe_url(subscription_arn: str) -> str:
    region = subscription_arn.split(":")[3]
    return f"https://sns.{region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={subscription_arn}"


def _timestamp() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Signer:
    """Signs messages with one key for the life of the cloud; its certificate is where the message says it is."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._file = f"SimpleNotificationService-{uuid.uuid4().hex}.pem"
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        now = datetime.now(UTC)
        self._certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=365))
            .sign(self._key, hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM)
        )

    def sign(self, members: dict[str, str | None], version: str) -> tuple[str, str]:
        """Version and signature: SHA-1 for "1", SHA-256 for "2" (Amazon SNS Developer Guide, "Verifying the signatures of
        Amazon SNS messages"). A machine that refuses SHA-1 signs with "2"."""
        text = "".join(f"{key}\n{value}\n" for key, value in members.items() if value is not None)
        if version == "1":
            try:
                return version, self._signed(text, hashes.SHA1())
            except (UnsupportedAlgorithm, ValueError):
                pass
        return "2", self._signed(text, hashes.SHA256())

    def _signed(self, text: str, algorithm: hashes.HashAlgorithm) -> str:
        return base64.b64encode(self._key.sign(text.encode(), padding.PKCS1v15(), algorithm)).decode()

    def certificate_url(self, region: str) -> str:
        # moto serves certificates from the default account's list, by file name.
        sns_backends[DEFAULT_ACCOUNT_ID][region]._message_public_keys[self._file] = self._certificate
        return f"https://sns.{region}.amazonaws.com/{self._file}"


@functools.cache
def _signer() -> _Signer:
    return _Signer()
