"""Lesson 02: the starter is not attempted, the solution and other right answers pass, each mistake gets its message."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from labsupport.exercises import catalog
from labsupport.exercises.outcomes import Outcome
from labsupport.facts import fact

from .hands import Hands, the_role_of_the_lessons

#: Exercises whose file is deployed as it is: function, file, handler.
FUNCTIONS = {
    "events-1": ("kestrel-receipt", "receipt.py", "receipt.handler"),
    "events-2": ("kestrel-till", "till.py", "till.handler"),
    "events-3": ("kestrel-album", "album.py", "album.handler"),
}
PRICES = {"PRINT_CENTS": "20", "POSTAGE_CENTS": "390", "FREE_FROM_CENTS": "2500"}
SETTINGS: dict[str, dict[str, Any]] = {
    "events-1": {},
    "events-2": {"Environment": {"Variables": PRICES}},
    "events-3": {"Timeout": 1},
}

ALSO_RIGHT = {
    "events-1": (
        """
        def handler(event, context):
            memory = float(context.memory_limit_in_mb)
            return dict(event, request_id=context.aws_request_id, memory_mb=round(memory), function=context.function_name)
        """,
        """
        import os

        def handler(event, context):
            answer = {"order": event["order"], "function": os.environ["AWS_LAMBDA_FUNCTION_NAME"]}
            answer["memory_mb"] = int(os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"])
            answer["request_id"] = context.aws_request_id
            print(answer)
            return answer
        """,
    ),
    "events-2": (
        """
        import os
        from decimal import ROUND_FLOOR, Decimal

        PRICE, POSTAGE, FREE = (int(os.environ[f"{name}_CENTS"]) for name in ("PRINT", "POSTAGE", "FREE_FROM"))
        SALE = Decimal(os.environ.get("SALE_PERCENT") or 0) / 100

        def handler(event, context):
            prints = int((event["copies"] * PRICE * (1 - SALE)).to_integral_value(ROUND_FLOOR))
            postage = POSTAGE if prints < FREE else 0
            return {"total_cents": prints + postage, "postage_cents": postage, "prints_cents": prints}
        """,
        """
        import os

        def handler(event, context):
            settings = {name: int(value) for name, value in os.environ.items() if name.endswith(("CENTS", "PERCENT"))}
            full = event["copies"] * settings["PRINT_CENTS"]
            prints = full - -(-full * settings.get("SALE_PERCENT", 0) // 100)
            postage = settings["POSTAGE_CENTS"] * (prints < settings["FREE_FROM_CENTS"])
            return {"prints_cents": prints, "postage_cents": postage, "total_cents": prints + postage}
        """,
    ),
    "events-3": (
        """
        import time

        def handler(event, context):
            started = time.monotonic()
            done, rest = [], list(event["photos"])
            while rest and time.monotonic() - started + event["ms"] / 1000 < 0.75:
                time.sleep(event["ms"] / 1000)
                done.append(rest.pop(0))
            return {"done": done, "rest": rest}
        """,
        """
        import time
        from concurrent.futures import ThreadPoolExecutor

        def handler(event, context):
            def prepare(photo):
                time.sleep(event["ms"] / 1000)
                return photo

            with ThreadPoolExecutor(20) as pool:
                return {"rest": [], "done": list(pool.map(prepare, event["photos"]))}
        """,
    ),
}

MISTAKES = {
    "events-1": {
        "the memory stays text": (
            """
            def handler(event, context):
                return {"order": event["order"], "function": context.function_name,
                        "request_id": context.aws_request_id, "memory_mb": context.memory_limit_in_mb}
            """,
            Outcome.PARTIAL,
            "Look at: memory_mb: the context has it as text; turn it into a number",
        ),
        "the memory is written into the code": (
            """
            def handler(event, context):
                return {"order": event["order"], "function": context.function_name,
                        "request_id": context.aws_request_id, "memory_mb": 128}
            """,
            Outcome.PARTIAL,
            "Look at: memory_mb: we gave the function another memory size, and it tells the old one",
        ),
        "the request id is kept in a global": (
            """
            request = None

            def handler(event, context):
                global request
                request = request or context.aws_request_id
                return {"order": event["order"], "function": context.function_name,
                        "request_id": request, "memory_mb": int(context.memory_limit_in_mb)}
            """,
            Outcome.PARTIAL,
            "Look at: request_id: ",
        ),
        "the context taken for a dict": (
            """
            def handler(event, context):
                return {"order": event["order"], "function": context["function_name"],
                        "request_id": context["aws_request_id"], "memory_mb": 128}
            """,
            Outcome.YOUR_CODE_RAISED,
            "Look at: context is an object, no dict: its values are attributes, as in context.function_name; receipt.py",
        ),
        "an attribute that the context does not have": (
            """
            def handler(event, context):
                return {"order": event["order"], "function": context.function_name,
                        "request_id": context.request_id, "memory_mb": int(context.memory_limit_in_mb)}
            """,
            Outcome.YOUR_CODE_RAISED,
            "Look at: context is an object, no dict: its values are attributes",
        ),
        "print in place of return": (
            """
            def handler(event, context):
                print({"order": event["order"], "function": context.function_name,
                       "request_id": context.aws_request_id, "memory_mb": int(context.memory_limit_in_mb)})
            """,
            Outcome.NOT_YET,
            "Look at: print instead of return: the value is in the log, but only return makes it the answer",
        ),
        "the context object itself": (
            """
            def handler(event, context):
                return {"order": event["order"], "function": context.function_name, "request_id": context,
                        "memory_mb": int(context.memory_limit_in_mb)}
            """,
            Outcome.NOT_YET,
            "Came back: Runtime.MarshalError: an object of type LambdaContext in the answer is not JSON",
        ),
    },
    "events-2": {
        "the prices are written into the code": (
            """
            def handler(event, context):
                prints = event["copies"] * 20
                postage = 0 if prints >= 2500 else 390
                return {"prints_cents": prints, "postage_cents": postage, "total_cents": prints + postage}
            """,
            Outcome.PARTIAL,
            "Look at: the numbers: we changed the settings, and the bill stayed as before; are they written into the code?",
        ),
        "the settings stay text": (
            """
            import os

            def handler(event, context):
                prints = event["copies"] * os.environ["PRINT_CENTS"]
                postage = 0 if prints >= os.environ["FREE_FROM_CENTS"] else os.environ["POSTAGE_CENTS"]
                return {"prints_cents": prints, "postage_cents": postage, "total_cents": prints + postage}
            """,
            Outcome.PARTIAL,
            "Look at: the settings: an environment variable is always text; int() makes a number of it",
        ),
        "text is compared with a number": (
            """
            import os

            def handler(event, context):
                prints = event["copies"] * int(os.environ["PRINT_CENTS"])
                postage = 0 if prints >= os.environ["FREE_FROM_CENTS"] else int(os.environ["POSTAGE_CENTS"])
                return {"prints_cents": prints, "postage_cents": postage, "total_cents": prints + postage}
            """,
            Outcome.PARTIAL,
            "Look at: the settings: an environment variable is always text; int() makes a number of it",
        ),
        "a setting that may be missing is demanded": (
            """
            import os

            def handler(event, context):
                prints = event["copies"] * int(os.environ["PRINT_CENTS"])
                prints = prints * (100 - int(os.environ["SALE_PERCENT"])) // 100
                postage = 0 if prints >= int(os.environ["FREE_FROM_CENTS"]) else int(os.environ["POSTAGE_CENTS"])
                return {"prints_cents": prints, "postage_cents": postage, "total_cents": prints + postage}
            """,
            Outcome.PARTIAL,
            "Look at: is that environment variable set? till.py, line 5",
        ),
        "the sale is forgotten": (
            """
            import os

            def handler(event, context):
                prints = event["copies"] * int(os.environ["PRINT_CENTS"])
                postage = 0 if prints >= int(os.environ["FREE_FROM_CENTS"]) else int(os.environ["POSTAGE_CENTS"])
                return {"prints_cents": prints, "postage_cents": postage, "total_cents": prints + postage}
            """,
            Outcome.PARTIAL,
            "Look at: SALE_PERCENT: we set it, and the price is not reduced",
        ),
        "fractions of a cent": (
            """
            import os

            def handler(event, context):
                prints = event["copies"] * int(os.environ["PRINT_CENTS"])
                percent = int(os.environ.get("SALE_PERCENT", 0))
                prints = prints * (100 - percent) / 100 if percent else prints
                postage = 0 if prints >= int(os.environ["FREE_FROM_CENTS"]) else int(os.environ["POSTAGE_CENTS"])
                return {"prints_cents": prints, "postage_cents": postage, "total_cents": prints + postage}
            """,
            Outcome.PARTIAL,
            "Look at: whole cents: // divides and rounds down, / does not",
        ),
        "rounded up": (
            """
            import math, os

            def handler(event, context):
                prints = event["copies"] * int(os.environ["PRINT_CENTS"])
                prints = math.ceil(prints * (100 - int(os.environ.get("SALE_PERCENT", 0))) / 100)
                postage = 0 if prints >= int(os.environ["FREE_FROM_CENTS"]) else int(os.environ["POSTAGE_CENTS"])
                return {"prints_cents": prints, "postage_cents": postage, "total_cents": prints + postage}
            """,
            Outcome.PARTIAL,
            "Look at: the rounding: a fraction of a cent is in the customer's favour",
        ),
        "more than in place of or more": (
            """
            import os

            def handler(event, context):
                prints = event["copies"] * int(os.environ["PRINT_CENTS"])
                prints = prints * (100 - int(os.environ.get("SALE_PERCENT", 0))) // 100
                postage = 0 if prints > int(os.environ["FREE_FROM_CENTS"]) else int(os.environ["POSTAGE_CENTS"])
                return {"prints_cents": prints, "postage_cents": postage, "total_cents": prints + postage}
            """,
            Outcome.PARTIAL,
            "Look at: the comparison: postage is free from FREE_FROM_CENTS on, so is it > or >=?",
        ),
    },
    "events-3": {
        "as it was": (
            """
            import time

            def handler(event, context):
                done = []
                for photo in event["photos"]:
                    time.sleep(event["ms"] / 1000)
                    done.append(photo)
                return {"done": done, "rest": []}
            """,
            Outcome.PARTIAL,
            "Look at: context.get_remaining_time_in_millis() before each photo: is there time for one more?",
        ),
        "a fixed number of photos": (
            """
            import time

            def handler(event, context):
                photos = event["photos"]
                for photo in photos[:3]:
                    time.sleep(event["ms"] / 1000)
                return {"done": photos[:3], "rest": photos[3:]}
            """,
            Outcome.PARTIAL,
            "Look at: when you stop: there was time for more; a fixed number of photos is no measure of time",
        ),
        "no room for the photo itself": (
            """
            import time

            def handler(event, context):
                photos = event["photos"]
                for number in range(len(photos)):
                    if context.get_remaining_time_in_millis() < 150:
                        return {"done": photos[:number], "rest": photos[number:]}
                    time.sleep(event["ms"] / 1000)
                return {"done": photos, "rest": []}
            """,
            Outcome.PARTIAL,
            "Came back: Task timed out: Lambda stopped it after 1 second, and nothing came back",
        ),
        "a clock that starts with the module": (
            """
            import time

            STARTED = time.monotonic()

            def handler(event, context):
                photos = event["photos"]
                for number in range(len(photos)):
                    if time.monotonic() - STARTED + event["ms"] / 1000 > 0.75:
                        return {"done": photos[:number], "rest": photos[number:]}
                    time.sleep(event["ms"] / 1000)
                return {"done": photos, "rest": []}
            """,
            Outcome.PARTIAL,
            "Look at: when your clock starts: at module level it starts once, not with each invocation",
        ),
        "the rest is not given back": (
            """
            import time

            def handler(event, context):
                done = []
                for photo in event["photos"]:
                    if context.get_remaining_time_in_millis() < event["ms"] + 200:
                        break
                    time.sleep(event["ms"] / 1000)
                    done.append(photo)
                return {"done": done, "rest": []}
            """,
            Outcome.PARTIAL,
            "photos are in neither of them",
        ),
        "one photo in both lists": (
            """
            import time

            def handler(event, context):
                photos = event["photos"]
                for number in range(len(photos)):
                    if context.get_remaining_time_in_millis() < event["ms"] + 200:
                        return {"done": photos[:number + 1], "rest": photos[number:]}
                    time.sleep(event["ms"] / 1000)
                return {"done": photos, "rest": []}
            """,
            Outcome.PARTIAL,
            "Look at: the parts: a photo is in both of them, or is from another album",
        ),
        "a list in place of the object": (
            """
            def handler(event, context):
                return event["photos"]
            """,
            Outcome.PARTIAL,
            "Look at: the type: a list came back, an object was expected",
        ),
    },
}


# --- the exercises that are a file -------------------------------------------------------------------------------


def _hand_in(classroom: Any, exercise: str, text: str) -> None:
    classroom.hand_in(FUNCTIONS[exercise], text, **SETTINGS[exercise])


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_the_starter_is_not_attempted(classroom: Any, exercise: str) -> None:
    part = "code" if exercise == "events-2" else ""
    text = classroom.file_of(classroom.starter(exercise, part))
    _hand_in(classroom, exercise, text)  # the settings are right already, and worth nothing without the code

    report = classroom.check(exercise)

    assert report.outcome is Outcome.NOT_ATTEMPTED, repr(report)
    assert f"the starter's own line: exercise {exercise} is still to be written" in repr(report)


@pytest.mark.parametrize("exercise", [*FUNCTIONS, "events-4", "events-5"])
def test_nothing_deployed_is_not_attempted(classroom: Any, exercise: str) -> None:
    others = {"events-4": "kestrel-confirmation", "events-5": "kestrel-offer"}
    name = FUNCTIONS[exercise][0] if exercise in FUNCTIONS else others[exercise]
    classroom.remove(name)

    report = classroom.check(exercise)

    assert report.outcome is Outcome.NOT_ATTEMPTED
    assert f"We looked for the function {name}." in repr(report)
    assert report.points == 0


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_the_solution_passes(classroom: Any, exercise: str) -> None:
    _hand_in(
        classroom, exercise, classroom.file_of(classroom.solution(exercise, "code" if exercise == "events-2" else ""))
    )

    report = classroom.check(exercise)

    assert report.outcome is Outcome.PASSED, repr(report)
    assert report.points == report.max_points
    assert "Why it works:" in repr(report)


@pytest.mark.parametrize(
    ("exercise", "number"), [(name, at) for name, texts in ALSO_RIGHT.items() for at in range(len(texts))]
)
def test_another_right_answer_passes(classroom: Any, exercise: str, number: int) -> None:
    _hand_in(classroom, exercise, ALSO_RIGHT[exercise][number])

    report = classroom.check(exercise)

    assert report.outcome is Outcome.PASSED, repr(report)


@pytest.mark.parametrize(("exercise", "mistake"), [(name, what) for name, many in MISTAKES.items() for what in many])
def test_a_mistake_gets_its_message(classroom: Any, exercise: str, mistake: str) -> None:
    text, outcome, line = MISTAKES[exercise][mistake]
    _hand_in(classroom, exercise, text)

    report = classroom.check(exercise)

    assert report.outcome is outcome, repr(report)
    assert line in repr(report), repr(report)
    assert report.points < report.max_points


def test_the_check_puts_the_learner_s_settings_back(classroom: Any) -> None:
    own = PRICES | {"SALE_PERCENT": "3", "MINE": "yes"}
    classroom.hand_in(
        FUNCTIONS["events-2"],
        classroom.file_of(classroom.solution("events-2", "code")),
        Environment={"Variables": own},
        MemorySize=160,
        Timeout=7,
    )

    report = classroom.check("events-2")

    assert report.outcome is Outcome.PASSED, repr(report)
    now = classroom.lambda_client.get_function_configuration(FunctionName="kestrel-till")
    assert (now["Environment"]["Variables"], now["MemorySize"], now["Timeout"]) == (own, 160, 7)


@pytest.mark.parametrize(
    ("variables", "came_back"),
    [
        ({}, "Came back: there is no PRINT_CENTS; there is: none"),
        (PRICES | {"POSTAGE_CENTS": "400"}, "Came back: POSTAGE_CENTS is '400'"),
        ({"PRINT_CENT": "20"}, "Came back: there is no PRINT_CENTS; there is: PRINT_CENT"),
    ],
)
def test_events_2_other_settings_than_the_shop_s_are_named(
    classroom: Any, variables: dict[str, str], came_back: str
) -> None:
    text = classroom.file_of(classroom.solution("events-2", "code"))
    classroom.hand_in(FUNCTIONS["events-2"], text, Environment={"Variables": variables})

    report = classroom.check("events-2")

    assert report.outcome is Outcome.PARTIAL
    assert came_back in repr(report), repr(report)


def test_events_3_a_longer_timeout_is_no_cure(classroom: Any) -> None:
    text, _outcome, _line = MISTAKES["events-3"]["as it was"]
    classroom.hand_in(FUNCTIONS["events-3"], text, Timeout=30)

    report = classroom.check("events-3")

    assert report.outcome is Outcome.PARTIAL
    assert "Came back: its Timeout is 30 seconds" in repr(report)
    assert "a longer one only moves the problem to a longer album" in repr(report)


# --- the exercises that are calls --------------------------------------------------------------------------------


@pytest.fixture
def hands(classroom: Any, cloud: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The learner's hands before the exercises 4 and 5: nothing of them is there yet."""
    monkeypatch.chdir(tmp_path)
    sqs = cloud.client("sqs")
    for url in sqs.list_queues().get("QueueUrls", []):
        sqs.delete_queue(QueueUrl=url)
    for name in ("kestrel-confirmation", "kestrel-offer"):
        classroom.remove(name)
    for file in ("confirmation.py", "offer_regular.py", "offer_sale.py"):
        Path(file).write_text(classroom.given_file("02", file))
    return Hands(classroom, cloud, "02", the_role_of_the_lessons(cloud))


@pytest.fixture
def confirmation(hands: Hands) -> Hands:
    """kestrel-confirmation is deployed, as by the lesson's cell."""
    hands.run('deploy("kestrel-confirmation", "confirmation.py")')
    return hands


def test_events_4_the_starter_is_not_attempted(classroom: Any, confirmation: Hands) -> None:
    confirmation.run(classroom.starter("events-4"))

    report = classroom.check("events-4")

    assert report.outcome is Outcome.NOT_ATTEMPTED
    assert "Came back: neither is there" in repr(report)


def test_events_4_the_solution_passes_and_its_cell_runs_twice(classroom: Any, confirmation: Hands) -> None:
    for _ in range(2):
        confirmation.run(classroom.solution("events-4"))

    report = classroom.check("events-4")

    assert report.outcome is Outcome.PASSED, repr(report)


def test_events_4_a_policy_of_its_own_and_one_setting_after_the_other_are_right_too(
    classroom: Any, confirmation: Hands
) -> None:
    confirmation.run(
        """
url = sqs.create_queue(QueueName="kestrel-unconfirmed", Attributes={"VisibilityTimeout": "5"})["QueueUrl"]
arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["QueueArn"]
statement = {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": [arn]}
policy = iam.create_policy(
    PolicyName="may-send", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement})
)["Policy"]["Arn"]
iam.attach_role_policy(RoleName="kestrel-function", PolicyArn=policy)
lambda_client.put_function_event_invoke_config(FunctionName="kestrel-confirmation", MaximumRetryAttempts=0)
lambda_client.update_function_event_invoke_config(
    FunctionName="kestrel-confirmation", MaximumEventAgeInSeconds=60 * 60
)
lambda_client.update_function_event_invoke_config(
    FunctionName="kestrel-confirmation", DestinationConfig={"OnFailure": {"Destination": arn}}
)
"""
    )

    report = classroom.check("events-4")

    confirmation.run('iam.detach_role_policy(RoleName="kestrel-function", PolicyArn=policy)')
    confirmation.run("iam.delete_policy(PolicyArn=policy)")
    assert report.outcome is Outcome.PASSED, repr(report)


def test_events_4_a_queue_with_other_records_in_it_and_a_right_for_more_queues_is_right_too(
    classroom: Any, confirmation: Hands
) -> None:
    solution = classroom.solution("events-4").replace(
        '"Resource": unconfirmed_arn', '"Resource": [unconfirmed_arn, unconfirmed_arn + "-2"]'
    )
    confirmation.run(solution)
    sqs, url = confirmation.names["sqs"], confirmation.names["unconfirmed_url"]
    for number in range(12):
        sqs.send_message(QueueUrl=url, MessageBody=f"no record {number}")

    report = classroom.check("events-4")

    assert report.outcome is Outcome.PASSED, repr(report)
    count = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    assert count["ApproximateNumberOfMessages"] == "12"  # the check took its own record and left the others


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        (
            "MaximumRetryAttempts=0",
            "MaximumRetryAttempts=2",
            "Came back: MaximumRetryAttempts is 2: an order may be tried 3 times",
        ),
        ("    MaximumRetryAttempts=0,\n", "", "Came back: MaximumRetryAttempts is not set"),
        ("=3600", "=60", "Came back: MaximumEventAgeInSeconds is 60"),
        ("    MaximumEventAgeInSeconds=3600,\n", "", "Came back: MaximumEventAgeInSeconds is not set"),
        (
            '"OnFailure"',
            '"OnSuccess"',
            "Look at: DestinationConfig: the queue is under OnSuccess, so it gets the orders that went well",
        ),
        (
            '    DestinationConfig={"OnFailure": {"Destination": unconfirmed_arn}},\n',
            "",
            "Came back: there is no destination OnFailure",
        ),
        (
            '"Resource": unconfirmed_arn',
            '"Resource": "*"',
            "Came back: sqs:SendMessage is allowed on *",
        ),
        (
            '"Action": "sqs:SendMessage"',
            '"Action": "sqs:*"',
            "Look at: the wildcard *: with it, the function may do more than its job",
        ),
        (
            'QueueName="kestrel-unconfirmed"',
            'QueueName="kestrel-unconfirmed-orders"',
            "Came back: there is no queue of that name",
        ),
    ],
)
def test_events_4_a_mistake_gets_its_message(
    classroom: Any, confirmation: Hands, right: str, wrong: str, line: str
) -> None:
    solution = classroom.solution("events-4")
    assert right in solution
    confirmation.run(solution.replace(right, wrong))

    report = classroom.check("events-4")

    assert report.outcome in (Outcome.PARTIAL, Outcome.NOT_YET), repr(report)
    assert line in repr(report), repr(report)


