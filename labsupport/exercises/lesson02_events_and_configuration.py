"""Lesson 02: event and context, settings, limits that bite, asynchronous invocations, versions and aliases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..insight.invocation import InvocationResult
from . import expectations, mistakes, queues
from .expectations import Mistake
from .json_values import json_equal
from .messages import Message, shown
from .model import Exercise, Lesson, Prediction, Question, SubCheck, sub_checks
from .outcomes import NotAttempted, NotYet
from .probe import Probe

#: What a minute of AWS's waits lasts in the cloud of this lesson is 3 seconds; its text says so.
_TIME_SCALE = 0.05


def _value(result: InvocationResult, key: str) -> Any:
    """A value of the answer, None when the answer is no object or lacks it."""
    return result.payload.get(key) if isinstance(result.payload, dict) else None


def _order_number(probe: Probe) -> str:
    return f"K-{probe.whole_number(1000, 9999)}"


# --- events-1: fill in -----------------------------------------------------------------------------------------

_RECEIPT = "kestrel-receipt"


def _receipt(probe: Probe, result: InvocationResult) -> dict[str, Any]:
    return {
        "order": result.event["order"],
        "function": _RECEIPT,
        "request_id": result.request_id,
        "memory_mb": probe.function(_RECEIPT).memory,
    }


def _check_receipt(probe: Probe, keys: tuple[str, ...], expected: str, *own: Mistake) -> InvocationResult:
    """A new order gets a receipt; only ``keys`` of it are looked at."""
    result = probe.invoke(_RECEIPT, {"order": _order_number(probe)})
    wanted = _receipt(probe, result)
    if not all(key in (result.payload or {}) and json_equal(_value(result, key), wanted[key]) for key in keys):
        expectations.equal(result, wanted, expected=expected, mistakes_here=own)
    return result


def _names_order_and_function(probe: Probe) -> None:
    _check_receipt(
        probe,
        ("order", "function"),
        "an object with order, function, request_id and memory_mb; order as in the event, function as in the context",
    )


def _has_the_request_id(probe: Probe) -> None:
    before = ""
    for _ in range(2):

        def kept(got: InvocationResult, earlier: str = before) -> bool:
            return bool(earlier) and _value(got, "request_id") == earlier

        result = _check_receipt(
            probe,
            ("request_id",),
            "the request id of this very invocation, as the context has it",
            Mistake(
                kept, "request_id: it is that of an earlier invocation; take it from the context inside the handler"
            ),
            Mistake(
                lambda got: _value(got, "request_id") not in (None, got.request_id),
                "request_id: the name of this invocation is an attribute of the context; see the table of the lesson",
            ),
        )
        before = result.request_id


def _has_the_memory_as_a_number(probe: Probe) -> None:
    given = probe.function(_RECEIPT).memory
    memory = probe.rng.choice([size for size in (192, 256, 320, 384) if size != given])
    with probe.settings(_RECEIPT, MemorySize=memory):
        _check_receipt(
            probe,
            ("memory_mb",),
            "the memory size the function has now, as a number",
            Mistake(
                lambda got: _value(got, "memory_mb") == str(memory),
                "memory_mb: the context has it as text; turn it into a number",
            ),
            Mistake(
                lambda got: _value(got, "memory_mb") in (given, str(given)),
                "memory_mb: we gave the function another memory size, and it tells the old one",
            ),
        )


_EVENTS_1 = Exercise(
    id="events-1",
    lesson="02",
    title="A receipt that can be traced",
    kind="fill in",
    points=2,
    minutes=3,
    skills=("context", "request id"),
    hints=(
        "The event says what is to be done. The context says under which circumstances: which function, which "
        "invocation, how much memory, how much time is left.",
        "The table above the first prediction has the attributes of the context. You need three of them. One of them is "
        "text and has to become a number.",
        "In words: return a dict with four keys. order comes from the event. function is context.function_name, "
        "request_id is context.aws_request_id, and memory_mb is int(...) of context.memory_limit_in_mb.",
    ),
    explanation="The request id is in the answer, in the response's headers and in the START, END and REPORT lines. A "
    "customer who reads it to you on the telephone gives you the very lines of the log. The context is made anew for "
    "each invocation, so whatever you take from it belongs inside the handler.",
    check=sub_checks(
        ("It names the order and itself", _names_order_and_function),
        ("It has the request id, each time the right one", _has_the_request_id),
        ("It has its memory size as a number", _has_the_memory_as_a_number),
    ),
)


# --- events-2: write -------------------------------------------------------------------------------------------

_TILL = "kestrel-till"
#: The settings the lesson's text asks for.
_TILL_SETTINGS = {"PRINT_CENTS": "20", "POSTAGE_CENTS": "390", "FREE_FROM_CENTS": "2500"}


def _bill(settings: dict[str, str], copies: int) -> dict[str, int]:
    prints = copies * int(settings["PRINT_CENTS"]) * (100 - int(settings.get("SALE_PERCENT", "0"))) // 100
    postage = 0 if prints >= int(settings["FREE_FROM_CENTS"]) else int(settings["POSTAGE_CENTS"])
    return {"prints_cents": prints, "postage_cents": postage, "total_cents": prints + postage}


def _other_settings(probe: Probe) -> dict[str, str]:
    return {
        "PRINT_CENTS": str(probe.whole_number(21, 60)),
        "POSTAGE_CENTS": str(probe.whole_number(400, 800)),
        "FREE_FROM_CENTS": str(probe.whole_number(3000, 6000)),
    }


def _check_bill(probe: Probe, settings: dict[str, str], copies: int, *own: Mistake) -> None:
    """The function, which has these settings now, prices so many copies."""
    result = probe.invoke(_TILL, {"copies": copies}, may_fail=True)
    if result.error_type == "TypeError" and "str" in result.error_message:
        raise NotYet(
            Message(
                did=f"We invoked {_TILL} with {shown(result.event, 60)}.",
                came_back=f"TypeError: {result.error_message}",
                expected="a bill",
                look="the settings: an environment variable is always text; int() makes a number of it",
            ),
            result.traceback,
        )
    if result.failed:
        raise mistakes.failure(result)
    wanted = _bill(settings, copies)
    total = _value(result, "total_cents")
    expectations.equal(
        result,
        wanted,
        expected="prints_cents, postage_cents and total_cents, in whole cents, from the settings of the function",
        mistakes_here=(
            *own,
            Mistake(
                lambda got: isinstance(total, str),
                "the settings: an environment variable is always text; int() makes a number of it",
            ),
        ),
    )


def _has_the_shop_s_settings(probe: Probe) -> None:
    environment = probe.function(_TILL).environment
    wrong = [name for name, value in _TILL_SETTINGS.items() if environment.get(name) != value]
    expectations.require(
        not wrong,
        Message(
            did=f"We read the environment variables of {_TILL}.",
            came_back=f"{wrong[0]} is {environment[wrong[0]]!r}" if wrong and wrong[0] in environment
            else f"there is no {wrong[0]}; there is: {', '.join(environment) or 'none'}" if wrong else "",
            expected="the three settings of the task, under these names",
            look="Environment={'Variables': {...}} in the call that deploys the function",
        ),
    )  # fmt: skip


def _calculates(probe: Probe) -> None:
    settings = probe.function(_TILL).environment
    for name in _TILL_SETTINGS:
        if not settings.get(name, "").isdecimal():
            _has_the_shop_s_settings(probe)
    price = max(int(settings["PRINT_CENTS"]), 1)
    limit = int(settings["FREE_FROM_CENTS"])
    _check_bill(probe, settings, max(limit // price - probe.whole_number(1, 15), 1))
    _check_bill(
        probe,
        settings,
        -(-limit // price),
        Mistake(
            lambda got: _value(got, "postage_cents") == int(settings["POSTAGE_CENTS"]),
            "the comparison: postage is free from FREE_FROM_CENTS on, so is it > or >=?",
        ),
    )


_IN_THE_CODE = "the numbers: we changed the settings, and the bill stayed as before; are they written into the code?"


def _follows_its_settings(probe: Probe) -> None:
    other = _other_settings(probe)
    copies = probe.whole_number(5, 40)
    own = _bill(_TILL_SETTINGS, copies)
    with probe.settings(_TILL, Environment={"Variables": other}):
        _check_bill(probe, other, copies, Mistake(lambda got: json_equal(got.payload, own), _IN_THE_CODE))


def _sale(probe: Probe) -> None:
    other = _other_settings(probe)
    copies = probe.whole_number(7, 20) * 2 + 1
    without = _bill(other, copies)
    sale = other | {"PRINT_CENTS": "33", "SALE_PERCENT": str(probe.rng.choice([5, 15, 35, 45]))}

    def not_whole(got: InvocationResult) -> bool:
        return isinstance(_value(got, "prints_cents"), float)

    with probe.settings(_TILL, Environment={"Variables": sale}):
        _check_bill(
            probe,
            sale,
            copies,
            Mistake(
                lambda got: json_equal(got.payload, _bill({**sale, "SALE_PERCENT": "0"}, copies)),
                "SALE_PERCENT: we set it, and the price is not reduced",
            ),
            Mistake(not_whole, "whole cents: // divides and rounds down, / does not"),
            Mistake(
                lambda got: _value(got, "prints_cents") == _bill(sale, copies)["prints_cents"] + 1,
                "the rounding: a fraction of a cent is in the customer's favour",
            ),
        )
    with probe.settings(_TILL, Environment={"Variables": other}):
        _check_bill(
            probe,
            other,
            copies,
            Mistake(lambda got: not json_equal(got.payload, without), "a sale without SALE_PERCENT: there is none"),
        )


_EVENTS_2 = Exercise(
    id="events-2",
    lesson="02",
    title="Prices that need no deployment",
    kind="write",
    points=4,
    minutes=6,
    skills=("environment variables", "configuration"),
    hints=(
        "A setting is what changes while the code stays. It arrives in os.environ, always as text, and it may be "
        "missing.",
        "os.environ['NAME'] raises KeyError when the variable is missing: right for a setting the function cannot do "
        "without. os.environ.get('NAME', '0') has a default: right for one that may be missing. Both give text.",
        "In words: read the four variables with int(). prints = copies times price; take the reduction with "
        "prints * (100 - percent) // 100. postage = 0 if that is at least the free limit, else the postage. Deploy "
        "with Environment={'Variables': {...}} and three texts in it.",
    ),
    explanation="The check changed the settings of your function, invoked it, and put yours back. Your code was the "
    "same each time. That is what marketing needs on the day of the sale: a price that changes within seconds, with "
    "no new code to test. The variables are read when the module is imported or later, as you like: a change of the "
    "configuration starts new environments.",
    check=sub_checks(
        ("It has the shop's settings", _has_the_shop_s_settings),
        ("It makes out the bill", _calculates),
        ("Other settings, another bill", _follows_its_settings),
        ("A sale is one more setting, which may be missing", _sale),
    ),
)


# --- events-3: debug -------------------------------------------------------------------------------------------

_ALBUM = "kestrel-album"
_ALBUM_SECONDS = 1
#: A handler that stops before this much of its second is used stops too early.
_USED_MILLISECONDS = 200


def _photos(probe: Probe, count: int) -> list[str]:
    return [f"{probe.word(5)}.jpg" for _ in range(count)]


def _timeout_is_kept(probe: Probe) -> None:
    seconds = probe.function(_ALBUM).timeout
    expectations.require(
        seconds == _ALBUM_SECONDS,
        Message(
            did=f"We read the configuration of {_ALBUM}.",
            came_back=f"its Timeout is {seconds} seconds",
            expected=f"the Timeout of {_ALBUM_SECONDS} second: the customer's page waits no longer",
            look="the Timeout setting; a longer one only moves the problem to a longer album",
        ),
    )


def _check_album(probe: Probe, photos: list[str], ms: int) -> list[str]:
    """The photos that were done. Raises NotYet when the two parts are not the album."""
    result = probe.invoke(_ALBUM, {"photos": photos, "ms": ms}, may_fail=True)
    if result.timed_out:
        raise NotYet(
            Message(
                did=f"We invoked {_ALBUM} with {len(photos)} photos of {ms} ms each.",
                came_back=f"Task timed out: Lambda stopped it after {_ALBUM_SECONDS} second, and nothing came back",
                expected="an answer before that: what is done, and the rest",
                look="context.get_remaining_time_in_millis() before each photo: is there time for one more?",
            )
        )
    if result.failed:
        raise mistakes.failure(result)
    done, rest = _value(result, "done"), _value(result, "rest")
    if not (isinstance(done, list) and isinstance(rest, list)):
        expectations.equal(result, {"done": photos, "rest": []}, expected="an object with two lists, done and rest")
    if done + rest != photos:
        missing = [photo for photo in photos if photo not in done + rest]
        look = "the parts: every photo is in one of them, in the order of the event"
        if missing:
            look = f"the parts: {len(missing)} photos are in neither of them"
        elif len(done) + len(rest) > len(photos):
            look = "the parts: a photo is in both of them, or is from another album"
        raise expectations.wrong(result, expected="done and rest, which together are the album", look=look)
    return list(done)


def _too_early(photos: list[str], done: list[str], ms: int, look: str) -> NotYet:
    return NotYet(
        Message(
            did=f"We invoked {_ALBUM} with {len(photos)} photos of {ms} ms each.",
            came_back=f"{len(done)} done and {len(photos) - len(done)} left over",
            expected="as many photos as there is time for",
            look=look,
        )
    )


_STOPS_EARLY = "when you stop: there was time for more; a fixed number of photos is no measure of time"


def _short_album(probe: Probe) -> None:
    photos, ms = _photos(probe, probe.whole_number(3, 6)), probe.whole_number(20, 40)
    done = _check_album(probe, photos, ms)
    if len(done) < len(photos):
        raise _too_early(photos, done, ms, _STOPS_EARLY)


def _many_quick_photos(probe: Probe) -> None:
    photos = _photos(probe, probe.whole_number(40, 60))
    done = _check_album(probe, photos, 1)
    if len(done) < len(photos):
        raise _too_early(photos, done, 1, _STOPS_EARLY)


def _long_album(probe: Probe) -> None:
    photos, ms = _photos(probe, probe.whole_number(55, 70)), probe.whole_number(40, 60)
    done = _check_album(probe, photos, ms)
    if len(done) * ms < _USED_MILLISECONDS:
        raise _too_early(photos, done, ms, _STOPS_EARLY)


def _slow_photos(probe: Probe) -> None:
    photos, ms = _photos(probe, probe.whole_number(8, 12)), probe.whole_number(260, 300)
    if not _check_album(probe, photos, ms):
        raise _too_early(photos, [], ms, _STOPS_EARLY)


def _next_album(probe: Probe) -> None:
    _long_album(probe)
    photos, ms = _photos(probe, probe.whole_number(3, 6)), probe.whole_number(20, 40)
    done = _check_album(probe, photos, ms)
    if len(done) < len(photos):
        raise _too_early(
            photos, done, ms, "when your clock starts: at module level it starts once, not with each invocation"
        )


_EVENTS_3 = Exercise(
    id="events-3",
    lesson="02",
    title="Stop before Lambda does",
    kind="debug",
    points=4,
    minutes=5,
    skills=("timeout", "context", "partial result"),
    hints=(
        "Lambda does not ask before it stops a function, and of a stopped function nothing comes back. So the handler "
        "must stop by itself, in time to answer.",
        "context.get_remaining_time_in_millis() tells how many milliseconds are left now. Ask before each photo. What "
        "must still fit in? One more photo, and the way back.",
        "In words: go through the photos with their position. If the remaining time is less than ms plus a reserve of "
        "200, return what is done and the photos from this position on. After the loop, return all as done and an "
        "empty rest.",
    ),
    explanation="The caller gets what is done, knows what is left, and can send the rest as a new event. A longer "
    "Timeout would only have moved the wall. A fixed number of photos would have been a guess about their size. The "
    "context knows the time that is left, also when the timeout is changed later.",
    check=sub_checks(
        ("Its timeout is what it was", _timeout_is_kept),
        ("A short album is done to its end", _short_album),
        ("So are many quick photos", _many_quick_photos),
        ("A long album comes back in two parts", _long_album),
        ("Slow photos are no trap", _slow_photos),
        ("The next album has all the time again", _next_album),
    ),
)


# --- events-4: design ------------------------------------------------------------------------------------------

_CONFIRMATION = "kestrel-confirmation"
_UNCONFIRMED = "kestrel-unconfirmed"
_ONE_HOUR = 3600
_RECORD_SECONDS = 15.0


def _invoke_config(probe: Probe) -> dict[str, Any] | None:
    """The function's settings for asynchronous invocation; None when it has none."""
    client = probe.client("lambda")
    try:
        return dict(client.get_function_event_invoke_config(FunctionName=_CONFIRMATION))
    except client.exceptions.ResourceNotFoundException:
        return None


