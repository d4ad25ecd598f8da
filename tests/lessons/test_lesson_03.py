"""Lesson 03: the starter is not attempted, the solution and other right answers pass, each mistake gets its message."""

from __future__ import annotations

import contextlib
import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from PIL import Image

from labsupport.exercises import catalog, pictures
from labsupport.exercises.outcomes import Outcome
from labsupport.facts import fact

from .conftest import dedented
from .hands import Hands, the_role_of_the_lessons

ACCOUNT = "123456789012"
UPLOADS, THUMBNAILS = f"kestrel-uploads-{ACCOUNT}", f"kestrel-thumbnails-{ACCOUNT}"
#: Exercises with a file: function, file, the cell part of the file, the bucket that calls it.
FUNCTIONS = {
    "s3-1": ("kestrel-register", "register.py", "", ""),
    "s3-2": ("kestrel-tile", "tile.py", "", "portraits"),
    "s3-3": ("kestrel-preview", "preview.py", "", ""),
    "s3-5": ("kestrel-gallery", "gallery.py", "code", "gallery"),
}
NAMES = {exercise: place[0] for exercise, place in FUNCTIONS.items()} | {"s3-4": "kestrel-inbox"}
IMPORTS = """
import base64, importlib.metadata, io, json, math, os, pathlib, random, shutil, subprocess, sys, tempfile, time, zipfile
from urllib.parse import unquote_plus
import PIL
from PIL import Image, ImageDraw
"""

ALSO_RIGHT = {
    "s3-1": (
        """
        from urllib.parse import unquote_plus

        def handler(event, context):
            return [
                dict(size=s3["object"]["size"], bucket=s3["bucket"]["name"], key=unquote_plus(s3["object"]["key"]))
                for s3 in (record["s3"] for record in event["Records"])
            ]
        """,
        """
        import urllib.parse

        def handler(event, context):
            answer = []
            for record in event["Records"]:
                thing = record["s3"]["object"]
                key = urllib.parse.unquote(thing["key"].replace("+", " "))
                answer.append({"bucket": record["s3"]["bucket"]["arn"].rpartition(":")[2], "key": key,
                               "size": float(thing["size"])})
            return answer
        """,
    ),
    "s3-2": (
        """
        import io, os, urllib.parse
        import boto3
        from PIL import Image, ImageOps

        def handler(event, context):
            s3 = boto3.resource("s3")
            for record in event["Records"]:
                key = urllib.parse.unquote_plus(record["s3"]["object"]["key"])
                source = io.BytesIO()
                s3.Bucket(record["s3"]["bucket"]["name"]).download_fileobj(key, source)
                photo = Image.open(source)
                photo = ImageOps.exif_transpose(photo)
                if photo.mode != "RGB":
                    photo = Image.alpha_composite(Image.new("RGBA", photo.size, "white"), photo.convert("RGBA"))
                    photo = photo.convert("RGB")
                side = min(photo.size)
                left, top = (photo.width - side) // 2, (photo.height - side) // 2
                tile = photo.crop((left, top, left + side, top + side)).resize((160, 160), Image.Resampling.LANCZOS)
                result = io.BytesIO()
                tile.save(result, format="jpeg", quality=60)
                result.seek(0)
                s3.Bucket(os.environ["THUMBNAILS"]).upload_fileobj(
                    result, "tiles/" + key, ExtraArgs={"ContentType": "image/jpeg"}
                )
        """,
        """
        import io, os
        from urllib.parse import unquote_plus
        import boto3
        from PIL import Image, ImageOps

        s3 = boto3.client("s3")

        def tile_of(photo):
            ImageOps.exif_transpose(photo, in_place=True)
            tile = ImageOps.fit(photo.convert("RGBA"), (160, 160), centering=(0.5, 0.5))
            paper = Image.new("RGBA", tile.size, (255, 255, 255, 255))
            paper.alpha_composite(tile)
            return paper.convert("RGB")

        def handler(event, context):
            for record in event["Records"]:
                bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
                with open("/tmp/photo", "wb") as file:
                    s3.download_fileobj(bucket, key, file)
                with Image.open("/tmp/photo") as photo:
                    tile_of(photo).save("/tmp/tile.jpg")
                with open("/tmp/tile.jpg", "rb") as file:
                    s3.put_object(Bucket=os.environ["THUMBNAILS"], Key=f"tiles/{key}", Body=file,
                                  ContentType="image/jpeg", CacheControl="max-age=60")
            return {"tiles": len(event["Records"])}
        """,
    ),
    "s3-3": (
        """
        import io, json, os
        from urllib.parse import unquote_plus
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
        from PIL import Image

        s3 = boto3.client("s3")
        OUT = os.environ["THUMBNAILS"]

        def one(bucket, key):
            photo = Image.open(io.BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
            photo.load()
            photo = photo.convert("RGB")
            photo.thumbnail((300, 300))
            buffer = io.BytesIO()
            photo.save(buffer, "PNG")
            s3.put_object(Bucket=OUT, Key=f"previews/{key}", Body=buffer.getvalue(), ContentType="image/png")

        def handler(event, context):
            for record in event["Records"]:
                key = unquote_plus(record["s3"]["object"]["key"])
                try:
                    one(record["s3"]["bucket"]["name"], key)
                except (ClientError, BotoCoreError):
                    raise
                except Exception as problem:
                    note = {"reason": type(problem).__name__, "key": key, "when": "now"}
                    s3.put_object(Bucket=OUT, Key=f"rejected/{key}", Body=json.dumps(note))
        """,
        """
        import io, json, os
        from urllib.parse import unquote_plus
        import boto3
        from PIL import Image, UnidentifiedImageError

        s3 = boto3.client("s3")

        def reason_against(body):
            if not body:
                return "empty"
            try:
                Image.open(io.BytesIO(body)).load()
            except UnidentifiedImageError:
                return "not a photo"
            except (OSError, SyntaxError, ValueError) as problem:
                return f"broken: {problem}"

        def handler(event, context):
            failed = []
            for record in event["Records"]:
                bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
                try:
                    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
                except s3.exceptions.ClientError as problem:
                    failed.append(problem)  # the other records first
                    continue
                reason = reason_against(body)
                if reason:
                    s3.put_object(Bucket=os.environ["THUMBNAILS"], Key=f"rejected/{key}",
                                  Body=json.dumps({"key": key, "reason": reason}).encode())
                    continue
                photo = Image.open(io.BytesIO(body)).convert("RGB")
                photo.thumbnail((400, 400))
                buffer = io.BytesIO()
                photo.save(buffer, "JPEG")
                s3.put_object(Bucket=os.environ["THUMBNAILS"], Key=f"previews/{key}", Body=buffer.getvalue())
            if failed:
                raise failed[0]
        """,
    ),
    "s3-5": (
        """
        import io, os
        from urllib.parse import unquote_plus
        import boto3
        from botocore.exceptions import ClientError
        from PIL import Image

        s3 = boto3.client("s3")

        def handler(event, context):
            for record in event["Records"]:
                bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
                copy = {"Bucket": os.environ["THUMBNAILS"], "Key": f"gallery/{key}"}
                try:
                    s3.head_object(Bucket=bucket, Key=key)
                except ClientError as problem:
                    if problem.response["Error"]["Code"] != "404":
                        raise
                    s3.delete_object(**copy)
                    continue
                photo = Image.open(s3.get_object(Bucket=bucket, Key=key)["Body"])
                photo.thumbnail((200, 200))
                buffer = io.BytesIO()
                photo.save(buffer, "PNG")
                s3.put_object(Body=buffer.getvalue(), **copy)
        """,
        """
        import io, os
        from urllib.parse import unquote_plus
        import boto3
        from PIL import Image

        s3 = boto3.resource("s3")

        def handler(event, context):
            for record in event["Records"]:
                bucket, key = s3.Bucket(record["s3"]["bucket"]["name"]), unquote_plus(record["s3"]["object"]["key"])
                there = [one for one in bucket.objects.filter(Prefix=key) if one.key == key]
                copy = s3.Object(os.environ["THUMBNAILS"], "gallery/" + key)
                if not there:
                    copy.delete()
                for one in there:
                    photo = Image.open(io.BytesIO(one.get()["Body"].read())).convert("RGB")
                    buffer = io.BytesIO()
                    photo.resize((64, 48)).save(buffer, "JPEG")
                    copy.put(Body=buffer.getvalue(), ContentType="image/jpeg")
        """,
    ),
}