def test_events_4_a_forgotten_permission_is_named(classroom: Any, confirmation: Hands) -> None:
    solution = classroom.solution("events-4").replace("iam.put_role_policy(", "dict(")
    with contextlib.suppress(ClientError):  # AWS refuses the destination of a role that may not send
        confirmation.run(solution)

    report = classroom.check("events-4")

    assert "Came back: nothing in it allows sqs:SendMessage on kestrel-unconfirmed" in repr(report), repr(report)


def test_events_4_a_queue_without_settings_is_told_apart(classroom: Any, confirmation: Hands) -> None:
    confirmation.run('sqs.create_queue(QueueName="kestrel-unconfirmed")')

    report = classroom.check("events-4")

    assert report.outcome is Outcome.NOT_YET
    assert "Came back: it has none: Lambda goes by its defaults" in repr(report)


def test_events_4_a_dead_letter_queue_is_told_apart_from_a_destination(classroom: Any, confirmation: Hands) -> None:
    solution = classroom.solution("events-4").replace(
        '    DestinationConfig={"OnFailure": {"Destination": unconfirmed_arn}},\n', ""
    )
    confirmation.run(solution)
    confirmation.run('configure("kestrel-confirmation", DeadLetterConfig={"TargetArn": unconfirmed_arn})')

    report = classroom.check("events-4")

    assert "DeadLetterConfig: it keeps the event, but not why it failed; a destination keeps both" in repr(report)


