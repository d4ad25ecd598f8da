"""s3-4: one bucket for photos and results, with rules that let only photos call."""

from __future__ import annotations

from collections.abc import Iterator

from .. import notifications, pictures, uploads
from ..messages import Message
from ..model import Exercise, SubCheck
from ..notifications import Rule
from ..outcomes import NotAttempted, NotYet
from ..pictures import GREEN
from ..probe import Probe
from .wiring import SECONDS, what_is_missing

_INBOX = "kestrel-inbox"
_BUCKET = "album"
_CREATED = "ObjectCreated:Put"


def _rules(probe: Probe, bucket: str) -> tuple[Rule, ...]:
    """The bucket's rules for the function. Raises NotYet when there is none."""
    found = notifications.rules(probe, bucket, probe.function(_INBOX).arn)
    if not found:
        raise NotYet(
            Message(
                did=f"We read the notification configuration of {bucket}.",
                came_back=f"no rule in it calls {_INBOX}",
                expected="rules for the photos that come in",
                look=what_is_missing(probe, _INBOX, bucket),
            )
        )
    return found


def _called(rules: tuple[Rule, ...], event: str, key: str) -> bool:
    return any(rule.calls(event, key) for rule in rules)


def _permission(probe: Probe) -> None:
    bucket = uploads.shop_bucket(probe, _BUCKET)
    arn = probe.function(_INBOX).arn
    statements = notifications.permissions_of_s3(probe, arn, notifications.rules(probe, bucket, arn))
    did = f"We read the policy of {_INBOX}."
    if not statements:
        raise NotYet(
            Message(
                did,
                "nothing in it lets s3.amazonaws.com invoke the function",
                f"a permission for S3, for events of {bucket}",
                "add_permission, as in the demo",
            )
        )
    for statement in statements:
        limits = notifications.conditions(statement)
        if limits.get("aws:sourcearn") != f"arn:aws:s3:::{bucket}":
            source = limits.get("aws:sourcearn")
            raise NotYet(
                Message(
                    did,
                    f"S3 may invoke it for {source}" if source else "S3 may invoke it for any bucket of anybody",
                    f"a permission for events of {bucket} and no other bucket",
                    "SourceArn in add_permission; a wrong permission stays until remove_permission",
                )
            )
        if "aws:sourceaccount" not in limits:
            raise NotYet(
                Message(
                    did,
                    f"S3 may invoke it for {bucket}, whoever owns a bucket of that name",
                    "a permission for the bucket of your account",
                    "SourceAccount in add_permission: when you delete a bucket, somebody else may take its name",
                )
            )


def _nothing_else(probe: Probe) -> None:
    bucket = uploads.shop_bucket(probe, _BUCKET)
    rules, word = _rules(probe, bucket), probe.word()
    for event, key, look in (
        (_CREATED, f"small/{word}.jpg", "writing to the bucket that triggers: the result calls the function again"),
        (_CREATED, f"{word}.jpg", "the prefix: photos come in under incoming/, other objects lie beside it"),
        (_CREATED, f"incoming-{word}.jpg", "the prefix: it is compared letter by letter, so its slash counts"),
        (_CREATED, f"incoming/{word}.pdf", "the suffix: a PDF is no photo"),
        (_CREATED, f"incoming/{word}jpg", "the suffix: it is compared letter by letter, so its dot counts"),
        ("ObjectRemoved:Delete", f"incoming/{word}.jpg", "the events: a photo that is deleted needs no small picture"),
    ):
        if _called(rules, event, key):
            raise NotYet(
                Message(
                    did=f"We compared the rules of {bucket} with {event} of {key}.",
                    came_back=f"S3 would call {_INBOX}",
                    expected="calls for new .jpg and .png objects under incoming/, and for nothing else",
                    look=look,
                )
            )