#: Exercise → mistake → (what of the solution is replaced by what, outcome, a line of the report). An empty text to
#: replace means the whole file.
Changes = tuple[tuple[str, str], ...]
MISTAKES: dict[str, dict[str, tuple[Changes, Outcome, str]]] = {
    "s3-1": {
        "the key as the event has it": (
            (('urllib.parse.unquote_plus(record["s3"]["object"]["key"])', 'record["s3"]["object"]["key"]'),),
            Outcome.PARTIAL,
            "Look at: the key: in the event it is encoded; one call of urllib.parse gives it back",
        ),
        "unquote in place of unquote_plus": (
            (("unquote_plus", "unquote"),),
            Outcome.PARTIAL,
            "Look at: the plus signs: in the event they stand for spaces; there are two ways to unquote",
        ),
        "plus signs replaced and nothing else": (
            (
                (
                    'urllib.parse.unquote_plus(record["s3"]["object"]["key"])',
                    'record["s3"]["object"]["key"].replace("+", " ")',
                ),
            ),
            Outcome.PARTIAL,
            "Look at: the per cent signs: a plus sign is not all that is encoded; urllib.parse knows the whole rule",
        ),
        "decoded twice": (
            (
                (
                    'urllib.parse.unquote_plus(record["s3"]["object"]["key"])',
                    'urllib.parse.unquote_plus(urllib.parse.unquote_plus(record["s3"]["object"]["key"]))',
                ),
            ),
            Outcome.PARTIAL,
            "Look at: how often you decode: once; this photo has a per cent sign in its own name",
        ),
        "the first record only": (
            (('event["Records"]', 'event["Records"][:1]'),),
            Outcome.PARTIAL,
            "Look at: the records: there were several in this event, and your answer has the first one only",
        ),
        "keys in place of objects": (
            (("    return photos", '    return [photo["key"] for photo in photos]'),),
            Outcome.NOT_YET,
            "Look at: the entries: an object each, not only the key",
        ),
        "print in place of return": (
            (("    return photos", "    print(photos)"),),
            Outcome.NOT_YET,
            "Look at: print instead of return: the value is in the log, but only return makes it the answer",
        ),
        "the key where the bucket is": (
            (('record["s3"]["object"]["size"]', 'record["s3"]["size"]'),),
            Outcome.YOUR_CODE_RAISED,
            "Came back: KeyError: 'size'",
        ),
    },
    "s3-2": {
        "the key is not decoded": (
            (("unquote_plus(record", "str(record"),),
            Outcome.PARTIAL,
            "Look at: the key: in the event it is encoded; urllib.parse.unquote_plus gives the object's own key",
        ),
        "the content type is left out": (
            ((', ContentType="image/jpeg"', ""),),
            Outcome.PARTIAL,
            "Came back: a tile with the content type binary/octet-stream",
        ),
        "squeezed": (
            (("ImageOps.fit(paper, (SIDE, SIDE))", "paper.resize((SIDE, SIDE))"),),
            Outcome.PARTIAL,
            "Look at: resize() squeezes the whole photo into the square; cut off what is too much instead",
        ),
        "a thumbnail is no square": (
            (("tile = ImageOps.fit(paper, (SIDE, SIDE))", "tile = paper; tile.thumbnail((SIDE, SIDE))"),),
            Outcome.PARTIAL,
            "Look at: thumbnail() keeps the shape of the photo; a tile is a square, so something has to be cut off",
        ),
        "cut off on one side": (
            (("fit(paper, (SIDE, SIDE))", "fit(paper, (SIDE, SIDE), centering=(0, 0))"),),
            Outcome.PARTIAL,
            "Look at: what you cut off: the same on both sides",
        ),
        "black where it is transparent": (
            (("paper.paste(photo, (0, 0), photo)", 'paper = photo.convert("RGB")'),),
            Outcome.PARTIAL,
            "Look at: convert('RGB') drops the transparency, and what is below is black",
        ),
        "a PNG's transparency handed to JPEG": (
            (
                ("tile = ImageOps.fit(paper, (SIDE, SIDE))", "tile = ImageOps.fit(photo, (SIDE, SIDE))"),
                ('.convert("RGBA")\n', "\n"),
                ("paper.paste(photo, (0, 0), photo)", "pass"),
            ),
            Outcome.PARTIAL,
            "Look at: the picture's mode: JPEG knows neither transparency nor palettes; convert the picture to RGB first",
        ),
        "lying": (
            (("ImageOps.exif_transpose(Image.open(io.BytesIO(body)))", "Image.open(io.BytesIO(body))"),),
            Outcome.PARTIAL,
            "Look at: ImageOps.exif_transpose, right after Image.open: cameras note how they were held",
        ),
        "under the photo's own key": (
            (('Key=f"tiles/{key}"', "Key=key"),),
            Outcome.NOT_YET,
            "Look at: the Key of your put_object: the task says which one",
        ),
        "under the encoded key": (
            (('Key=f"tiles/{key}"', "Key='tiles/' + record['s3']['object']['key']"),),
            Outcome.PARTIAL,
            "Look at: the key: in the event it is encoded, and so it is in the key of your result",
        ),
        "into the bucket that triggers": (
            (("Bucket=THUMBNAILS", "Bucket=bucket"),),
            Outcome.NOT_YET,
            "Look at: writing to the bucket that triggers: the result would call the function again, and again",
        ),
        "the bucket is written into the code": (
            (('record["s3"]["bucket"]["name"]', f"'kestrel-portraits-{ACCOUNT}'"),),
            Outcome.YOUR_CODE_RAISED,
            "Look at: the bucket and the key: take both from the record of the event, and decode the key once",
        ),
        "saved as PNG": ((('"JPEG"', '"PNG"'),), Outcome.PARTIAL, "Came back: a picture in the form PNG"),
        "another size": ((("SIDE = 160", "SIDE = 150"),), Outcome.PARTIAL, "Came back: a picture of 150 × 150 pixels"),
        "the buffer is not read from its beginning": (
            (("Body=buffer.getvalue()", "Body=buffer.read()"),),
            Outcome.PARTIAL,
            "Came back: 0 bytes that are no picture",
        ),
    },
    "s3-3": {
        "as it was": (
            (
                ("except OSError as problem:", "except Exception as problem:"),
                ("        body = s3.get_object(Bucket=bucket, Key=key)[\"Body\"].read()\n        try:\n",
                 "        try:\n            body = s3.get_object(Bucket=bucket, Key=key)[\"Body\"].read()\n"),
            ),
            Outcome.PARTIAL,
            "Look at: the except: it catches everything; catch what Pillow raises and leave S3's errors alone",
        ),
        "in silence": (
            (('note = json.dumps({"key": key, "reason": str(problem)})', "continue"),),
            Outcome.PARTIAL,
            "Look at: the except: a photo that is skipped in silence is a photo that is lost",
        ),
        "only what Pillow does not know": (
            (("except OSError as problem", "except PIL.UnidentifiedImageError as problem"),
             ("from PIL import Image", "import PIL\nfrom PIL import Image")),
            Outcome.PARTIAL,
            "and its parent OSError for what is cut off",
        ),
        "nothing is caught": (
            (("except OSError as problem", "except ZeroDivisionError as problem"),),
            Outcome.PARTIAL,
            "Expected: a note, and no failure: Lambda would try this photo twice more",
        ),
        "return in place of continue": (
            (("            note = json", "            return\n            note = json"),),
            Outcome.PARTIAL,
            "Came back: nothing: no preview, no note, no failure",
        ),
        "the note elsewhere": (
            (('Key=f"rejected/{key}"', 'Key=f"rejected/{key}.json"'),),
            Outcome.PARTIAL,
            "Look at: the Key of the note: the task says which one",
        ),
        "a note without a reason": (
            (('"reason": str(problem)', '"reason": ""'),),
            Outcome.PARTIAL,
            "Look at: the note: JSON with the two keys key and reason, the key as it is in the bucket",
        ),
        "a note that is no JSON": (
            (('json.dumps({"key": key, "reason": str(problem)})', "f'{key} {problem}'"),),
            Outcome.PARTIAL,
            "Look at: the note: JSON with the two keys key and reason",
        ),
        "a note for every photo": (
            (("        else:\n", ""), ("            s3.put_object(Bucket=THUMBNAILS, Key=f\"previews",
              "        s3.put_object(Bucket=THUMBNAILS, Key=f'rejected/{key}', Body=b'{}')\n"
              "        s3.put_object(Bucket=THUMBNAILS, Key=f\"previews")),
            Outcome.PARTIAL,
            "Came back: a preview, and a note that the photo was rejected",
        ),
        "the preview is forgotten": (
            ((' Key=f"previews/{key}"', ' Key=f"preview/{key}"'),),
            Outcome.PARTIAL,
            "Look at: the Key of your put_object: the task says which one",
        ),
    },
    "s3-5": {
        "it goes by the event's name": (
            (
                ("        try:\n            body", "        if record['eventName'].startswith('ObjectCreated'):\n            body"),
                ("        except s3.exceptions.NoSuchKey:\n", ""),
                ("            s3.delete_object(Bucket=THUMBNAILS, Key=f\"gallery/{key}\")\n        else:\n", ""),
                ("        copy = small", "        copy = small"),
                ("ContentType=\"image/jpeg\")\n", "ContentType=\"image/jpeg\")\n        else:\n"
                 "            s3.delete_object(Bucket=THUMBNAILS, Key=f\"gallery/{key}\")\n"),
            ),
            Outcome.PARTIAL,
            "Look at: what you go by: an event tells that something happened; the bucket tells how it is now",
        ),
        "a photo that is gone is a failure": (
            (("except s3.exceptions.NoSuchKey", "except ZeroDivisionError"),),
            Outcome.PARTIAL,
            "Look at: s3.exceptions.NoSuchKey: get_object raises it for a photo that is not there",
        ),
        "whatever goes wrong means that the photo is gone": (
            (("except s3.exceptions.NoSuchKey", "except Exception"),),
            Outcome.PARTIAL,
            "Look at: the except: NoSuchKey says that the photo is gone; nothing else does",
        ),
        "the copy stays": (
            (('s3.delete_object(Bucket=THUMBNAILS, Key=f"gallery/{key}")', "pass"),),
            Outcome.PARTIAL,
            "Look at: delete_object of the copy: which bucket, which key, and whether it is reached",
        ),
        "a copy that is there is left as it is": (
            (("            copy = small", "            if s3.list_objects_v2(Bucket=THUMBNAILS, Prefix=f'gallery/{key}')['KeyCount']:\n"
              "                continue\n            copy = small"),),
            Outcome.PARTIAL,
            "Came back: a copy of an earlier photo of this key",
        ),
        "the key is not decoded": (
            (("unquote_plus(record", "str(record"),),
            Outcome.PARTIAL,
            "Came back: no object gallery/",
        ),
    },
}  # fmt: skip