def test_events_4_other_code_that_never_fails_is_noticed(
    classroom: Any, confirmation: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labsupport.exercises.lesson02_events_and_configuration import confirmation as exercise

    monkeypatch.setattr(exercise, "_RECORD_SECONDS", 2.0)
    Path("confirmation.py").write_text("def handler(event, context):\n    return event\n")
    confirmation.run('deploy("kestrel-confirmation", "confirmation.py")')
    confirmation.run(classroom.solution("events-4"))

    report = classroom.check("events-4")

    assert report.outcome is Outcome.PARTIAL
    assert "Came back: no record of it within 2 seconds" in repr(report)


def test_events_5_the_starter_is_not_attempted(classroom: Any, hands: Hands) -> None:
    hands.run(classroom.starter("events-5"))

    assert classroom.check("events-5").outcome is Outcome.NOT_ATTEMPTED


def test_events_5_the_solution_passes_and_its_cell_runs_twice(classroom: Any, hands: Hands) -> None:
    for _ in range(2):
        hands.run(classroom.solution("events-5"))

    report = classroom.check("events-5")

    assert report.outcome is Outcome.PASSED, repr(report)


def test_events_5_publishing_in_the_other_order_and_updating_the_alias_later_is_right_too(
    classroom: Any, hands: Hands
) -> None:
    hands.run(
        """
deploy("kestrel-offer", "offer_sale.py")
sale = publish("kestrel-offer")
lambda_client.create_alias(FunctionName="kestrel-offer", Name="shop", FunctionVersion="$LATEST")
deploy("kestrel-offer", "offer_regular.py")
regular = publish("kestrel-offer")
lambda_client.update_alias(FunctionName="kestrel-offer", Name="shop", FunctionVersion=regular)
lambda_client.update_alias(
    FunctionName="kestrel-offer", Name="shop", RoutingConfig={"AdditionalVersionWeights": {sale: 1 / 5}}
)
"""
    )

    report = classroom.check("events-5")

    assert report.outcome is Outcome.PASSED, repr(report)


def test_events_5_one_code_with_the_price_in_its_configuration_is_right_too(classroom: Any, hands: Hands) -> None:
    Path("offer.py").write_text(
        "import os\ndef handler(event, context):\n    return {'total_cents': event['copies'] * int(os.environ['CENTS'])}\n"
    )
    hands.run(
        """
versions = []
for cents in ("20", "15"):
    deploy("kestrel-offer", "offer.py", Environment={"Variables": {"CENTS": cents}})
    versions.append(publish("kestrel-offer"))
lambda_client.create_alias(
    FunctionName="kestrel-offer",
    Name="shop",
    FunctionVersion=versions[0],
    RoutingConfig={"AdditionalVersionWeights": {versions[1]: 0.2}},
)
"""
    )

    report = classroom.check("events-5")

    assert report.outcome is Outcome.PASSED, repr(report)


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("{sale: 0.2}", "{sale: 0.8}", "Look at: the weight: it is the share of the second version, and yours is that"),
        ("{sale: 0.2}", "{sale: 0.02}", "gets 2% of the invocations"),
        ("{sale: 0.2}", "{}", "Came back: it sends everybody to one version"),
        (
            '"FunctionVersion": regular,\n    "RoutingConfig": {"AdditionalVersionWeights": {sale: 0.2}}',
            '"FunctionVersion": sale,\n    "RoutingConfig": {"AdditionalVersionWeights": {regular: 0.2}}',
            "Look at: which version is which: the one the alias points to already has the sale price",
        ),
        (
            'deploy("kestrel-offer", "offer_sale.py")',
            'deploy("kestrel-offer", "offer_regular.py", Description="sale")',
            "Look at: what was deployed when you published the second version: it has the regular price, like the first",
        ),
        (
            '"FunctionVersion": regular,\n    "RoutingConfig": {"AdditionalVersionWeights": {sale: 0.2}}',
            '"FunctionVersion": "$LATEST"',
            "Look at: publish_version: the next deployment changes $LATEST, and every customer would get it at once",
        ),
        ('"Name": "shop"', '"Name": "live"', "Came back: it is not there; there is: live"),
        ("    lambda_client.create_alias(**alias)", "    pass", "Came back: the function has no alias"),
    ],
)
def test_events_5_a_mistake_gets_its_message(classroom: Any, hands: Hands, right: str, wrong: str, line: str) -> None:
    solution = classroom.solution("events-5")
    assert right in solution
    hands.run(solution.replace(right, wrong))

    report = classroom.check("events-5")

    assert report.outcome in (Outcome.PARTIAL, Outcome.NOT_YET), repr(report)
    assert line in repr(report), repr(report)


