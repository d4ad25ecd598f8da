from __future__ import annotations

import json
import uuid
from urllib.parse import unquote_plus

import pytest

from labsupport.exercises import uploads
from labsupport.exercises.outcomes import NotDeployed, NotYet, YourCodeRaised
from labsupport.insight.invocation import InvocationResult

THUMBNAILS = "kestrel-thumbnails-123456789012"
#: Says where it was told to write, and writes there.
COPIES = """
import json, os, urllib.parse
import boto3
s3 = boto3.client("s3")
def handler(event, context):
    for record in event["Records"]:
        there = {"bucket": record["s3"]["bucket"]["name"], "raw": record["s3"]["object"]["key"]}
        there["key"] = urllib.parse.unquote_plus(there["raw"])
        there["thumbnails"] = "kestrel-thumbnails-123456789012"
        body = s3.get_object(Bucket=there["bucket"], Key=there["key"])["Body"].read()
        s3.put_object(Bucket=os.environ["BUCKET"].format(**there), Key=os.environ["KEY"].format(**there), Body=body)
"""


@pytest.fixture
def thumbnails(cloud) -> str:
    cloud.client("s3").create_bucket(Bucket=THUMBNAILS)
    return THUMBNAILS


@pytest.fixture
def copier(cloud, deploy, role, thumbnails):
    """``copier(bucket, key)`` deploys a function that copies objects to there; its role may use the shop's buckets."""
    may = {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::kestrel-*-123456789012*"}
    cloud.client("iam").put_role_policy(
        RoleName=role.rpartition("/")[2],
        PolicyName="s3",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [may]}),
    )

    def create(bucket: str = "{thumbnails}", key: str = "copies/{key}") -> str:
        name = f"copier-{uuid.uuid4().hex[:8]}"
        deploy(name, COPIES, Environment={"Variables": {"BUCKET": bucket, "KEY": key}}, Timeout=20)
        return name

    return create


@pytest.mark.parametrize("pattern", uploads.AWKWARD_KEYS)
def test_a_key_is_encoded_as_s3_does(pattern: str) -> None:
    key = pattern.format("word")
    event_key = uploads.record("b", key)["s3"]["object"]["key"]
    assert event_key != key and unquote_plus(event_key) == key
    assert event_key.count("/") == key.count("/")


def test_a_trial_finds_what_the_function_made_and_leaves_nothing(cloud, probe, copier) -> None:
    s3 = cloud.client("s3")
    with uploads.trial(probe, copier()) as trial:
        key = trial.key("größe/{} +1.jpg")
        trial.run(trial.put(key, b"photo", "image/jpeg"))
        assert trial.made(f"copies/{key}", key).body == b"photo"
        removed = trial.remove(key)
        assert removed["eventName"] == "ObjectRemoved:Delete"
        assert uploads.stored(probe, trial.source, key) is None
        trial.put(key, b"left behind")
    assert [one["Name"] for one in s3.list_buckets()["Buckets"] if "check" in one["Name"]] == []
    assert [one for one in s3.list_objects_v2(Bucket=THUMBNAILS).get("Contents", ()) if trial.word in one["Key"]] == []


@pytest.mark.parametrize(
    ("bucket", "key", "look"),
    [
        ("{thumbnails}", "copies/{raw}", "the key: in the event it is encoded, and so it is in the key of your result"),
        ("{thumbnails}", "{key}", "the Key of your put_object: the task says which one"),
        ("{bucket}", "copies/{key}", "writing to the bucket that triggers"),
        ("{thumbnails}", "elsewhere", "the put_object at the end of your handler"),
    ],
)
def test_what_was_made_elsewhere_is_named(probe, copier, bucket: str, key: str, look: str) -> None:
    with uploads.trial(probe, copier(bucket, key)) as trial:
        name = trial.key("a {}+b.jpg")
        trial.run(trial.put(name, b"photo"))
        with pytest.raises(NotYet) as stop:
            trial.made(f"copies/{name}", name)
    assert stop.value.message.came_back.startswith(f"no object copies/{name} in {THUMBNAILS}")
    assert stop.value.message.look.startswith(look)


def test_a_bucket_that_the_learner_has_not_made_is_named(probe) -> None:
    with pytest.raises(NotDeployed) as stop:
        uploads.shop_bucket(probe, "nowhere")
    assert stop.value.message.did == "We looked for the bucket kestrel-nowhere-123456789012."


def test_waiting_ends_when_the_object_comes_or_goes_or_does_neither(cloud, probe, thumbnails) -> None:
    assert uploads.wait_until_stored(probe, thumbnails, "no such key", 0.2) is None
    assert uploads.wait_until_gone(probe, thumbnails, "no such key", 0.2)
    cloud.client("s3").put_object(Bucket=thumbnails, Key="here", Body=b"{}", ContentType="application/json")
    found = uploads.wait_until_stored(probe, thumbnails, "here", 5)
    assert found is not None and found.content_type == "application/json" and found.json == {}
    assert not uploads.wait_until_gone(probe, thumbnails, "here", 0.2)
    cloud.client("s3").delete_object(Bucket=thumbnails, Key="here")


def test_what_is_no_json_is_none() -> None:
    assert uploads.StoredObject("k", b"\xff\xfe", "").json is None
    assert uploads.StoredObject("k", b"[" * 100_000, "").json is None


def failed(kind: str, text: str, key: str, *, own_lines: bool = True) -> InvocationResult:
    trace = ['  File "/var/task/tile.py", line 7, in handler\n    get()\n'] if own_lines else []
    error = {"errorType": kind, "errorMessage": text, "stackTrace": trace}
    event = {"Records": [uploads.record("b", key)]}
    return InvocationResult("f", event, 200, b"", error, True, error, "", "id", "$LATEST", None)


@pytest.mark.parametrize(
    ("result", "stop", "look"),
    [
        (
            failed("Runtime.ImportModuleError", "Unable to import module 'tile': No module named 'PIL'", "a", own_lines=False),
            NotYet,
            "the layer: Pillow is in none of the layers of this function",
        ),
        (
            failed("NoSuchKey", "The specified key does not exist.", "a b"),
            YourCodeRaised,
            "the key: in the event it is encoded; urllib.parse.unquote_plus gives the object's own key; tile.py, line 7",
        ),
        (
            failed("NoSuchKey", "The specified key does not exist.", "plain"),
            YourCodeRaised,
            "the bucket and the key: take both from the record of the event, and decode the key once; tile.py, line 7",
        ),
        (
            failed("ClientError", "An error occurred (404) when calling the HeadObject operation: Not Found", "a+b"),
            YourCodeRaised,
            "the key: in the event it is encoded",
        ),
        (failed("NoSuchBucket", "The specified bucket does not exist", "a"), YourCodeRaised, "the bucket: its name is"),
        (
            failed("ClientError", "An error occurred (AccessDenied) when calling the PutObject operation", "a"),
            YourCodeRaised,
            "which bucket and key the call names",
        ),
        (failed("OSError", "cannot write mode RGBA as JPEG", "a"), YourCodeRaised, "the picture's mode: JPEG knows"),
        (failed("ZeroDivisionError", "division by zero", "a"), YourCodeRaised, "tile.py, line 7"),
    ],
)  # fmt: skip
def test_a_failure_on_an_event_of_s3_has_its_own_message(result: InvocationResult, stop: type, look: str) -> None:
    found = uploads.failure(result)
    assert type(found) is stop
    assert found.message.look.startswith(look)
