"""Lesson 01: the starter is not attempted, the solution and other right answers pass, each mistake gets its message."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labsupport.exercises.outcomes import Outcome
from labsupport.facts import fact

#: Exercises whose file is deployed as it is: function, file, handler.
FUNCTIONS = {
    "hello-1": ("kestrel-greeting", "greeting.py", "greeting.handler"),
    "hello-2": ("kestrel-price", "price.py", "price.quote"),
    "hello-4": ("kestrel-basket", "basket.py", "basket.handler"),
    "hello-5": ("kestrel-order", "order.py", "order.handler"),
}
STATUS = "kestrel-status"

ALSO_RIGHT = {
    "hello-1": (
        """
        def handler(event, context):
            return dict(message="Hello " + event["customer"] + ", we are printing " + str(event["photos"]) + " photos.")
        """,
        """
        import json

        TEMPLATE = "Hello {customer}, we are printing {photos} photos."

        def handler(event, context):
            print(json.dumps(event))
            return {"message": TEMPLATE.format(**event)}
        """,
    ),
    "hello-2": (
        """
        def quote(event, context):
            cents = {"10x15": 20, "13x18": 25}.get(event["size"], 125)
            answer = {"prints_cents": cents * event["copies"]}
            answer["postage_cents"] = 390 * (answer["prints_cents"] < 2500)
            answer["total_cents"] = sum(answer.values())
            return answer
        """,
        """
        from decimal import Decimal

        EUROS = {"10x15": Decimal("0.20"), "13x18": Decimal("0.25"), "20x30": Decimal("1.25")}

        def quote(event, context):
            prints = EUROS[event["size"]] * 100 * event["copies"]
            postage = Decimal(390)
            if not prints < 2500:
                postage -= 390
            return {"total_cents": prints + postage, "postage_cents": postage, "prints_cents": prints}
        """,
    ),
    "hello-4": (
        """
        photos = []

        def handler(event, context):
            photos.clear()
            for photo in event["photos"]:
                photos.append(photo.lower())
            return {"customer": event["customer"], "count": len(photos), "photos": photos}
        """,
        """
        def handler(event, context):
            try:
                photos = list(map(str.lower, event["photos"]))
            except TypeError:
                return {"error": "a photo has a name"}
            return {"count": len(photos), **event, "photos": photos}
        """,
    ),
    "hello-5": (
        """
        import logging

        CENTS = {"10x15": 20, "13x18": 25, "20x30": 125}
        logging.getLogger().setLevel("INFO")

        class Refused(Exception):
            pass

        def handler(event, context):
            try:
                size, copies = checked(event)
            except Refused as reason:
                logging.warning("REFUSED %s", reason)
                return {"ok": False, "problem": str(reason)}
            return {"ok": True, "total_cents": CENTS[size] * copies}

        def checked(event):
            size, copies = event.get("size"), event.get("copies")
            if type(size) is not str or size not in CENTS:
                raise Refused("We do not print that Size.")
            if type(copies) is not int or copies not in range(1, 501):
                raise Refused("Copies: please order 1 to 500.")
            return size, copies
        """,
        """
        def handler(event, context):
            problems = []
            cents = {"10x15": 20, "13x18": 25, "20x30": 125}
            if str(event.get("size")) not in cents:
                problems.append("this size is not in our list")
            if not (type(event.get("copies")) == int and 0 < event["copies"] < 501):
                problems.append("we need the number of copies")
            if problems:
                print("REFUSED:", event, problems)
                return {"ok": False, "problem": "; ".join(problems)}
            return {"ok": True, "total_cents": event["copies"] * cents[event["size"]]}
        """,
    ),
}

MISTAKES = {
    "hello-1": {
        "the values of the example are written into the code": (
            """
            def handler(event, context):
                return {"message": "Hello Ada, we are printing 3 photos."}
            """,
            Outcome.NOT_YET,
            "Look at: the values: Ada and 3 are written into your code; take both from the event",
        ),
        "text in place of an object": (
            """
            def handler(event, context):
                return f"Hello {event['customer']}, we are printing {event['photos']} photos."
            """,
            Outcome.NOT_YET,
            "Look at: the type: text came back, an object was expected",
        ),
        "print in place of return": (
            """
            def handler(event, context):
                print({"message": f"Hello {event['customer']}, we are printing {event['photos']} photos."})
            """,
            Outcome.NOT_YET,
            "Look at: print instead of return: the value is in the log, but only return makes it the answer",
        ),
        "no return at all": (
            """
            def handler(event, context):
                message = f"Hello {event['customer']}, we are printing {event['photos']} photos."
            """,
            Outcome.NOT_YET,
            "Look at: return: a handler without one answers null",
        ),
        "JSON text in place of an object": (
            """
            import json

            def handler(event, context):
                message = f"Hello {event['customer']}, we are printing {event['photos']} photos."
                return json.dumps({"message": message})
            """,
            Outcome.NOT_YET,
            "Look at: you return JSON text: return the dict or list itself, Lambda writes the JSON",
        ),
        "the f is forgotten": (
            """
            def handler(event, context):
                return {"message": "Hello {customer}, we are printing {photos} photos."}
            """,
            Outcome.NOT_YET,
            "Look at: the f before the quotation mark: the curly brackets stayed",
        ),
        "the full stop is missing": (
            """
            def handler(event, context):
                return {"message": f"Hello {event['customer']}, we are printing {event['photos']} photos"}
            """,
            Outcome.NOT_YET,
            "Look at: the sentence, letter by letter: capital, comma, spaces, full stop",
        ),
        "the key has another name": (
            """
            def handler(event, context):
                return {"greeting": f"Hello {event['customer']}, we are printing {event['photos']} photos."}
            """,
            Outcome.NOT_YET,
            "Look at: the keys of the answer: 'message' is missing",
        ),
        "a key that the event does not have": (
            """
            def handler(event, context):
                return {"message": f"Hello {event['name']}, we are printing {event['photos']} photos."}
            """,
            Outcome.YOUR_CODE_RAISED,
            "Look at: is that key in the event we sent? greeting.py, line 2",
        ),
        "the answer of the first event is kept": (
            """
            answers = []

            def handler(event, context):
                answers.append({"message": f"Hello {event['customer']}, we are printing {event['photos']} photos."})
                return answers[0]
            """,
            Outcome.PARTIAL,
            "Look at: the customer: not the one of the event; is it kept from an earlier event",
        ),
        "one parameter only": (
            """
            def handler(event):
                return {"message": f"Hello {event['customer']}, we are printing {event['photos']} photos."}
            """,
            Outcome.YOUR_CODE_RAISED,
            "Look at: the handler's signature: Lambda calls it with two arguments, event and context",
        ),
    },
    "hello-2": {
        "euros in place of cents": (
            """
            def quote(event, context):
                prints = {"10x15": 0.2, "13x18": 0.25, "20x30": 1.25}[event["size"]] * event["copies"]
                postage = 0 if prints >= 25 else 3.9
                return {"prints_cents": prints, "postage_cents": postage, "total_cents": prints + postage}
            """,
            Outcome.PARTIAL,
            "Look at: the unit: whole cents are asked for, and this looks like euros",
        ),
        "more than in place of or more": (
            """
            def quote(event, context):
                prints = {"10x15": 20, "13x18": 25, "20x30": 125}[event["size"]] * event["copies"]
                postage = 0 if prints > 2500 else 390
                return {"prints_cents": prints, "postage_cents": postage, "total_cents": prints + postage}
            """,
            Outcome.PARTIAL,
            "Look at: the comparison: does > or >= say 2,500 cents or more?",
        ),
        "postage counts towards free postage": (
            """
            def quote(event, context):
                prints = {"10x15": 20, "13x18": 25, "20x30": 125}[event["size"]] * event["copies"]
                postage = 0 if prints + 390 >= 2500 else 390
                return {"prints_cents": prints, "postage_cents": postage, "total_cents": prints + postage}
            """,
            Outcome.PARTIAL,
            "Look at: what you compare with 2,500: it is the price of the prints alone, without postage",
        ),
        "a key is missing": (
            """
            def quote(event, context):
                prints = {"10x15": 20, "13x18": 25, "20x30": 125}[event["size"]] * event["copies"]
                return {"prints_cents": prints, "total_cents": prints + (0 if prints >= 2500 else 390)}
            """,
            Outcome.PARTIAL,
            "Look at: the keys of the answer: 'postage_cents' is missing",
        ),
    },
    "hello-4": {
        "the list is emptied at the end": (
            """
            photos = []

            def handler(event, context):
                for photo in event["photos"]:
                    photos.append(photo.lower())
                answer = {"customer": event["customer"], "count": len(photos), "photos": list(photos)}
                photos.clear()
                return answer
            """,
            Outcome.PARTIAL,
            "Look at: photos of an order that failed: a clean-up at the handler's end is not reached when it raises",
        ),
        "the list is a default value": (
            """
            def handler(event, context, photos=[]):
                for photo in event["photos"]:
                    photos.append(photo.lower())
                return {"customer": event["customer"], "count": len(photos), "photos": photos}
            """,
            Outcome.PARTIAL,
            "Look at: photos of another order: something that outlives the invocation still holds them",
        ),
        "the names are no longer in small letters": (
            """
            def handler(event, context):
                return {"customer": event["customer"], "count": len(event["photos"]), "photos": event["photos"]}
            """,
            Outcome.PARTIAL,
            "Look at: the names: lower() is missing, or is not used",
        ),
        "the photos are sorted": (
            """
            def handler(event, context):
                photos = sorted(photo.lower() for photo in event["photos"])[::-1]
                photos = photos[1:] + photos[:1] if photos == [p.lower() for p in event["photos"]] else photos
                return {"customer": event["customer"], "count": len(photos), "photos": photos}
            """,
            Outcome.NOT_YET,
            "Look at: the order of the photos: keep the order of the event",
        ),
        "a count that goes on": (
            """
            count = 0

            def handler(event, context):
                global count
                count += len(event["photos"])
                return {"customer": event["customer"], "count": count, "photos": [p.lower() for p in event["photos"]]}
            """,
            Outcome.PARTIAL,
            "Look at: count: the photos are right, their number is not",
        ),
    },
    "hello-5": {
        "a missing key raises": (
            """
            CENTS = {"10x15": 20, "13x18": 25, "20x30": 125}

            def handler(event, context):
                return {"ok": True, "total_cents": CENTS[event["size"]] * event["copies"]}
            """,
            Outcome.PARTIAL,
            "Look at: is that key in the event we sent? order.py, line 4",
        ),
        "text is turned into a number": (
            """
            CENTS = {"10x15": 20, "13x18": 25, "20x30": 125}

            def handler(event, context):
                try:
                    size, copies = str(event["size"]), int(event["copies"])
                except (KeyError, ValueError, TypeError):
                    print("REFUSED")
                    return {"ok": False, "problem": "size and copies, please"}
                if size not in CENTS or not 1 <= copies <= 500:
                    print("REFUSED")
                    return {"ok": False, "problem": "wrong size or copies"}
                return {"ok": True, "total_cents": CENTS[size] * copies}
            """,
            Outcome.PARTIAL,
            "Look at: copies as text: it is taken; only a number will do",
        ),
        "true counts as one": (
            """
            CENTS = {"10x15": 20, "13x18": 25, "20x30": 125}

            def handler(event, context):
                size, copies = event.get("size"), event.get("copies")
                if not isinstance(size, str) or size not in CENTS:
                    print("REFUSED")
                    return {"ok": False, "problem": "size"}
                if not isinstance(copies, int) or not 1 <= copies <= 500:
                    print("REFUSED")
                    return {"ok": False, "problem": "copies"}
                return {"ok": True, "total_cents": CENTS[size] * copies}
            """,
            Outcome.PARTIAL,
            "Look at: copies given as true: in Python, bool is a kind of int, so isinstance(True, int) is true",
        ),
        "one sentence for everything": (
            """
            CENTS = {"10x15": 20, "13x18": 25, "20x30": 125}

            def handler(event, context):
                try:
                    copies = event["copies"]
                    assert type(copies) is int and 1 <= copies <= 500
                    return {"ok": True, "total_cents": CENTS[event["size"]] * copies}
                except Exception:
                    print("REFUSED")
                    return {"ok": False, "problem": "Something is wrong with your order."}
            """,
            Outcome.PARTIAL,
            "Look at: the text of the problem: the word size is not in it",
        ),
        "500 is refused": (
            """
            CENTS = {"10x15": 20, "13x18": 25, "20x30": 125}

            def handler(event, context):
                size, copies = event.get("size"), event.get("copies")
                if not isinstance(size, str) or size not in CENTS:
                    print("REFUSED")
                    return {"ok": False, "problem": "size"}
                if type(copies) is not int or copies not in range(1, 500):
                    print("REFUSED")
                    return {"ok": False, "problem": "copies"}
                return {"ok": True, "total_cents": CENTS[size] * copies}
            """,
            Outcome.PARTIAL,
            "Look at: the limits: 500 is still allowed",
        ),
        "nothing is logged": (
            """
            CENTS = {"10x15": 20, "13x18": 25, "20x30": 125}

            def handler(event, context):
                size, copies = event.get("size"), event.get("copies")
                if not isinstance(size, str) or size not in CENTS:
                    return {"ok": False, "problem": "size"}
                if type(copies) is not int or not 1 <= copies <= 500:
                    return {"ok": False, "problem": "copies"}
                return {"ok": True, "total_cents": CENTS[size] * copies}
            """,
            Outcome.PARTIAL,
            "Look at: print() before you return a refusal",
        ),
        "every order is logged as refused": (
            """
            CENTS = {"10x15": 20, "13x18": 25, "20x30": 125}

            def handler(event, context):
                print("REFUSED?", event)
                size, copies = event.get("size"), event.get("copies")
                if not isinstance(size, str) or size not in CENTS:
                    return {"ok": False, "problem": "size"}
                if type(copies) is not int or not 1 <= copies <= 500:
                    return {"ok": False, "problem": "copies"}
                return {"ok": True, "total_cents": CENTS[size] * copies}
            """,
            Outcome.PARTIAL,
            "Look at: where you print: only on the way to a refusal",
        ),
    },
}


@pytest.fixture
def status_as_found(classroom: Any) -> Callable[[str], Any]:
    """kestrel-status as the lesson's cells deploy it; gives a call that sets another Handler."""
    code = classroom.given_file("01", "order_status.py")
    classroom.deploy(STATUS, {"order_status.py": code}, "status.handler")

    def set_handler(handler: str) -> None:
        classroom.lambda_client.update_function_configuration(FunctionName=STATUS, Handler=handler)
        classroom.lambda_client.get_waiter("function_updated_v2").wait(FunctionName=STATUS)

    return set_handler


