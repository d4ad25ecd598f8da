"""The predictions and the quiz."""

from __future__ import annotations

from ..model import Prediction, Question

PREDICTIONS = (
    Prediction(
        id="s3-p1",
        text="You upload an object with the key 'sale photo+1.jpg'. Which key does the function find in its event?",
        options={
            "a": "sale photo+1.jpg",
            "b": "sale+photo%2B1.jpg",
            "c": "sale%20photo%2B1.jpg",
        },
        answer="b",
        explanations={
            "a": "That is the key in the bucket. In the event it is encoded.",
            "b": "The key is encoded as a browser encodes a form: a space becomes a plus sign, and a plus sign %2B.",
            "c": "So it would be in a web address. S3 encodes as in a form, where a space becomes a plus sign.",
        },
    ),
    Prediction(
        id="s3-p2",
        text="The same photo is uploaded once more, under the same key. How often has the function run for it, and how "
        "many thumbnails are in the bucket?",
        options={
            "a": "Once, one thumbnail: S3 sees that nothing has changed",
            "b": "Twice, one thumbnail",
            "c": "Twice, two thumbnails",
        },
        answer="b",
        explanations={
            "a": "S3 does not compare. Each upload is an event, also when the bytes are the same.",
            "b": "Two events, two runs. But both write under the same key, and the second one replaces the first.",
            "c": "So it would be if the key of the thumbnail had a time or a random number in it.",
        },
    ),
    Prediction(
        id="s3-p3",
        text="You upload half of a photo. The function will raise when it reads it. What happens?",
        options={
            "a": "put_object raises, and the photo is not in the bucket",
            "b": "put_object succeeds, and the function runs once",
            "c": "put_object succeeds, and the function runs three times",
        },
        answer="c",
        explanations={
            "a": "S3 takes any bytes. It has stored them before the function even starts, and it does not wait.",
            "b": "The upload succeeds indeed. But S3 invokes asynchronously, and Lambda tries a failed event again.",
            "c": "An asynchronous event gets two retries. The photo is as broken as before, so all three fail, and all "
            "three are billed.",
        },
    ),
    Prediction(
        id="s3-p4",
        text="The thumbnails now go to the bucket that calls the function. You upload one photo. How often does the "
        "function run?",
        options={
            "a": "Once",
            "b": "Twice: a thumbnail of a thumbnail is the same again",
            "c": "16 times",
            "d": "Until somebody stops it",
        },
        answer="c",
        explanations={
            "a": "The thumbnail is an object like any other. S3 calls for it, too.",
            "b": "The picture stays as it is, but each upload is a new event. S3 does not compare.",
            "c": "Lambda noticed that each run was started by what the run before had written, and did not start number "
            "17. That is a safety net of Lambda's.",
            "d": "So it was for years, and so it still is for loops that Lambda cannot see: through a database, for "
            "example.",
        },
    ),
)

QUIZ = (
    Question(
        id="s3-q1",
        text="An event has the key 'gr%C3%B6%C3%9Fe/my+photo.jpg'. The handler calls get_object with that text. What "
        "comes?",
        options={
            "a": "The photo: S3 decodes the key itself",
            "b": "NoSuchKey",
            "c": "The photo for keys without spaces, NoSuchKey for others",
        },
        answer="b",
        explanations={
            "a": "boto3 takes the key as you give it. There is no object with per cent signs in its key.",
            "b": "There is no such object. unquote_plus makes 'größe/my photo.jpg' of it, and that one is there.",
            "c": "It is not the space alone: ö and ß are encoded in this key, too.",
        },
    ),
    Question(
        id="s3-q2",
        text="A rule has the suffix .jpg. A customer uploads IMG_0001.JPG. What happens?",
        options={
            "a": "The function is called",
            "b": "The function is not called",
            "c": "S3 refuses the upload",
        },
        answer="b",
        explanations={
            "a": "Prefix and suffix are compared letter by letter. J is not j.",
            "b": "Case counts. A second rule with .JPG would do, or a function that looks at the photo itself.",
            "c": "Rules decide who is called. What may be uploaded is another matter.",
        },
    ),
    Question(
        id="s3-q3",
        text="You build the layer on a Mac, from the Pillow installed there, and publish it to AWS. What happens when "
        "the function starts?",
        options={
            "a": "It works: Python is Python",
            "b": "An import error: Pillow's compiled part is for another system",
            "c": "AWS compiles Pillow anew",
        },
        answer="b",
        explanations={
            "a": "That holds for packages of Python code alone. Pillow has parts that were compiled for one system.",
            "b": "Functions on AWS run on Amazon Linux. The layer needs the wheel for Linux, for the processor and the "
            "Python version of the function.",
            "c": "A layer is unpacked into /opt, as it is.",
        },
    ),
    Question(
        id="s3-q4",
        text="S3 promises to deliver each event at least once. Your handler names thumbnails with uuid4(). What is wrong "
        "with that?",
        options={
            "a": "Nothing: every thumbnail has a name of its own",
            "b": "An event that comes twice makes two thumbnails",
            "c": "uuid4 is not allowed in keys",
        },
        answer="b",
        explanations={
            "a": "That is the trouble: also the second one of the same photo has.",
            "b": "A key that follows from the photo's key makes the second run replace what the first one wrote.",
            "c": "Any letter is allowed in a key.",
        },
    ),
    Question(
        id="s3-q5",
        text="Somebody calls add_permission with the Principal s3.amazonaws.com, and without SourceArn and SourceAccount. "
        "Who can make S3 call your function?",
        options={
            "a": "Nobody: S3 refuses such a permission",
            "b": "Every bucket of your account",
            "c": "Every bucket of any account",
        },
        answer="c",
        explanations={
            "a": "S3 and Lambda accept it.",
            "b": "S3 is one service for all customers of AWS. Nothing in the permission says that the bucket is yours.",
            "c": "Whoever knows the ARN of your function can point a bucket at it, and you pay for the invocations.",
        },
    ),
)