def _photos_call(probe: Probe) -> None:
    bucket = uploads.shop_bucket(probe, _BUCKET)
    rules, word = _rules(probe, bucket), probe.word()
    for event, ending in ((_CREATED, ".jpg"), (_CREATED, ".png"), ("ObjectCreated:CompleteMultipartUpload", ".jpg")):
        if not _called(rules, event, f"incoming/{word}{ending}"):
            raise NotYet(
                Message(
                    did=f"We compared the rules of {bucket} with {event} of incoming/{word}{ending}.",
                    came_back=f"S3 would not call {_INBOX}; there is a rule for "
                    + ", ".join(f"{rule.prefix}*{rule.suffix}" for rule in rules),
                    expected="calls for new .jpg and .png objects under incoming/",
                    look="the events: a large photo arrives as CompleteMultipartUpload; s3:ObjectCreated:* has all"
                    if event != _CREATED
                    else "the rules: each call of put_bucket_notification_configuration replaces all of them",
                )
            )
    if _called(rules, _CREATED, f"small/{word}.jpg"):
        _nothing_else(probe)  # an upload would begin a loop
    _upload(probe, bucket, word)


def _upload(probe: Probe, bucket: str, word: str) -> None:
    s3 = probe.client("s3")
    for ending, save in ((".jpg", pictures.jpeg), (".png", pictures.png)):
        key, small = f"incoming/{word} 1{ending}", f"small/{word} 1{ending}"
        body = save(pictures.plain(300, 200, GREEN))
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=f"image/{ending[1:].replace('jpg', 'jpeg')}")
        if uploads.wait_until_stored(probe, bucket, small, SECONDS) is None:
            raise NotYet(
                Message(
                    did=f"We put {key} into {bucket} and waited.",
                    came_back=f"no {small}",
                    expected=f"S3 calls {_INBOX} by itself",
                    look=what_is_missing(probe, _INBOX, bucket),
                )
            )
        for one in (key, small):
            s3.delete_object(Bucket=bucket, Key=one)


def _check(probe: Probe) -> Iterator[SubCheck]:
    function = probe.function(_INBOX)
    bucket = uploads.shop_bucket(probe, _BUCKET)
    rules = notifications.rules(probe, bucket, function.arn)
    if not rules and not notifications.permissions_of_s3(probe, function.arn):
        raise NotAttempted(
            Message(
                did=f"We looked for rules of {bucket} and for a permission of {_INBOX}.",
                came_back="neither is there",
                expected="both",
                look="the cell of the exercise: it still has to be written",
            )
        )
    yield probe.run_step("S3 may call it, for this bucket and no other", _permission)
    yield probe.run_step("Nothing but new photos would call it", _nothing_else)
    yield probe.run_step("Photos that come in do", _photos_call)


EXERCISE = Exercise(
    id="s3-4",
    lesson="03",
    title="One bucket, no loop",
    kind="design",
    points=4,
    minutes=8,
    skills=("S3 notification", "filter", "permission", "recursive loop"),
    hints=(
        "Two parties must agree: the function's policy lets S3 invoke it, and the bucket's rules say when S3 does. A rule "
        "has events, a function, and a filter with a prefix and a suffix.",
        "The demo has both calls, and the worked example has a filter. One rule takes one suffix, so you need two rules. "
        "Both go into one call, because each call replaces all rules of the bucket.",
        "In words: add_permission with Principal s3.amazonaws.com, SourceArn arn:aws:s3::: and the bucket's name, "
        "SourceAccount account. Then put_bucket_notification_configuration with a list of two: each with the function's "
        "ARN, Events ['s3:ObjectCreated:*'], and the filter rules prefix incoming/ and suffix .jpg or .png.",
    ),
    explanation="What the function writes begins with small/, and no rule covers that: there is no loop, though it is "
    "one bucket. Two rules may not overlap for the same event; .jpg and .png do not, because no key ends in both. With "
    "SourceArn and SourceAccount the permission is for your bucket; without them any bucket of any account may call.",
    check=_check,
)