def _destination(config: dict[str, Any], kind: str) -> str:
    return str(config.get("DestinationConfig", {}).get(kind, {}).get("Destination") or "")


def _needed_config(probe: Probe) -> dict[str, Any]:
    config = _invoke_config(probe)
    if config is None:
        raise NotYet(
            Message(
                did=f"We read the settings for asynchronous invocation of {_CONFIRMATION}.",
                came_back="it has none: Lambda goes by its defaults, and a failed event is dropped in the end",
                expected="settings for retries, for the age of an event, and for where failures go",
                look="put_function_event_invoke_config: did it raise? The role needs its permission first",
            )
        )
    return config


def _tried_once(probe: Probe) -> None:
    retries = _needed_config(probe).get("MaximumRetryAttempts")
    expectations.require(
        retries == 0,
        Message(
            did=f"We read the settings for asynchronous invocation of {_CONFIRMATION}.",
            came_back="MaximumRetryAttempts is "
            + (f"{retries}: an order may be tried {retries + 1} times" if isinstance(retries, int) else "not set"),
            expected="each order is tried once and not again",
            look="MaximumRetryAttempts counts the attempts after the first one",
        ),
    )


def _given_up_after_an_hour(probe: Probe) -> None:
    age = _needed_config(probe).get("MaximumEventAgeInSeconds")
    expectations.require(
        age == _ONE_HOUR,
        Message(
            did=f"We read the settings for asynchronous invocation of {_CONFIRMATION}.",
            came_back=f"MaximumEventAgeInSeconds is {age if age is not None else 'not set'}",
            expected="an order that has waited for more than an hour is given up",
            look="MaximumEventAgeInSeconds, and how many seconds an hour has",
        ),
    )


