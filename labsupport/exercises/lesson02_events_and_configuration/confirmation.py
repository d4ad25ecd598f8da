"""events-4: asynchronous orders of which none goes missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .. import expectations, queues
from ..messages import Message, shown
from ..model import Exercise, SubCheck
from ..outcomes import NotAttempted, NotYet
from ..probe import Probe

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
    order = {"order": f"K-{probe.whole_number(1000, 9999)}", "email": probe.word(7)}
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


EXERCISE = Exercise(
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
