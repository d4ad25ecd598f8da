"""Lesson 01: a handler, its deployment, its answer, its errors, and what stays between two invocations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..insight.invocation import InvocationResult
from . import expectations
from .expectations import Mistake
from .messages import Message, shown
from .model import Exercise, Lesson, Prediction, Question, SubCheck, sub_checks
from .outcomes import NotAttempted, NotYet
from .probe import Probe

#: Kestrel Prints' price list, in cents a print. The lesson's text has the same list.
PRICES = {"10x15": 20, "13x18": 25, "20x30": 125}


def _value(result: InvocationResult, key: str) -> Any:
    """A value of the answer, None when the answer is no object or lacks it."""
    return result.payload.get(key) if isinstance(result.payload, dict) else None


def _customer(probe: Probe) -> str:
    return probe.word(6).title()


# --- hello-1: fill in ------------------------------------------------------------------------------------------

_GREETING = "kestrel-greeting"
_GREETING_EXAMPLE = "Hello Ada, we are printing 3 photos."


def _greet(probe: Probe) -> None:
    customer, photos = _customer(probe), probe.whole_number(4, 90)

    def message_of(result: InvocationResult) -> str:
        message = _value(result, "message")
        return message if isinstance(message, str) else ""

    def greets_somebody_else(result: InvocationResult) -> bool:
        return message_of(result).startswith("Hello ") and customer not in message_of(result)

    def has_both(result: InvocationResult) -> bool:
        return customer in message_of(result) and str(photos) in message_of(result)

    expectations.equal(
        probe.invoke(_GREETING, {"customer": customer, "photos": photos}),
        {"message": f"Hello {customer}, we are printing {photos} photos."},
        expected="an object with the key message: the sentence with this customer and this number",
        mistakes_here=(
            Mistake(
                lambda got: message_of(got) == _GREETING_EXAMPLE,
                "the values: Ada and 3 are written into your code; take both from the event",
            ),
            Mistake(lambda got: "{" in message_of(got), "the f before the quotation mark: the curly brackets stayed"),
            Mistake(
                greets_somebody_else,
                "the customer: not the one of the event; is it kept from an earlier event, or written into the code?",
            ),
            Mistake(has_both, "the sentence, letter by letter: capital, comma, spaces, full stop"),
        ),
    )


def _greets_the_next_customer(probe: Probe) -> None:
    _greet(probe)
    _greet(probe)


_HELLO_1 = Exercise(
    id="hello-1",
    lesson="01",
    title="Greet the customer",
    kind="fill in",
    points=2,
    minutes=3,
    skills=("handler", "event", "return value"),
    hints=(
        "The event arrives as a dict. What the handler returns goes back to the caller, as JSON. A dict becomes a "
        "JSON object.",
        "The line above yours has taken the customer out of the event. The number of photos is in the same dict, "
        "under photos. The answer is not the sentence alone: it is a dict with the sentence under message.",
        'In words: photos = the event\'s value under photos; return a dict with one key, "message", whose value is '
        "an f-string with customer and photos in curly brackets.",
    ),
    explanation="Lambda parsed the caller's JSON into a dict, called your handler with it, and wrote what you "
    "returned as JSON again. You never touched HTTP or JSON. The check sent two customers one after the other: the "
    "answer depends on the event alone, so both were right.",
    check=sub_checks(
        ("It greets the customer of the event", _greet),
        ("It greets the next customer too", _greets_the_next_customer),
    ),
)


# --- hello-2: write --------------------------------------------------------------------------------------------

_PRICE = "kestrel-price"
_POSTAGE, _POSTAGE_FREE_FROM = 390, 2500


def _bill(size: str, copies: int) -> dict[str, int]:
    prints = PRICES[size] * copies
    postage = 0 if prints >= _POSTAGE_FREE_FROM else _POSTAGE
    return {"prints_cents": prints, "postage_cents": postage, "total_cents": prints + postage}


def _check_bill(probe: Probe, size: str, copies: int, *, expected: str, mistakes: tuple[Mistake, ...] = ()) -> None:
    wanted = _bill(size, copies)

    def in_euros(result: InvocationResult) -> bool:
        total = _value(result, "total_cents")
        return (
            isinstance(total, int | float)
            and not isinstance(total, bool)
            and abs(total * 100 - wanted["total_cents"]) < 1
        )

    expectations.equal(
        probe.invoke(_PRICE, {"size": size, "copies": copies}),
        wanted,
        expected=expected,
        look="the price list and the sum in your handler",
        mistakes_here=(Mistake(in_euros, "the unit: whole cents are asked for, and this looks like euros"), *mistakes),
    )


def _handler_is_named(probe: Probe) -> None:
    handler = probe.function(_PRICE).handler
    expectations.require(
        handler == "price.quote",
        Message(
            did=f"We read the configuration of {_PRICE}.",
            came_back=f"its Handler is {handler}",
            expected="the file price.py and the function quote, as Lambda writes them in one string",
            look="the Handler argument of create_function; later, update_function_configuration changes it",
        ),
    )


def _prices_every_size(probe: Probe) -> None:
    sizes = list(PRICES)
    probe.rng.shuffle(sizes)
    for size in sizes:
        copies = probe.whole_number(2, 15)
        _check_bill(
            probe, size, copies, expected="the price of this size times the copies, with postage, in whole cents"
        )


def _small_order_pays_postage(probe: Probe) -> None:
    # From 106 to 124 copies of 20 cents the prints alone are below the limit, and with postage above it.
    _check_bill(
        probe,
        "10x15",
        probe.whole_number(106, 124),
        expected="postage for prints that cost less than 2,500 cents",
        mistakes=(
            Mistake(
                lambda got: _value(got, "postage_cents") == 0,
                "what you compare with 2,500: it is the price of the prints alone, without postage",
            ),
        ),
    )


def _postage_is_free_from_the_limit(probe: Probe) -> None:
    size = probe.rng.choice(list(PRICES))
    exactly = _POSTAGE_FREE_FROM // PRICES[size]
    _check_bill(
        probe,
        size,
        exactly,
        expected="no postage for prints that cost exactly 2,500 cents",
        mistakes=(
            Mistake(
                lambda got: _value(got, "postage_cents") == _POSTAGE,
                "the comparison: does > or >= say 2,500 cents or more?",
            ),
        ),
    )
    _check_bill(
        probe,
        size,
        exactly + probe.whole_number(1, 40),
        expected="no postage for prints that cost more than 2,500 cents",
        mistakes=(
            Mistake(
                lambda got: _value(got, "postage_cents") == _POSTAGE,
                "the postage: it is charged on a large order too",
            ),
        ),
    )


_HELLO_2 = Exercise(
    id="hello-2",
    lesson="01",
    title="Price an order, and deploy it yourself",
    kind="write",
    points=4,
    minutes=7,
    skills=("handler", "zip", "create_function", "handler name"),
    hints=(
        "Two cells, two jobs. The first writes price.py with a function called quote. The second makes a zip of "
        "that file and calls create_function. The Handler string joins the two: file name without .py, a dot, "
        "function name.",
        "For the second cell, look at the worked example: steps 1 and 3 are all you need, with other names. The "
        "function, the file and the handler have new names; the role and the runtime stay. For the first cell, look "
        "at the words or more.",
        "In words, cell one: prints = price of the size times copies; postage = 0 if prints is at least 2500, else "
        "390; return the three numbers. Cell two: package = zip_of the file; try create_function with Handler "
        "price.quote; when it exists already, update_function_code with the same package; wait until it is active.",
    ),
    explanation="You took a file of your own from an empty cell to a function that answers: write, zip, create, "
    "wait. The name of the handler is yours to choose, because the Handler setting tells Lambda where to look. "
    "Money counted in whole cents is exact; 0.1 + 0.2 is not 0.3 in floating point, and a shop cannot explain that "
    "on an invoice.",
    check=sub_checks(
        ("Its Handler setting names quote in price.py", _handler_is_named),
        ("It prices every size", _prices_every_size),
        ("A small order pays postage", _small_order_pays_postage),
        ("Postage is free from 2,500 cents on", _postage_is_free_from_the_limit),
    ),
)


# --- hello-3: debug the handler name ---------------------------------------------------------------------------

_STATUS = "kestrel-status"
#: What the lesson's cell deploys: a module that is not in the zip, and a function that is not in the module either.
_HANDLER_AS_GIVEN = "status.handler"


def _status(photos: int, printed: int) -> str:
    if printed == 0:
        return "waiting"
    return "ready" if printed == photos else "printing"


def _lambda_finds_the_handler(probe: Probe) -> None:
    probe.invoke(_STATUS, _status_event(probe, 10, 4))


def _status_event(probe: Probe, photos: int, printed: int) -> dict[str, Any]:
    return {"order": f"K-{probe.whole_number(1000, 9999)}", "photos": photos, "printed": printed}


def _tells_the_status(probe: Probe) -> None:
    photos = probe.whole_number(5, 60)
    cases = [0, photos, probe.whole_number(1, photos - 1)]
    probe.rng.shuffle(cases)
    for printed in cases:
        event = _status_event(probe, photos, printed)
        expectations.equal(
            probe.invoke(_STATUS, event),
            {"order": event["order"], "status": _status(photos, printed)},
            expected="the order's number and its status, as order_status.py works them out",
            look="order_status.py: it was right as you found it; the fault is in the configuration",
        )


def _check_status(probe: Probe) -> Iterator[SubCheck]:
    handler = probe.function(_STATUS).handler
    event = _status_event(probe, 10, 4)
    result = probe.invoke(_STATUS, event, may_fail=True)
    if handler == _HANDLER_AS_GIVEN and result.error_type == "Runtime.ImportModuleError":
        raise NotAttempted(
            Message(
                did=f"We invoked {_STATUS} with {shown(event, 60)}.",
                came_back=f"{result.error_type}: {result.error_message}",
                expected="an answer; the function is still as you found it",
                look=f"its Handler, {handler}, and the name of the file in its zip",
            )
        )
    yield probe.run_step("Lambda finds the handler", _lambda_finds_the_handler)
    yield probe.run_step("It tells the status of an order", _tells_the_status)


_HELLO_3 = Exercise(
    id="hello-3",
    lesson="01",
    title="Friday, 18:05",
    kind="debug",
    points=2,
    minutes=4,
    skills=("read an error", "handler name", "update_function_configuration"),
    hints=(
        "The code is right. Lambda does not find it. The Handler setting has two halves, and the error tells which "
        "half is wrong.",
        "Runtime.ImportModuleError speaks of the first half: the file. Runtime.HandlerNotFound speaks of the second "
        "half: the function in that file. Read the first lines of order_status.py again for both names.",
        "In words: call update_function_configuration for kestrel-status with Handler set to the file's name "
        "without .py, a dot, and the name of the function that has the parameters event and context. Then wait "
        "until the update is done.",
    ),
    explanation="Handler is nothing but a string, and nobody compares it with your zip when you deploy. So a typing "
    "error shows only at the first invocation. The two errors tell the halves apart: ImportModuleError is about the "
    "file, HandlerNotFound about the function. Repairing the second half shows only after the first is right, so "
    "invoke after every change.",
    check=_check_status,
)


# --- hello-4: debug kept state ---------------------------------------------------------------------------------

_BASKET = "kestrel-basket"


def _photo(probe: Probe) -> str:
    return f"{probe.word(5)}.jpg"


def _basket_event(probe: Probe) -> dict[str, Any]:
    return {"customer": _customer(probe), "photos": [_photo(probe) for _ in range(probe.whole_number(2, 4))]}


def _basket(event: dict[str, Any]) -> dict[str, Any]:
    return {"customer": event["customer"], "count": len(event["photos"]), "photos": event["photos"]}


def _check_basket(probe: Probe, event: dict[str, Any], others: str) -> None:
    """``others`` is said when photos come back that are not in the event."""
    wanted = _basket(event)

    def has_others(result: InvocationResult) -> bool:
        photos = _value(result, "photos")
        return isinstance(photos, list) and any(str(photo).lower() not in wanted["photos"] for photo in photos)

    def in_another_order(result: InvocationResult) -> bool:
        photos = _value(result, "photos")
        return (
            photos != wanted["photos"]
            and isinstance(photos, list)
            and sorted(map(str, photos)) == sorted(wanted["photos"])
        )

    def counts_wrong(result: InvocationResult) -> bool:
        return _value(result, "photos") == wanted["photos"] and _value(result, "count") != wanted["count"]

    expectations.equal(
        probe.invoke(_BASKET, event),
        wanted,
        expected="this customer's photos and no others, in the order of the event",
        mistakes_here=(
            Mistake(has_others, others),
            Mistake(in_another_order, "the order of the photos: keep the order of the event"),
            Mistake(counts_wrong, "count: the photos are right, their number is not"),
        ),
    )


_KEPT = "photos of another order: something that outlives the invocation still holds them"
_KEPT_AFTER_FAILURE = "photos of an order that failed: a clean-up at the handler's end is not reached when it raises"


def _one_basket(probe: Probe) -> None:
    _check_basket(probe, _basket_event(probe), _KEPT)


def _three_customers(probe: Probe) -> None:
    for _ in range(3):
        _check_basket(probe, _basket_event(probe), _KEPT)


def _after_a_failure(probe: Probe) -> None:
    _check_basket(probe, _basket_event(probe), _KEPT)
    bad = {"customer": _customer(probe), "photos": [_photo(probe), _photo(probe), probe.whole_number(1, 9)]}
    probe.invoke(_BASKET, bad, may_fail=True)  # a number has no lower(); refusing it in another way is as good
    _check_basket(probe, _basket_event(probe), _KEPT_AFTER_FAILURE)


def _letters_are_small(probe: Probe) -> None:
    event = _basket_event(probe)
    shouted = {"customer": event["customer"], "photos": [photo.upper() for photo in event["photos"]]}
    expectations.equal(
        probe.invoke(_BASKET, shouted),
        _basket(event),
        expected="the names of the photos in small letters",
        mistakes_here=(
            Mistake(
                lambda got: _value(got, "photos") == shouted["photos"], "the names: lower() is missing, or is not used"
            ),
        ),
    )


_HELLO_4 = Exercise(
    id="hello-4",
    lesson="01",
    title="Whose photos are these?",
    kind="debug",
    points=4,
    minutes=5,
    skills=("execution environment", "warm invocation", "state"),
    hints=(
        "The module of your handler is imported once. The process then stays and serves the next invocation. A list "
        "made at module level is made once, too.",
        "Find the line that makes the list. When does it run, and how often? Then find the lines that fill it. "
        "Nothing ever empties it.",
        "In words: make a new, empty list as the first thing inside the handler, and fill that one. Keep the list "
        "out of module level, and out of the parameters' default values: these are made once as well.",
    ),
    explanation="A name bound inside the handler is new for each invocation; a name bound at module level lives as "
    "long as the execution environment. Emptying a shared list at the end would be no cure: when the handler "
    "raises, the end is never reached. What belongs to one event belongs inside the handler. What is the same for "
    "all (a price list, a client) may stay outside.",
    check=sub_checks(
        ("The first customer gets their photos", _one_basket),
        ("Three customers in a row get only their own", _three_customers),
        ("An order that fails leaves nothing behind", _after_a_failure),
        ("Names come in small letters, as before", _letters_are_small),
    ),
)


# --- hello-5: design -------------------------------------------------------------------------------------------

_ORDER = "kestrel-order"
_MOST_COPIES = 500


def _good_order(probe: Probe) -> dict[str, Any]:
    return {"size": probe.rng.choice(list(PRICES)), "copies": probe.whole_number(2, _MOST_COPIES - 1)}


def _accepted(probe: Probe, event: dict[str, Any], look: str) -> InvocationResult:
    result = probe.invoke(_ORDER, event)
    expectations.equal(
        result,
        {"ok": True, "total_cents": PRICES[event["size"]] * event["copies"]},
        expected="ok true and the total in cents: this order follows every rule",
        mistakes_here=(Mistake(lambda got: _value(got, "ok") is False, look),),
    )
    return result


def _refused(probe: Probe, event: Any, field: str, look: str) -> InvocationResult:
    """The order is answered with ok false and a problem that names ``field``. Raises NotYet, YourCodeRaised."""
    result = probe.invoke(_ORDER, event)
    answer = result.payload
    if result.is_json and isinstance(answer, dict) and answer.get("ok") is True:
        raise expectations.wrong(result, expected="a refusal: ok false and a problem", look=look)
    if not (isinstance(answer, dict) and answer.get("ok") is False and isinstance(answer.get("problem"), str)):
        raise expectations.wrong(
            result,
            expected="an object with ok set to false and a problem in words",
            look="what you return when a rule is broken: both keys, and problem as text",
        )
    if field not in answer["problem"].lower():
        raise expectations.wrong(
            result,
            expected="a problem that names the field, so that the customer knows what to correct",
            look=f"the text of the problem: the word {field} is not in it",
        )
    return result


def _totals(probe: Probe) -> None:
    for size in PRICES:
        _accepted(
            probe,
            {"size": size, "copies": probe.whole_number(2, _MOST_COPIES - 1)},
            "a rule that refuses too much",
        )


def _missing_and_unknown(probe: Probe) -> None:
    copies = probe.whole_number(2, 60)
    _refused(
        probe, {"size": probe.word(5), "copies": copies}, "size", "the size: one that is not in the price list is taken"
    )
    _refused(probe, {"copies": copies}, "size", "an order without a size is taken")
    _refused(
        probe, {"size": "10x15"}, "copies", "an order without copies is taken; a default hides the customer's mistake"
    )


def _kinds(probe: Probe) -> None:
    number = probe.whole_number(2, 60)
    _refused(
        probe, {"size": "13x18", "copies": str(number)}, "copies", "copies as text: it is taken; only a number will do"
    )
    _refused(
        probe, {"size": "13x18", "copies": number + 0.5}, "copies", "half a print: a number with a fraction is taken"
    )
    _refused(
        probe,
        {"size": "13x18", "copies": True},
        "copies",
        "copies given as true: in Python, bool is a kind of int, so isinstance(True, int) is true",
    )
    _refused(probe, {"size": ["10x15"], "copies": number}, "size", "a list as size is taken")


def _limits(probe: Probe) -> None:
    size = probe.rng.choice(list(PRICES))
    for copies in (1, _MOST_COPIES):
        _accepted(probe, {"size": size, "copies": copies}, f"the limits: {copies} is still allowed")
    for copies in (0, -probe.whole_number(1, 40), _MOST_COPIES + 1):
        _refused(probe, {"size": size, "copies": copies}, "copies", f"the limits: {copies} copies are taken")


def _logged(probe: Probe) -> None:
    event = {"size": probe.word(5), "copies": probe.whole_number(2, 60)}
    result = _refused(probe, event, "size", "the size: one that is not in the price list is taken")
    expectations.logged(
        result,
        "REFUSED",
        expected="a line with the word REFUSED in the log",
        look="print() before you return a refusal",
    )
    accepted = _accepted(probe, _good_order(probe), "a rule that refuses too much")
    if "REFUSED" in accepted.output:
        raise NotYet(
            Message(
                did=f"We invoked {_ORDER} with {shown(accepted.event, 60)} and read its log.",
                came_back="a line with the word REFUSED, though the order was accepted",
                expected="that word for refused orders only: the shop counts these lines",
                look="where you print: only on the way to a refusal",
            )
        )


_HELLO_5 = Exercise(
    id="hello-5",
    lesson="01",
    title="Orders from the outside world",
    kind="design",
    points=5,
    minutes=7,
    skills=("check the input", "answer instead of failing", "log for the operator"),
    hints=(
        "Decide first what the caller needs and what the shop needs. The caller needs an answer, also for a bad "
        "order. The shop needs a line in the log. An exception gives neither a sentence to show nor a rule that was "
        "broken.",
        "Write a function that takes the event and gives back a problem in words, or None when all is well. Then "
        "the handler has two branches. Look at event.get for keys that may be missing, and at what isinstance(True, "
        "int) says.",
        "In words: if size is no text or not in the price list, the problem is about size. If copies is a bool or "
        "no int, the problem is about copies. If copies is below 1 or above 500, the problem is about copies. With "
        "a problem: print REFUSED with it and return ok false with it. Without: return ok true and price times "
        "copies.",
    ),
    explanation="Everything in an event comes from outside, so its presence, its kind and its range are three "
    "questions, asked in that order. A refusal is an answer: the caller can show it, and FunctionError stays free "
    "for real faults, which you want to be woken for. The log line is for you: it says how often a rule is broken, "
    "and which.",
    check=sub_checks(
        ("Good orders get their total", _totals),
        ("Missing fields and unknown sizes are refused, in words", _missing_and_unknown),
        ("Values of the wrong kind are refused", _kinds),
        ("1 and 500 copies are taken; 0, less and 501 are not", _limits),
        ("Refused orders, and only these, are logged", _logged),
    ),
)


# --- predictions -----------------------------------------------------------------------------------------------

_PREDICTIONS = (
    Prediction(
        id="hello-p1",
        text='hello.py is written and works. What does invoke(FunctionName="kestrel-hello") do now?',
        options={
            "a": "It runs hello.py and returns its answer",
            "b": "It returns null, because nothing is running yet",
            "c": "It raises ResourceNotFoundException: Lambda knows of no such function",
            "d": "It waits until the function is there",
        },
        answer="c",
        explanations={
            "a": "Lambda cannot see your folder. It runs copies that were handed to it, and you have not handed "
            "over any.",
            "b": "null is what a handler without return answers. Here no handler was called.",
            "c": "A file on your disk means nothing to Lambda. A function exists only after create_function.",
            "d": "Lambda does not wait for functions to come into being. It refuses at once.",
        },
    ),
    Prediction(
        id="hello-p2",
        text="The event has no customer, so the handler raises KeyError. What does boto3's invoke do in your notebook?",
        options={
            "a": "It raises KeyError in the notebook",
            "b": "It raises ClientError with status code 500",
            "c": "It returns normally with StatusCode 200",
        },
        answer="c",
        explanations={
            "a": "The handler runs in another process. Its exception cannot reach yours; only a description of it can.",
            "b": "ClientError means that Lambda refused the call. It took this call, ran your handler, and has an "
            "outcome to report.",
            "c": "Status 200 says that Lambda did its part: the invocation took place. How your code fared stands "
            "in FunctionError.",
        },
    ),
    Prediction(
        id="hello-p3",
        text="The handler appends to a list made at module level and returns how long it is. You invoke three "
        "times. What comes back?",
        options={
            "a": "1, 1, 1: each invocation starts afresh",
            "b": "1, 2, 3: the list is still there",
            "c": "An error: a handler may not change a global",
        },
        answer="b",
        explanations={
            "a": "That would hold if Lambda started a new process each time. It starts one and uses it again.",
            "b": "One process served all three. Its module was imported once, so there is one list.",
            "c": "Python allows it, and Lambda does not look.",
        },
    ),
)


# --- quiz ------------------------------------------------------------------------------------------------------

_QUIZ = (
    Question(
        id="hello-q1",
        text="Your zip holds the file till.py with def close(event, context). What is the right Handler?",
        options={"a": "till.py", "b": "till.close", "c": "close", "d": "till.handler"},
        answer="b",
        explanations={
            "a": "This names a file only, and the ending .py does not belong in it.",
            "b": "File name without .py, a dot, function name.",
            "c": "Lambda needs the file as well. Without a dot it reports Runtime.MalformedHandlerName.",
            "d": "handler is a habit, not a rule. This file has no function of that name: Runtime.HandlerNotFound.",
        },
    ),
    Question(
        id="hello-q2",
        text="invoke returns StatusCode 200. Did the handler succeed?",
        options={
            "a": "Yes: 200 means success",
            "b": "No: success is 202",
            "c": "Not known yet: look for FunctionError in the response",
        },
        answer="c",
        explanations={
            "a": "200 means that Lambda ran the function. A handler that raised gives 200 as well.",
            "b": "202 answers an asynchronous invocation, which you meet in lesson 02. It says even less.",
            "c": "FunctionError is there exactly when the function failed. Then the payload describes the error.",
        },
    ),
    Question(
        id="hello-q3",
        text="You edit hello.py and save it. What must happen before an invocation runs the new text?",
        options={
            "a": "Make a new zip and call update_function_code",
            "b": "Restart the kernel",
            "c": "Nothing: Lambda reads the file at each invocation",
        },
        answer="a",
        explanations={
            "a": "Then, before you rely on it, wait with the waiter function_updated_v2.",
            "b": "The kernel runs your notebook. The function runs elsewhere, from the copy it was given.",
            "c": "Lambda has a copy of the zip. It never reads your disk.",
        },
    ),
    Question(
        id="hello-q4",
        text="The handler prints the total and has no return. What does the caller receive?",
        options={"a": "The printed text", "b": "null", "c": "An error, because nothing was returned"},
        answer="b",
        explanations={
            "a": "print writes to the log. The caller receives what the handler returns.",
            "b": "A Python function without return gives None, and None is null in JSON. The total is in the log only.",
            "c": "None is a proper answer. Lambda does not mind, so the mistake stays silent.",
        },
    ),
    Question(
        id="hello-q5",
        text="Which of these is right at module level, outside the handler?",
        options={
            "a": "A price list that is the same for every customer",
            "b": "The list of photos of the current order",
            "c": "The name of the customer who is being served",
        },
        answer="a",
        explanations={
            "a": "It is read by all and changed by none, and it is built once per environment instead of once per "
            "invocation.",
            "b": "The next invocation in this environment would find the photos of this one.",
            "c": "It belongs to one event. Kept outside, it shows up in somebody else's order.",
        },
    ),
)

LESSON = Lesson(
    number="01",
    name="01_hello_lambda",
    title="Hello, Lambda",
    minutes=40,
    exercises=(_HELLO_1, _HELLO_2, _HELLO_3, _HELLO_4, _HELLO_5),
    quiz=_QUIZ,
    predictions=_PREDICTIONS,
)