def _the_queue(probe: Probe) -> str:
    url = queues.queue_url(probe, _UNCONFIRMED)
    if url is None:
        raise NotYet(
            Message(
                did=f"We looked for the queue {_UNCONFIRMED}.",
                came_back="there is no queue of that name",
                expected=f"a queue named {_UNCONFIRMED}",
                look="create_queue of the sqs client",
            )
        )
    return url


def _failures_go_to_the_queue(probe: Probe) -> None:
    url = _the_queue(probe)
    arn = queues.queue_arn(probe, url)
    config = _needed_config(probe)
    target = _destination(config, "OnFailure")
    if target != arn:
        look = "DestinationConfig: OnFailure takes the queue's ARN"
        if _destination(config, "OnSuccess") == arn:
            look = "DestinationConfig: the queue is under OnSuccess, so it gets the orders that went well"
        elif _dead_letter_target(probe) == arn:
            look = "DeadLetterConfig: it keeps the event, but not why it failed; a destination keeps both"
        raise NotYet(
            Message(
                did=f"We read where failures of {_CONFIRMATION} go.",
                came_back=f"OnFailure is {target}" if target else "there is no destination OnFailure",
                expected=f"the queue {_UNCONFIRMED}",
                look=look,
            )
        )
    if config.get("MaximumRetryAttempts") != 0:
        _tried_once(probe)  # a failure would come to the queue after minutes only
    _send_a_bad_order(probe, url)


