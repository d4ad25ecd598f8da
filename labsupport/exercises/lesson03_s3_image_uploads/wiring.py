"""The step that several exercises end with: an object arrives in the learner's bucket, and nobody invokes anything."""

from __future__ import annotations

from .. import notifications, uploads
from ..messages import Message
from ..outcomes import NotYet
from ..probe import Probe

#: On AWS an event mostly arrives within seconds.
SECONDS = 20.0


def an_upload_alone_is_enough(
    probe: Probe, function_name: str, bucket_name: str, key: str, result: str, body: bytes
) -> None:
    """Upload ``body`` and wait for the result; ``{}`` in both keys is a word nobody can guess. Raises NotYet with what
    the wiring lacks."""
    bucket, results = uploads.shop_bucket(probe, bucket_name), uploads.shop_bucket(probe, "thumbnails")
    it_works_when_invoked(probe, function_name, key, result, body)
    word = probe.word()
    photo, wanted = key.format(word), result.format(word)
    s3 = probe.client("s3")
    s3.put_object(Bucket=bucket, Key=photo, Body=body, ContentType="image/jpeg")
    found = uploads.wait_until_stored(probe, results, wanted, SECONDS if is_wired(probe, function_name, bucket) else 1)
    if found is None:  # the photo stays: a retry of the function must not find it gone
        raise NotYet(
            Message(
                did=f"We put {photo} into {bucket} and waited.",
                came_back=f"no {wanted} in {results}",
                expected=f"S3 calls {function_name} by itself",
                look=what_is_missing(probe, function_name, bucket),
            )
        )
    s3.delete_object(Bucket=bucket, Key=photo)
    s3.delete_object(Bucket=results, Key=wanted)


def it_works_when_invoked(probe: Probe, function_name: str, key: str, result: str, body: bytes) -> None:
    """Raises NotYet at once for a function for whose result one would wait in vain."""
    with uploads.trial(probe, function_name) as trial:
        trial.run(trial.put(trial.key(key), body))
        trial.made(trial.key(result), trial.key(key))


def is_wired(probe: Probe, function_name: str, bucket: str) -> bool:
    """Whether the bucket has a rule that calls the function, and the function lets S3."""
    arn = probe.function(function_name).arn
    rules = notifications.rules(probe, bucket, arn)
    return bool(rules and notifications.permissions_of_s3(probe, arn, rules))


def what_is_missing(probe: Probe, function_name: str, bucket: str) -> str:
    """Where to look when an upload does not call the function."""
    arn = probe.function(function_name).arn
    rules = notifications.rules(probe, bucket, arn)
    if not notifications.permissions_of_s3(probe, arn, rules):
        return "add_permission: the function's policy does not let s3.amazonaws.com invoke it"
    if not rules:
        return "put_bucket_notification_configuration: this bucket has no rule that calls the function"
    return f'lab.logs("{function_name}"): S3 may call it; what did it do?'