# --- every exercise --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exercise", ["hello-1", "hello-4", "hello-5"])
def test_the_starter_is_not_attempted(classroom: Any, exercise: str) -> None:
    classroom.hand_in(FUNCTIONS[exercise], classroom.file_of(classroom.starter(exercise)))

    report = classroom.check(exercise)

    assert report.outcome is Outcome.NOT_ATTEMPTED
    assert f"the starter's own line: exercise {exercise} is still to be written" in repr(report)


@pytest.mark.parametrize("exercise", ["hello-1", "hello-2", "hello-3", "hello-4", "hello-5"])
def test_nothing_deployed_is_not_attempted(classroom: Any, exercise: str) -> None:
    name = FUNCTIONS[exercise][0] if exercise in FUNCTIONS else STATUS
    classroom.remove(name)

    report = classroom.check(exercise)

    assert report.outcome is Outcome.NOT_ATTEMPTED
    assert f"We looked for the function {name}." in repr(report)
    assert report.points == 0


@pytest.mark.parametrize("exercise", ["hello-1", "hello-4", "hello-5"])
def test_the_solution_passes(classroom: Any, exercise: str) -> None:
    classroom.hand_in(FUNCTIONS[exercise], classroom.file_of(classroom.solution(exercise)))

    report = classroom.check(exercise)

    assert report.outcome is Outcome.PASSED, repr(report)
    assert report.points == report.max_points
    assert "Why it works:" in repr(report)