def _send_a_bad_order(probe: Probe, url: str) -> None:
    order = {"order": _order_number(probe), "email": probe.word(7)}
    probe.function(_CONFIRMATION)
    probe.client("lambda").invoke(
        FunctionName=_CONFIRMATION, InvocationType="Event", Payload=json.dumps(order).encode()
    )

    def is_ours(body: Any) -> bool:
        return isinstance(body, dict) and order in (body, body.get("requestPayload"))

    record = queues.take_message(probe, url, is_ours, _RECORD_SECONDS)
    did = f"We sent {shown(order, 60)} to {_CONFIRMATION}, asynchronously, and looked into {_UNCONFIRMED}."
    if record is None:
        raise NotYet(
            Message(
                did=did,
                came_back=f"no record of it within {_RECORD_SECONDS:.0f} seconds",
                expected="a record of the failure",
                look="the role's permission sqs:SendMessage on this queue, and lab.logs of the function: did it fail?",
            )
        )
    error = (record.get("responsePayload") or {}).get("errorType")
    expectations.require(
        error == "ValueError",
        Message(
            did=did,
            came_back=f"a record with errorType {shown(error)}",
            expected="the ValueError that confirmation.py raises for an order without an address",
            look="confirmation.py: it was right as you found it",
        ),
    )