# --- a learner at lesson 03 ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def layer(classroom: Any, cloud: Any) -> str:
    """The layer, built and published by the lesson's own cells."""
    hands = Hands(classroom, cloud, "03", "")
    exec(IMPORTS, hands.names)
    hands.names["RUNTIME"] = f"python3.{sys.version_info.minor}"
    hands.run(
        'layer_arn = lambda_client.publish_layer_version(LayerName="kestrel-pillow", CompatibleRuntimes=[RUNTIME], '
        'Content={"ZipFile": layer_zip()})["LayerVersionArn"]'
    )
    return str(hands.names["layer_arn"])


@pytest.fixture
def hands(classroom: Any, cloud: Any, layer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The learner's hands after the worked example: no function and no bucket of an exercise is there yet."""
    monkeypatch.chdir(tmp_path)
    learner = Hands(classroom, cloud, "03", the_role_of_the_lessons(cloud))
    exec(IMPORTS, learner.names)
    learner.names |= {"account": ACCOUNT, "s3": cloud.client("s3"), "logs": cloud.client("logs"), "layer_arn": layer}
    learner.names["RUNTIME"] = f"python3.{sys.version_info.minor}"
    for name in NAMES.values():
        classroom.remove(name)
    _remove_buckets(cloud)
    learner.run_the_lesson_s("may_use_buckets = {")
    learner.run('uploads, thumbnails = make_bucket("uploads"), make_bucket("thumbnails")')
    learner.run(
        'photo_settings = {"Layers": [layer_arn], "Environment": {"Variables": {"THUMBNAILS": thumbnails}}, '
        '"MemorySize": 512, "Timeout": 30}'
    )
    return learner


def _remove_buckets(cloud: Any) -> None:
    s3 = cloud.client("s3")
    for bucket in [one["Name"] for one in s3.list_buckets()["Buckets"] if one["Name"].startswith("kestrel-")]:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
        for one in s3.list_objects_v2(Bucket=bucket).get("Contents", ()):
            s3.delete_object(Bucket=bucket, Key=one["Key"])
        s3.delete_bucket(Bucket=bucket)


def _hand_in(hands: Hands, exercise: str, text: str) -> None:
    """Deploy this file for the exercise and wire it, as the lesson's cells do."""
    name, file, _part, bucket = FUNCTIONS[exercise]
    Path(file).write_text(dedented(text))
    settings = "" if exercise == "s3-1" else ", **photo_settings"
    hands.run(f'deploy("{name}", "{file}"{settings})')
    if exercise == "s3-5":
        hands.run('gallery = make_bucket("gallery")')
        hands.run('connect(gallery, "kestrel-gallery", events=["s3:ObjectCreated:*", "s3:ObjectRemoved:*"])')
    elif bucket:
        hands.run(f'connect(make_bucket("{bucket}"), "{name}")')


def _file(classroom: Any, exercise: str) -> str:
    return str(classroom.file_of(classroom.solution(exercise, FUNCTIONS[exercise][2])))


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_the_starter_is_not_attempted(classroom: Any, hands: Hands, exercise: str) -> None:
    _hand_in(hands, exercise, classroom.file_of(classroom.starter(exercise, FUNCTIONS[exercise][2])))

    report = classroom.check(exercise)

    assert report.outcome is Outcome.NOT_ATTEMPTED, repr(report)
    assert f"the starter's own line: exercise {exercise} is still to be written" in repr(report)


@pytest.mark.parametrize("exercise", NAMES)
def test_nothing_deployed_is_not_attempted(classroom: Any, hands: Hands, exercise: str) -> None:
    hands.run('make_bucket("portraits"), make_bucket("gallery")')

    report = classroom.check(exercise)

    assert report.outcome is Outcome.NOT_ATTEMPTED
    assert f"We looked for the function {NAMES[exercise]}." in repr(report)
    assert report.points == 0


@pytest.mark.parametrize("exercise", ["s3-2", "s3-3", "s3-5"])
def test_a_bucket_that_is_not_there_is_named(classroom: Any, hands: Hands, exercise: str) -> None:
    _hand_in(hands, exercise, _file(classroom, exercise))
    bucket = f"kestrel-{FUNCTIONS[exercise][3] or 'thumbnails'}-{ACCOUNT}"
    hands.run(f's3.delete_bucket(Bucket="{bucket}")')

    report = classroom.check(exercise)

    assert report.outcome is (Outcome.NOT_ATTEMPTED if "thumbnails" in bucket else Outcome.PARTIAL), repr(report)
    assert f"We looked for the bucket {bucket}." in repr(report)


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_the_solution_passes_and_nothing_of_the_check_stays(
    classroom: Any, hands: Hands, cloud: Any, exercise: str
) -> None:
    _hand_in(hands, exercise, _file(classroom, exercise))

    report = classroom.check(exercise)

    assert report.outcome is Outcome.PASSED, repr(report)
    assert report.points == report.max_points
    assert "Why it works:" in repr(report)
    s3 = cloud.client("s3")
    buckets = [one["Name"] for one in s3.list_buckets()["Buckets"] if one["Name"].startswith("kestrel-")]
    assert not [name for name in buckets if "check" in name]
    assert not [one for name in buckets for one in s3.list_objects_v2(Bucket=name).get("Contents", ())]


@pytest.mark.parametrize(
    ("exercise", "number"), [(name, at) for name, texts in ALSO_RIGHT.items() for at in range(len(texts))]
)
def test_another_right_answer_passes(classroom: Any, hands: Hands, exercise: str, number: int) -> None:
    _hand_in(hands, exercise, ALSO_RIGHT[exercise][number])

    report = classroom.check(exercise)

    assert report.outcome is Outcome.PASSED, repr(report)


@pytest.mark.parametrize(("exercise", "mistake"), [(name, what) for name, many in MISTAKES.items() for what in many])
def test_a_mistake_gets_its_message(classroom: Any, hands: Hands, exercise: str, mistake: str) -> None:
    changes, outcome, line = MISTAKES[exercise][mistake]
    text = _file(classroom, exercise)
    for right, wrong in changes:
        assert right in text, right
        text = text.replace(right, wrong)
    _hand_in(hands, exercise, text)

    report = classroom.check(exercise)

    assert report.outcome is outcome, repr(report)
    assert line in repr(report), repr(report)
    assert report.points < report.max_points


def test_s3_2_a_function_without_the_layer_is_told_what_it_lacks(classroom: Any, hands: Hands) -> None:
    Path("tile.py").write_text(_file(classroom, "s3-2"))
    hands.run('deploy("kestrel-tile", "tile.py", Environment={"Variables": {"THUMBNAILS": thumbnails}})')
    hands.run('connect(make_bucket("portraits"), "kestrel-tile")')

    report = classroom.check("s3-2")

    assert "Look at: the layer: Pillow is in none of the layers of this function" in repr(report), repr(report)


@pytest.mark.parametrize(
    ("undo", "line"),
    [
        (
            "s3.put_bucket_notification_configuration(Bucket=make_bucket('portraits'), NotificationConfiguration={})",
            "Look at: put_bucket_notification_configuration: this bucket has no rule that calls the function",
        ),
        (
            "lambda_client.remove_permission(FunctionName='kestrel-tile', "
            "StatementId='s3-' + make_bucket('portraits'))",
            "Look at: add_permission: the function's policy does not let s3.amazonaws.com invoke it",
        ),
    ],
)
def test_s3_2_what_the_wiring_lacks_is_named(classroom: Any, hands: Hands, undo: str, line: str) -> None:
    _hand_in(hands, "s3-2", _file(classroom, "s3-2"))
    hands.run(undo)

    report = classroom.check("s3-2")

    assert report.outcome is Outcome.PARTIAL
    assert line in repr(report), repr(report)


@pytest.mark.parametrize(
    ("events", "line"),
    [
        (["s3:ObjectCreated:*"], "Came back: S3 would not call kestrel-gallery; it does for s3:ObjectCreated:*"),
        (["s3:ObjectRemoved:*"], "Look at: Events: a list that may have several entries"),
    ],
)
def test_s3_5_half_of_the_events_is_not_enough(classroom: Any, hands: Hands, events: list[str], line: str) -> None:
    _hand_in(hands, "s3-5", _file(classroom, "s3-5"))
    hands.run(f'connect(gallery, "kestrel-gallery", events={events})')

    report = classroom.check("s3-5")

    assert report.outcome is Outcome.PARTIAL
    assert line in repr(report), repr(report)


def test_s3_5_code_without_wiring_is_told_so(classroom: Any, hands: Hands) -> None:
    _hand_in(hands, "s3-5", _file(classroom, "s3-5"))
    hands.run("s3.put_bucket_notification_configuration(Bucket=gallery, NotificationConfiguration={})")

    report = classroom.check("s3-5")

    assert report.outcome is Outcome.PARTIAL
    assert "this bucket has no rule that calls the function" in repr(report)


def test_s3_5_the_starter_s_wiring_cell_changes_nothing(classroom: Any, hands: Hands) -> None:
    hands.run(classroom.starter("s3-5", "connect"))


# --- the exercise that is calls ------------------------------------------------------------------------------------


@pytest.fixture
def inbox(classroom: Any, hands: Hands) -> Hands:
    """kestrel-inbox and its bucket are there, as by the lesson's cells."""
    Path("inbox.py").write_text(classroom.given_file("03", "inbox.py"))
    hands.run('deploy("kestrel-inbox", "inbox.py", **photo_settings)')
    hands.run('album = make_bucket("album")')
    hands.run('inbox_arn = lambda_client.get_function_configuration(FunctionName="kestrel-inbox")["FunctionArn"]')
    return hands


def test_s3_4_the_starter_is_not_attempted(classroom: Any, inbox: Hands) -> None:
    inbox.run(classroom.starter("s3-4"))

    report = classroom.check("s3-4")

    assert report.outcome is Outcome.NOT_ATTEMPTED
    assert "Came back: neither is there" in repr(report)


def test_s3_4_the_solution_passes_and_its_cell_runs_twice(classroom: Any, inbox: Hands) -> None:
    for _ in range(2):
        inbox.run(classroom.solution("s3-4"))

    report = classroom.check("s3-4")

    assert report.outcome is Outcome.PASSED, repr(report)


def test_s3_4_events_one_by_one_and_other_names_are_right_too(classroom: Any, inbox: Hands) -> None:
    inbox.run(
        """
lambda_client.add_permission(FunctionName=inbox_arn, StatementId="let-the-album-in", Action="lambda:InvokeFunction",
    Principal="s3.amazonaws.com", SourceAccount=account, SourceArn="arn:aws:s3:::" + album)
kinds = ["Put", "Post", "Copy", "CompleteMultipartUpload"]
rules = []
for ending in ("png", "jpg"):
    names = [{"Name": "Suffix", "Value": "." + ending}, {"Name": "Prefix", "Value": "incoming/"}]
    rules.append({"Id": ending, "LambdaFunctionArn": inbox_arn, "Filter": {"Key": {"FilterRules": names}},
        "Events": [f"s3:ObjectCreated:{kind}" for kind in kinds]})
s3.put_bucket_notification_configuration(Bucket=album,
    NotificationConfiguration={"LambdaFunctionConfigurations": rules})
"""
    )

    report = classroom.check("s3-4")

    assert report.outcome is Outcome.PASSED, repr(report)


def test_s3_4_an_alias_with_a_permission_of_its_own_is_right_too(classroom: Any, inbox: Hands) -> None:
    inbox.run(
        """
version = lambda_client.publish_version(FunctionName="kestrel-inbox")["Version"]
lambda_client.get_waiter("published_version_active").wait(FunctionName="kestrel-inbox", Qualifier=version)
inbox_arn = lambda_client.create_alias(FunctionName="kestrel-inbox", Name="live", FunctionVersion=version)["AliasArn"]
"""
    )
    inbox.run(classroom.solution("s3-4").replace('let_s3_call("kestrel-inbox"', "let_s3_call(inbox_arn"))

    report = classroom.check("s3-4")

    assert report.outcome is Outcome.PASSED, repr(report)


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        (
            '{"Name": "prefix", "Value": "incoming/"}, ',
            "",
            "Look at: writing to the bucket that triggers: the result calls the function again",
        ),
        ('"incoming/"', '"incoming"', "Look at: the prefix: it is compared letter by letter, so its slash counts"),
        (
            '"incoming/"',
            '"Incoming/"',
            "Came back: S3 would not call kestrel-inbox; there is a rule for Incoming/*.jpg",
        ),
        ('[".jpg", ".png"]', '[""]', "Look at: the suffix: a PDF is no photo"),
        (
            '[".jpg", ".png"]',
            '["jpg", "png"]',
            "Look at: the suffix: it is compared letter by letter, so its dot counts",
        ),
        (
            '[".jpg", ".png"]',
            '[".png"]',
            "Look at: the rules: each call of put_bucket_notification_configuration replaces all of them",
        ),
        (
            '["s3:ObjectCreated:*"]',
            '["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]',
            "Look at: the events: a photo that is deleted needs no small picture",
        ),
        (
            '["s3:ObjectCreated:*"]',
            '["s3:ObjectCreated:Put"]',
            "Look at: the events: a large photo arrives as CompleteMultipartUpload; s3:ObjectCreated:* has all",
        ),
    ],
)
def test_s3_4_a_mistake_gets_its_message(classroom: Any, inbox: Hands, right: str, wrong: str, line: str) -> None:
    solution = classroom.solution("s3-4")
    assert right in solution
    inbox.run(solution.replace(right, wrong))

    report = classroom.check("s3-4")

    assert report.outcome in (Outcome.PARTIAL, Outcome.NOT_YET), repr(report)
    assert line in repr(report), repr(report)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("", "Came back: S3 may invoke it for any bucket of anybody"),
        (
            'SourceArn=f"arn:aws:s3:::{album}"',
            "Look at: SourceAccount in add_permission: when you delete a bucket, somebody else may take its name",
        ),
        (
            'SourceArn="arn:aws:s3:::*", SourceAccount=account',
            "Came back: S3 may invoke it for arn:aws:s3:::*",
        ),
    ],
)
def test_s3_4_a_permission_for_too_many_is_named(classroom: Any, inbox: Hands, arguments: str, line: str) -> None:
    inbox.run(
        'lambda_client.add_permission(FunctionName="kestrel-inbox", StatementId=f"s3-{album}", '
        f'Action="lambda:InvokeFunction", Principal="s3.amazonaws.com", {arguments})'
    )
    inbox.run(classroom.solution("s3-4"))  # let_s3_call finds its statement there already

    report = classroom.check("s3-4")

    assert report.outcome is Outcome.PARTIAL, repr(report)
    assert line in repr(report), repr(report)