@pytest.mark.parametrize(
    ("exercise", "number"), [(name, at) for name, texts in ALSO_RIGHT.items() for at in range(len(texts))]
)
def test_another_right_answer_passes(classroom: Any, exercise: str, number: int) -> None:
    classroom.hand_in(FUNCTIONS[exercise], ALSO_RIGHT[exercise][number])

    report = classroom.check(exercise)

    assert report.outcome is Outcome.PASSED, repr(report)


@pytest.mark.parametrize(("exercise", "mistake"), [(name, what) for name, many in MISTAKES.items() for what in many])
def test_a_mistake_gets_its_message(classroom: Any, exercise: str, mistake: str) -> None:
    text, outcome, line = MISTAKES[exercise][mistake]
    classroom.hand_in(FUNCTIONS[exercise], text)

    report = classroom.check(exercise)

    assert report.outcome is outcome, repr(report)
    assert line in repr(report), repr(report)
    assert report.points < report.max_points


# --- hello-2: the learner deploys ------------------------------------------------------------------------------


def _run_deploy_cell(classroom: Any, cell: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    names = {
        "lambda_client": classroom.lambda_client,
        "role_arn": classroom.role_arn,
        "RUNTIME": fact("python_runtime").text,
        "zip_of": lambda name: classroom.zip_of({name: Path(name).read_text()}),
    }
    exec(compile(cell, "deploy cell", "exec"), names)


def test_hello_2_the_starter_is_not_attempted(classroom: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    classroom.remove("kestrel-price")
    (tmp_path / "price.py").write_text(classroom.file_of(classroom.starter("hello-2", "code")))
    _run_deploy_cell(classroom, classroom.starter("hello-2", "deploy"), tmp_path, monkeypatch)

    report = classroom.check("hello-2")

    assert report.outcome is Outcome.NOT_ATTEMPTED
    assert "there is no function of that name in the local cloud" in repr(report)


def test_hello_2_the_solution_passes_and_its_cell_runs_twice(
    classroom: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classroom.remove("kestrel-price")
    (tmp_path / "price.py").write_text(classroom.file_of(classroom.solution("hello-2", "code")))
    for _ in range(2):
        _run_deploy_cell(classroom, classroom.solution("hello-2", "deploy"), tmp_path, monkeypatch)

    report = classroom.check("hello-2")

    assert report.outcome is Outcome.PASSED, repr(report)


def test_hello_2_deployed_but_not_written_is_told_apart(classroom: Any) -> None:
    classroom.hand_in(FUNCTIONS["hello-2"], classroom.file_of(classroom.starter("hello-2", "code")))

    report = classroom.check("hello-2")

    assert report.outcome is Outcome.PARTIAL, repr(report)  # the handler setting is right already
    assert "the starter's own line: exercise hello-2 is still to be written" in repr(report)


def test_hello_2_a_handler_of_another_name_is_named(classroom: Any) -> None:
    text = textwrap.dedent(ALSO_RIGHT["hello-2"][0]).replace("def quote", "def handler")
    classroom.deploy("kestrel-price", {"price.py": text}, "price.handler")

    report = classroom.check("hello-2")

    assert report.outcome is Outcome.PARTIAL
    assert "Came back: its Handler is price.handler" in repr(report)
    assert "Look at: the Handler argument of create_function" in repr(report)


def test_hello_2_a_handler_that_is_not_in_the_file_is_named(classroom: Any) -> None:
    text = textwrap.dedent(ALSO_RIGHT["hello-2"][0]).replace("def quote", "def handler")
    classroom.deploy("kestrel-price", {"price.py": text}, "price.quote")

    report = classroom.check("hello-2")

    assert "Came back: Runtime.HandlerNotFound: Handler 'quote' missing on module 'price'" in repr(report)
    assert "Look at: the Handler setting: file name without .py, a dot, then the function's name" in repr(report)


# --- hello-3: the configuration --------------------------------------------------------------------------------


def test_hello_3_as_found_is_not_attempted(classroom: Any, status_as_found: Callable[[str], Any]) -> None:
    report = classroom.check("hello-3")

    assert report.outcome is Outcome.NOT_ATTEMPTED
    assert "Runtime.ImportModuleError: Unable to import module 'status': No module named 'status'" in repr(report)
    assert "the function is still as you found it" in repr(report)


def test_hello_3_the_solution_passes(classroom: Any, status_as_found: Callable[[str], Any]) -> None:
    exec(compile(classroom.solution("hello-3"), "solution", "exec"), {"lambda_client": classroom.lambda_client})

    report = classroom.check("hello-3")

    assert report.outcome is Outcome.PASSED, repr(report)


def test_hello_3_renaming_in_the_zip_is_right_too(classroom: Any) -> None:
    code = classroom.given_file("01", "order_status.py").replace("def answer", "def handler")
    classroom.deploy(STATUS, {"status.py": code}, "status.handler")

    assert classroom.check("hello-3").outcome is Outcome.PASSED


def test_hello_3_a_second_file_that_imports_the_first_is_right_too(classroom: Any) -> None:
    code = classroom.given_file("01", "order_status.py")
    classroom.deploy(
        STATUS, {"order_status.py": code, "status.py": "from order_status import answer as handler\n"}, "status.handler"
    )

    assert classroom.check("hello-3").outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("handler", "came_back", "look"),
    [
        (
            "order_status.handler",
            "Came back: Runtime.HandlerNotFound: Handler 'handler' missing on module 'order_status'",
            "is there such a function in the file?",
        ),
        (
            "order_status",
            "Came back: Runtime.MalformedHandlerName: Bad handler 'order_status'",
            "Look at: the Handler setting: file name without .py, a dot, then the function's name",
        ),
        (
            "status.answer",
            "Came back: Runtime.ImportModuleError: there is no status.py in the zip",
            "and the name the file has inside the zip",
        ),
        (
            "order_status.py.answer",
            "Came back: Runtime.ImportModuleError:",
            "Look at: the Handler setting: file name without .py, a dot, then the function's name",
        ),
    ],
)
def test_hello_3_a_wrong_handler_gets_its_message(
    classroom: Any, status_as_found: Callable[[str], Any], handler: str, came_back: str, look: str
) -> None:
    status_as_found(handler)

    report = classroom.check("hello-3")

    assert report.outcome is Outcome.NOT_YET, repr(report)
    assert came_back in repr(report)
    assert look in repr(report)


def test_hello_3_another_code_is_pointed_back_to_the_configuration(classroom: Any) -> None:
    code = "def handler(event, context):\n    return {'order': event['order'], 'status': 'printing'}\n"
    classroom.deploy(STATUS, {"status.py": code}, "status.handler")

    report = classroom.check("hello-3")

    assert report.outcome is Outcome.PARTIAL
    assert "the value of 'status': the keys are right, this value is not" in repr(report)


# --- hello-4: the lesson's own cell ----------------------------------------------------------------------------


def test_hello_4_the_basket_of_the_lesson_mixes_customers(classroom: Any) -> None:
    classroom.hand_in(FUNCTIONS["hello-4"], classroom.given_file("01", "basket.py"))

    report = classroom.check("hello-4")

    assert report.outcome is Outcome.PARTIAL
    assert "Look at: photos of another order: something that outlives the invocation still holds them" in repr(report)


# --- what the box "On real AWS this differs" says of this cloud --------------------------------------------------


@pytest.fixture
def echo(classroom: Any) -> dict[str, Any]:
    """A function that answers its event; what CreateFunction answered."""
    classroom.remove("kestrel-echo")
    answer: dict[str, Any] = classroom.lambda_client.create_function(
        FunctionName="kestrel-echo",
        Runtime=fact("python_runtime").text,
        Role=classroom.role_arn,
        Handler="echo.handler",
        Code={
            "ZipFile": classroom.zip_of(
                {"echo.py": "def handler(event, context):\n    print(event)\n    return event\n"}
            )
        },
    )
    waiter = classroom.lambda_client.get_waiter("function_active_v2")
    waiter.wait(FunctionName="kestrel-echo", WaiterConfig={"Delay": 0.05})
    return answer


def test_a_new_function_is_pending_and_has_the_defaults_the_lesson_names(echo: dict[str, Any]) -> None:
    assert echo["State"] == "Pending"
    assert echo["MemorySize"] == fact("function_memory_default").value
    assert echo["Timeout"] == fact("function_timeout_default").value


def test_logs_are_there_when_invoke_returns(classroom: Any, cloud: Any, echo: dict[str, Any]) -> None:
    classroom.lambda_client.invoke(FunctionName="kestrel-echo", Payload=b'"seen"')

    messages = [
        event["message"]
        for event in cloud.client("logs").filter_log_events(logGroupName="/aws/lambda/kestrel-echo")["events"]
    ]

    assert "seen\n" in messages


def test_another_python_than_the_runtime_is_noted_in_the_log(classroom: Any, cloud: Any, echo: dict[str, Any]) -> None:
    classroom.lambda_client.invoke(FunctionName="kestrel-echo", Payload=b"1")

    events = cloud.client("logs").filter_log_events(logGroupName="/aws/lambda/kestrel-echo")["events"]
    noted = any(event["message"].startswith("LAB NOTE") for event in events)

    assert noted == (f"python{sys.version_info.major}.{sys.version_info.minor}" != fact("python_runtime").text)


def test_a_role_that_lambda_may_not_assume_gets_the_words_the_lesson_quotes(classroom: Any) -> None:
    with pytest.raises(
        classroom.lambda_client.exceptions.InvalidParameterValueException,
        match="The role defined for the function cannot be assumed by Lambda",
    ):
        classroom.lambda_client.create_function(
            FunctionName="kestrel-no-role",
            Runtime=fact("python_runtime").text,
            Role="arn:aws:iam::123456789012:role/nobody",
            Handler="echo.handler",
            Code={"ZipFile": classroom.zip_of({"echo.py": ""})},
        )