def _dead_letter_target(probe: Probe) -> str:
    answer = probe.client("lambda").get_function_configuration(FunctionName=_CONFIRMATION)
    return str(answer.get("DeadLetterConfig", {}).get("TargetArn") or "")


def _role_allows_no_more(probe: Probe) -> None:
    arn = queues.queue_arn(probe, _the_queue(probe))
    role = probe.function(_CONFIRMATION).role.rpartition("/")[2]
    sending = [one for one in _statements(probe, role) if any(_is_sqs(action) for action in one[0])]
    wide = [one for one in sending if "*" in "".join(one[0]) or any("*" in resource for resource in one[1])]
    if wide:
        actions, resources = wide[0]
        raise NotYet(
            Message(
                did=f"We read the policies of the role {role}.",
                came_back=f"{', '.join(actions)} is allowed on {', '.join(resources)}",
                expected="the one action that is needed, on the one queue",
                look="the wildcard *: with it, the function may do more than its job, and so may whoever takes it over",
            )
        )
    expectations.require(
        any("sqs:SendMessage" in actions and arn in resources for actions, resources in sending),
        Message(
            did=f"We read the policies of the role {role}.",
            came_back=f"nothing in it allows sqs:SendMessage on {_UNCONFIRMED}",
            expected="a permission for this queue: the record is sent with the function's role",
            look="put_role_policy, as for the queue of the worked example, under another PolicyName",
        ),
    )


def _is_sqs(action: str) -> bool:
    return action == "*" or action.lower().startswith("sqs:")


def _statements(probe: Probe, role: str) -> Iterator[tuple[list[str], list[str]]]:
    """(actions, resources) of everything the role's policies allow."""
    iam = probe.client("iam")
    documents = [
        iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    ]
    for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        version = iam.get_policy(PolicyArn=policy["PolicyArn"])["Policy"]["DefaultVersionId"]
        found = iam.get_policy_version(PolicyArn=policy["PolicyArn"], VersionId=version)
        documents.append(found["PolicyVersion"]["Document"])
    for document in documents:
        for statement in _listed(document.get("Statement")):
            if statement.get("Effect") == "Allow":
                yield _listed(statement.get("Action")), _listed(statement.get("Resource"))