# --- what the lesson says of this cloud --------------------------------------------------------------------------


def test_the_lesson_s_cloud_shortens_waits_and_the_text_counts_on_it() -> None:
    lesson = catalog.find_lesson("02")
    waits = fact("asynchronous_first_retry_wait").value + fact("asynchronous_second_retry_wait").value

    # Two retries must be over well before nbval's 120 seconds for a cell.
    assert 60 * waits * lesson.time_scale < 15


def test_a_destination_that_the_role_may_not_send_to_is_refused_as_the_lesson_says(
    classroom: Any, confirmation: Hands, cloud: Any
) -> None:
    confirmation.run(
        'unconfirmed_url = sqs.create_queue(QueueName="kestrel-unconfirmed")["QueueUrl"]\n'
        'arn = sqs.get_queue_attributes(QueueUrl=unconfirmed_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]'
    )

    with pytest.raises(ClientError, match="does not have permissions to call SendMessage on arn:aws:sqs:"):
        confirmation.run(
            'lambda_client.put_function_event_invoke_config(FunctionName="kestrel-confirmation", '
            'MaximumRetryAttempts=2, DestinationConfig={"OnFailure": {"Destination": arn}})'
        )


def test_a_version_that_an_alias_uses_cannot_be_deleted_as_the_quiz_says(classroom: Any, hands: Hands) -> None:
    hands.run(classroom.solution("events-5"))

    with pytest.raises(classroom.lambda_client.exceptions.ResourceConflictException):
        hands.run('lambda_client.delete_function(FunctionName="kestrel-offer", Qualifier=sale)')