def test_s3_4_rules_in_two_calls_leave_the_second_alone(classroom: Any, inbox: Hands) -> None:
    in_two = classroom.solution("s3-4").replace(
        "answer = s3.put_bucket_notification_configuration(\n    Bucket=album, NotificationConfiguration={"
        '"LambdaFunctionConfigurations": rules}\n)',
        "for rule in rules:\n    s3.put_bucket_notification_configuration(Bucket=album, "
        'NotificationConfiguration={"LambdaFunctionConfigurations": [rule]})',
    )
    assert "for rule in rules" in in_two
    inbox.run(in_two)

    report = classroom.check("s3-4")

    assert report.outcome is Outcome.PARTIAL
    assert "there is a rule for incoming/*.png" in repr(report), repr(report)


def test_s3_4_a_permission_alone_is_told_apart(classroom: Any, inbox: Hands) -> None:
    inbox.run('let_s3_call("kestrel-inbox", album)')

    report = classroom.check("s3-4")

    assert report.outcome is Outcome.PARTIAL
    assert "put_bucket_notification_configuration: this bucket has no rule that calls the function" in repr(report)


# --- what a photo may be -------------------------------------------------------------------------------------------


def animated() -> bytes:
    frames = [pictures.plain(300, 200, colour) for colour in (pictures.GREEN, pictures.RED)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def _sent(hands: Hands, bucket: str, key: str, body: bytes) -> bytes:
    """An upload to this bucket; returns the event for it."""
    from labsupport.exercises import uploads

    hands.names["s3"].put_object(Bucket=bucket, Key=key, Body=body)
    return json.dumps({"Records": [uploads.record(bucket, key, size=len(body))]}).encode()


@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("30 MB.jpg", bytes(30 * 1024 * 1024)),
        ("empty.jpg", b""),
        ("cut.gif", animated()[:100]),
        ("markup.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ],
)
def test_s3_3_s_solution_notes_whatever_is_no_photo(classroom: Any, hands: Hands, key: str, body: bytes) -> None:
    _hand_in(hands, "s3-3", _file(classroom, "s3-3"))
    event = _sent(hands, UPLOADS, key, body)

    answer = classroom.lambda_client.invoke(FunctionName="kestrel-preview", Payload=event)

    assert "FunctionError" not in answer, answer["Payload"].read()
    note = json.loads(hands.names["s3"].get_object(Bucket=THUMBNAILS, Key=f"rejected/{key}")["Body"].read())
    assert note["key"] == key and note["reason"]


def test_an_animated_picture_gets_a_tile_of_its_first_frame(classroom: Any, hands: Hands) -> None:
    _hand_in(hands, "s3-2", _file(classroom, "s3-2"))
    event = _sent(hands, UPLOADS, "wave.gif", animated())

    answer = classroom.lambda_client.invoke(FunctionName="kestrel-tile", Payload=event)

    assert "FunctionError" not in answer, answer["Payload"].read()
    tile = pictures.opened(hands.names["s3"].get_object(Bucket=THUMBNAILS, Key="tiles/wave.gif")["Body"].read())
    assert tile is not None and tile.format == "JPEG"
    assert pictures.is_near(pictures.colour_at(tile, 0.5, 0.5), pictures.GREEN)


# --- what the lesson says ------------------------------------------------------------------------------------------


def test_the_photos_are_the_same_each_time_and_differ_by_number(hands: Hands) -> None:
    hands.run_the_lesson_s("def photo(number")
    photo = hands.names["photo"]

    assert photo(3) == photo(3) != photo(4)
    assert Image.open(io.BytesIO(photo(3))).size == (1200, 800)


def test_the_layer_for_aws_is_fetched_for_amazon_linux_and_this_python(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    class Pip:
        @staticmethod
        def run(command: list[str], check: bool) -> None:
            commands.append(command)
            hands.names["copy_installed"](Path(command[command.index("--target") + 1]))

    class OnAws:
        class meta:  # noqa: N801
            endpoint_url = "https://lambda.us-east-1.amazonaws.com"

    monkeypatch.setitem(hands.names, "subprocess", Pip)
    monkeypatch.setitem(hands.names, "lambda_client", OnAws)
    names = zipfile.ZipFile(io.BytesIO(hands.names["layer_zip"]())).namelist()

    (command,) = commands
    text = " ".join(command)
    assert text.startswith(f"{sys.executable} -m pip install")
    assert f"--platform manylinux_2_28_x86_64 --python-version 3.{sys.version_info.minor}" in text
    assert "--only-binary=:all:" in command and command[-1].startswith("pillow==")
    assert "python/PIL/Image.py" in names


def test_every_file_of_the_layer_may_be_read_by_the_function_s_user(hands: Hands) -> None:
    """A layer whose files only their owner may read fails on AWS, where the function is another user."""
    entries = zipfile.ZipFile(io.BytesIO(hands.names["layer_zip"]())).infolist()

    assert len(entries) > 100
    assert all(entry.filename.startswith("python/") for entry in entries)
    assert not [entry.filename for entry in entries if not entry.external_attr >> 16 & 0o004]


def test_a_rule_without_permission_is_refused_as_the_lesson_shows(classroom: Any, inbox: Hands) -> None:
    solution = classroom.solution("s3-4").replace('let_s3_call("kestrel-inbox", album)\n', "")

    with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
        inbox.run(solution)


def test_rules_that_overlap_are_refused_as_the_lesson_shows(inbox: Hands) -> None:
    inbox.run('connect(album, "kestrel-inbox")')

    with pytest.raises(
        ClientError, match="Cannot have overlapping suffixes in two rules if the prefixes are overlapping"
    ):
        inbox.run(
            """
rules = [{"LambdaFunctionArn": inbox_arn, "Events": ["s3:ObjectCreated:*"],
    "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": value}]}}} for value in ("sale/", "sale/large/")]
s3.put_bucket_notification_configuration(Bucket=album,
    NotificationConfiguration={"LambdaFunctionConfigurations": rules})
"""
        )


@pytest.mark.parametrize(("list_too", "error"), [(True, "NoSuchKey"), (False, "AccessDenied")])
def test_what_a_missing_photo_looks_like_depends_on_the_right_to_list(
    classroom: Any, hands: Hands, list_too: bool, error: str
) -> None:
    if not list_too:
        hands.run('may_use_buckets["Statement"].pop()')
        hands.run(
            'iam.put_role_policy(RoleName="kestrel-function", PolicyName="use-shop-buckets", '
            "PolicyDocument=json.dumps(may_use_buckets))"
        )
    Path("thumbnail.py").write_text(classroom.given_file("03", "thumbnail.py"))
    hands.run('deploy("kestrel-thumbnail", "thumbnail.py", **photo_settings)')
    from labsupport.exercises import uploads

    event = json.dumps({"Records": [uploads.record(UPLOADS, "no such photo.jpg")]}).encode()

    answer = json.loads(
        classroom.lambda_client.invoke(FunctionName="kestrel-thumbnail", Payload=event)["Payload"].read()
    )

    assert answer["errorType"] == error


def test_the_loop_is_stopped_after_as_many_runs_as_the_lesson_says(classroom: Any, hands: Hands) -> None:
    Path("thumbnail.py").write_text(classroom.given_file("03", "thumbnail.py"))
    hands.run(
        'deploy("kestrel-thumbnail", "thumbnail.py", '
        '**{**photo_settings, "Environment": {"Variables": {"THUMBNAILS": uploads}}})'
    )
    hands.run('connect(uploads, "kestrel-thumbnail")')
    hands.run_the_lesson_s("def photo(number")
    hands.run('s3.put_object(Bucket=uploads, Key="loop.jpg", Body=photo(5), ContentType="image/jpeg")')
    hands.run('wait_for_log("kestrel-thumbnail", "LAB NOTE")')

    runs = len(hands.names["wait_for_log"]("kestrel-thumbnail", "thumbnail of loop.jpg"))

    assert runs == fact("recursive_loop_runs").value
    assert {option.split()[0] for option in _prediction("s3-p4").options.values()} >= {str(runs)}
    left = Image.open(hands.names["s3"].get_object(Bucket=UPLOADS, Key="loop.jpg")["Body"])
    assert left.size == (256, 171)  # the photo is gone, as the lesson says
    with contextlib.suppress(ClientError):
        classroom.lambda_client.delete_function(FunctionName="kestrel-thumbnail")


def _prediction(name: str) -> Any:
    return catalog.find_prediction(name)


def test_the_lesson_s_cloud_shortens_waits_and_the_text_counts_on_it() -> None:
    lesson = catalog.find_lesson("03")
    waits = fact("asynchronous_first_retry_wait").value + fact("asynchronous_second_retry_wait").value

    # Three attempts at the half photo must be over well before nbval's 120 seconds for a cell.
    assert 60 * waits * lesson.time_scale < 15