def _listed(value: Any) -> list[Any]:
    """In a policy one value may stand for a list of one."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _check_confirmation(probe: Probe) -> Iterator[SubCheck]:
    probe.function(_CONFIRMATION)
    if _invoke_config(probe) is None and queues.queue_url(probe, _UNCONFIRMED) is None:
        raise NotAttempted(
            Message(
                did=f"We looked for the settings of {_CONFIRMATION} and for the queue {_UNCONFIRMED}.",
                came_back="neither is there",
                expected="both",
                look="the cell of the exercise: it still has to be written",
            )
        )
    yield probe.run_step("An order is tried once", _tried_once)
    yield probe.run_step("After an hour it is given up", _given_up_after_an_hour)
    yield probe.run_step("The role may send to this queue, and nothing more", _role_allows_no_more)
    yield probe.run_step("A failed order is in the queue, with the reason", _failures_go_to_the_queue)


_EVENTS_4 = Exercise(
    id="events-4",
    lesson="02",
    title="No order goes missing",
    kind="design",
    points=5,
    minutes=7,
    skills=("asynchronous invocation", "retries", "destination", "role"),
    hints=(
        "Three decisions: how often an event is tried, how long it may wait, and where it goes when all that was in "
        "vain. One call takes all three. Before it, the queue and the permission have to be there.",
        "Step 4 of the worked example has every call. Two of its values are different here, and the queue and the "
        "policy have other names. MaximumRetryAttempts counts the attempts after the first.",
        "In words: create_queue; get its QueueArn with get_queue_attributes; put_role_policy for sqs:SendMessage on that "
        "ARN; put_function_event_invoke_config with MaximumRetryAttempts=0, MaximumEventAgeInSeconds=3600 and the ARN "
        "under DestinationConfig, OnFailure.",
    ),
    explanation="Retries are good for functions that may run twice. This one sends letters, so it is tried once. What "
    "fails stays in the queue with the event, the error and the number of attempts, until somebody looks. Lambda sends "
    "the record with the function's own role: that is why the role needs the permission, and why one action on one "
    "queue is enough.",
    check=_check_confirmation,
)


# --- events-5: design ------------------------------------------------------------------------------------------

_OFFER = "kestrel-offer"
_ALIAS = "shop"
_REGULAR_CENTS, _SALE_CENTS = 20, 15
_SALE_SHARE = 0.2
#: With this many invocations, one in five never being chosen is less likely than one in a million.
_INVOCATIONS = 70


def _alias(probe: Probe) -> dict[str, Any]:
    client = probe.client("lambda")
    probe.function(_OFFER)
    try:
        return dict(client.get_alias(FunctionName=_OFFER, Name=_ALIAS))
    except client.exceptions.ResourceNotFoundException:
        names = [alias["Name"] for alias in client.list_aliases(FunctionName=_OFFER)["Aliases"]]
        raise NotYet(
            Message(
                did=f"We looked for the alias {_ALIAS} of {_OFFER}.",
                came_back=f"it is not there; there is: {', '.join(names)}" if names else "the function has no alias",
                expected=f"an alias named {_ALIAS}",
                look="create_alias; to change it later, update_alias",
            )
        ) from None


def _weights(alias: dict[str, Any]) -> dict[str, float]:
    return dict((alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {})


def _published_version(probe: Probe) -> str:
    version = str(_alias(probe)["FunctionVersion"])
    expectations.require(
        version != "$LATEST",
        Message(
            did=f"We read the alias {_ALIAS} of {_OFFER}.",
            came_back="it points to $LATEST",
            expected="a published version, which never changes",
            look="publish_version: the next deployment changes $LATEST, and every customer would get it at once",
        ),
    )
    return version


def _second_version(probe: Probe) -> str:
    weights = _weights(_alias(probe))
    if not weights:
        raise NotYet(
            Message(
                did=f"We read the alias {_ALIAS} of {_OFFER}.",
                came_back="it sends everybody to one version",
                expected="a second version, which gets a share of the invocations",
                look="RoutingConfig={'AdditionalVersionWeights': {...}} of create_alias and update_alias",
            )
        )
    return next(iter(weights))


def _check_price(probe: Probe, version: str, cents: int, other: int, look: str) -> None:
    copies = probe.whole_number(3, 90)
    result = probe.invoke(_OFFER, {"copies": copies}, qualifier=version)
    expectations.equal(
        result,
        {"total_cents": copies * cents},
        expected=f"{cents} cents a print from version {version}",
        mistakes_here=(Mistake(expectations.answered({"total_cents": copies * other}), look),),
    )


def _most_pay_the_regular_price(probe: Probe) -> None:
    _check_price(
        probe,
        _published_version(probe),
        _REGULAR_CENTS,
        _SALE_CENTS,
        "which version is which: the one the alias points to already has the sale price",
    )


def _some_pay_the_sale_price(probe: Probe) -> None:
    _check_price(
        probe,
        _second_version(probe),
        _SALE_CENTS,
        _REGULAR_CENTS,
        "what was deployed when you published the second version: it has the regular price, like the first",
    )


def _one_in_five(probe: Probe) -> None:
    alias = _alias(probe)
    second, weight = _second_version(probe), next(iter(_weights(alias).values()))
    look = "the weight: it is the share of the second version, from 0 to 1"
    if abs(weight - (1 - _SALE_SHARE)) < 1e-6:
        look = "the weight: it is the share of the second version, and yours is that of the first"
    expectations.require(
        abs(weight - _SALE_SHARE) < 1e-6,
        Message(
            did=f"We read the alias {_ALIAS} of {_OFFER}.",
            came_back=f"version {second} gets {weight:.0%} of the invocations",
            expected="one invocation in five for the second version",
            look=look,
        ),
    )
    seen = {probe.invoke(_OFFER, {"copies": 1}, qualifier=_ALIAS).executed_version for _ in range(_INVOCATIONS)}
    expectations.require(
        seen == {str(alias["FunctionVersion"]), second},
        Message(
            did=f"We invoked the alias {_ALIAS} {_INVOCATIONS} times.",
            came_back=f"the versions that answered: {', '.join(sorted(seen))}",
            expected="both versions of the alias",
            look="the alias: was it changed meanwhile?",
        ),
    )


_EVENTS_5 = Exercise(
    id="events-5",
    lesson="02",
    title="A sale for one in five",
    kind="design",
    points=5,
    minutes=6,
    skills=("versions", "alias", "weighted routing"),
    hints=(
        "Two versions have to exist before an alias can choose between them. A version is a photograph of what is "
        "deployed when you publish it, so the order of your calls matters.",
        "Deploy, publish, deploy, publish: step 5 of the worked example does that with kestrel-motto. The first version "
        "is the alias's FunctionVersion, the second one stands in its RoutingConfig with a weight.",
        "In words: deploy offer_regular.py as kestrel-offer and publish it; deploy offer_sale.py to the same function "
        "and publish again; create the alias shop with the first version as FunctionVersion and "
        "AdditionalVersionWeights with the second version and 0.2; when the alias exists, update it in the same way.",
    ),
    explanation="Nobody who calls the alias notices that a second version is there. If the sale price turns out to be "
    "a mistake, one call to update_alias with empty weights takes it back within seconds: the first version is still "
    "what it was. Had the alias pointed to $LATEST, there would be nothing to go back to.",
    check=sub_checks(
        ("Most customers pay the regular price", _most_pay_the_regular_price),
        ("The second version has the sale price", _some_pay_the_sale_price),
        ("One in five gets it", _one_in_five),
    ),
)


# --- predictions -----------------------------------------------------------------------------------------------

_PREDICTIONS = (
    Prediction(
        id="events-p1",
        text="The function has 128 MB. What does context.memory_limit_in_mb * 2 give?",
        options={"a": "256", "b": "'128128'", "c": "TypeError"},
        answer="b",
        explanations={
            "a": "That would be so if it were a number. It looks like one, and it is text.",
            "b": "The attribute is text. Python repeats text when you multiply it, and nobody complains.",
            "c": "Python refuses text + 2, but text * 2 is allowed: it is the text twice.",
        },
    ),
    Prediction(
        id="events-p2",
        text="The module reads GREETING at its top, once. The function is warm. You change the variable with "
        "update_function_configuration and invoke again. Which greeting comes?",
        options={
            "a": "The old one: the module was imported before the change",
            "b": "The new one",
            "c": "The old one until you deploy the code again",
        },
        answer="b",
        explanations={
            "a": "In the environment that is running it stays so. But Lambda does not use that environment any more.",
            "b": "A changed configuration gets new environments. There the module is imported anew, with the new value.",
            "c": "The code has not changed, and need not. Its configuration is not part of it.",
        },
    ),
    Prediction(
        id="events-p3",
        text="The handler counts up a global and returns it; with wait it first sleeps past its timeout. You invoke it "
        "three times: quick, with wait, quick. What comes back?",
        options={
            "a": "1, an error, 2",
            "b": "1, an error, 3",
            "c": "1, an error, 1",
            "d": "1, 2, 3",
        },
        answer="c",
        explanations={
            "a": "So it would be if the second one had not counted, but the process had stayed.",
            "b": "The second one did count: it printed 2. But that process was ended, and its memory is gone.",
            "c": "A timeout ends the process. The next invocation imports the module anew and begins at 1.",
            "d": "Of a function that is stopped nothing comes back, even if it had its answer ready.",
        },
    ),
    Prediction(
        id="events-p4",
        text="The order has no address, so the handler will raise. You send it with InvocationType='Event'. What does "
        "invoke give you?",
        options={
            "a": "StatusCode 202 and nothing else",
            "b": "StatusCode 200 and FunctionError",
            "c": "StatusCode 500",
        },
        answer="a",
        explanations={
            "a": "Lambda has put the event into its queue and says so. What will become of it nobody knows yet.",
            "b": "That is the answer to a synchronous invocation. This one was answered before the handler began.",
            "c": "The call went well: the event was accepted.",
        },
    ),
    Prediction(
        id="events-p5",
        text="The alias live points to version 1. You deploy new code to the function. Which code answers at the alias?",
        options={
            "a": "The new code: it is the same function",
            "b": "The code of version 1",
            "c": "None: the alias has to be made again",
        },
        answer="b",
        explanations={
            "a": "A deployment changes $LATEST. Version 1 is a photograph of how the function was.",
            "b": "A version never changes, and the alias names that version until you tell it otherwise.",
            "c": "An alias is a name of its own. Deployments do not touch it.",
        },
    ),
)


# --- quiz ------------------------------------------------------------------------------------------------------

_QUIZ = (
    Question(
        id="events-q1",
        text="The variable COPIES is set to '12'. What is os.environ['COPIES'] + 1 in the handler?",
        options={"a": "13", "b": "'121'", "c": "TypeError"},
        answer="c",
        explanations={
            "a": "Only int(os.environ['COPIES']) + 1 is 13.",
            "b": "Python does not join text and numbers by itself.",
            "c": "Environment variables are text, always. Text plus a number is a TypeError.",
        },
    ),
    Question(
        id="events-q2",
        text="An asynchronous event makes the handler raise each time. Nothing is configured. How often does the "
        "handler run?",
        options={"a": "Once", "b": "Twice", "c": "Three times", "d": "Until it succeeds"},
        answer="c",
        explanations={
            "a": "So it would be with MaximumRetryAttempts=0, or with a synchronous invocation.",
            "b": "Two is the number of retries. The first attempt comes on top.",
            "c": "One attempt and two retries. Then the event is dropped, unless a destination is there to take it.",
            "d": "Throttled events are tried for hours, but a function that fails is not.",
        },
    ),
    Question(
        id="events-q3",
        text="A function with a Timeout of 10 seconds hangs and is stopped. What do you pay for?",
        options={
            "a": "Nothing: there was no answer",
            "b": "The 10 seconds",
            "c": "The time of an average invocation",
        },
        answer="b",
        explanations={
            "a": "You pay for time and memory, not for answers. Look at the billed milliseconds in the timeline.",
            "b": "It ran for 10 seconds, and these are billed. A timeout that is too long costs money on a bad day.",
            "c": "There is no such thing as an average in the bill.",
        },
    ),
    Question(
        id="events-q4",
        text="The handler must not run twice for the same order. The event arrives asynchronously. What is not enough?",
        options={
            "a": "MaximumRetryAttempts=0",
            "b": "Remembering in a table which orders were done, and looking there first",
            "c": "Both together",
        },
        answer="a",
        explanations={
            "a": "It switches off the retries. But AWS says that an event may now and then arrive twice all the same. "
            "Lesson 04 deals with that.",
            "b": "That is the cure which holds whatever happens. You build it in lesson 04.",
            "c": "Both together are more than enough.",
        },
    ),
    Question(
        id="events-q5",
        text="Half of your customers get version 8 through the alias, and version 8 turns out to be wrong. What is the "
        "quickest way back?",
        options={
            "a": "Deploy the old code again",
            "b": "Delete version 8",
            "c": "update_alias with empty weights",
        },
        answer="c",
        explanations={
            "a": "A deployment changes $LATEST, which no customer uses, and version 8 stays as it is.",
            "b": "Lambda refuses to delete a version that an alias uses.",
            "c": "One call, no code, done within seconds. The version before is still there, as it was.",
        },
    ),
)

LESSON = Lesson(
    number="02",
    name="02_events_and_configuration",
    title="Events and configuration",
    minutes=45,
    exercises=(_EVENTS_1, _EVENTS_2, _EVENTS_3, _EVENTS_4, _EVENTS_5),
    quiz=_QUIZ,
    predictions=_PREDICTIONS,
    time_scale=_TIME_SCALE,
)