def test_a_timeout_is_billed_as_the_quiz_says(classroom: Any) -> None:
    from labsupport.insight.invocation import invoke

    classroom.deploy(
        "kestrel-hangs",
        {"hangs.py": "import time\ndef handler(e, c):\n    time.sleep(9)\n"},
        "hangs.handler",
        Timeout=1,
    )

    result = invoke(classroom.lambda_client, "kestrel-hangs", {})

    assert result.timed_out and result.report is not None
    assert result.report.billed_ms is not None and result.report.billed_ms >= 1000


def test_one_variable_set_alone_removes_the_others_as_the_lesson_breaks_it(classroom: Any, hands: Hands) -> None:
    _hand_in(classroom, "events-2", ALSO_RIGHT["events-2"][1])
    client = classroom.lambda_client

    hands.run('configure("kestrel-till", Environment={"Variables": {"SHOP": "Kestrel"}})')
    alone = client.get_function_configuration(FunctionName="kestrel-till")["Environment"]["Variables"]
    hands.run('set_variables("kestrel-till", PRINT_CENTS="20")')
    together = client.get_function_configuration(FunctionName="kestrel-till")["Environment"]["Variables"]

    assert alone == {"SHOP": "Kestrel"}
    assert together == {"SHOP": "Kestrel", "PRINT_CENTS": "20"}
