"""The learner's event source mapping: found, waited for, or told what is wrong with it."""

from __future__ import annotations

import pytest

from labsupport.exercises import event_source_mappings
from labsupport.exercises.event_source_mappings import enabled_mapping, within
from labsupport.exercises.outcomes import NotYet

SOURCE = "arn:aws:sqs:us-east-1:123456789012:jobs"


class Probe:
    """Answers ListEventSourceMappings with one list after another, the last again and again."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def client(self, service):
        assert service == "lambda"
        return self

    def list_event_source_mappings(self, FunctionName):  # noqa: N803 - AWS's name
        assert FunctionName == "print"
        return {"EventSourceMappings": self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]}


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(event_source_mappings, "_POLL_SECONDS", 0.0)


def mapping(state, source=SOURCE):
    return {"EventSourceArn": source, "State": state, "BatchSize": 10}


def found(*answers, seconds=5.0):
    return enabled_mapping(Probe(*answers), "print", SOURCE, source="jobs", look="the call", seconds=seconds)


def refused(*answers):
    with pytest.raises(NotYet) as problem:
        found(*answers, seconds=0.0)
    return list(problem.value.message.lines)


def test_a_mapping_that_is_just_being_made_is_waited_for():
    assert found([mapping("Creating")], [mapping("Creating")], [mapping("Enabled")])["State"] == "Enabled"


def test_one_that_is_being_deleted_does_not_count():
    assert found([mapping("Deleting"), mapping("Enabled")])["State"] == "Enabled"
    assert refused([mapping("Deleting")])[1] == "Came back: there is none"


def test_none_another_source_and_a_disabled_one_have_words_of_their_own():
    assert refused([]) == [
        "We did: We looked for the event source mapping between jobs and print.",
        "Came back: there is none",
        "Expected: one that is Enabled",
        "Look at: the call",
    ]
    other = SOURCE.replace("jobs", "letters")
    assert refused([mapping("Enabled", other)])[1] == f"Came back: there is one, of another source: {other}"
    disabled = refused([mapping("Disabled")])
    assert disabled[1] == "Came back: its state is Disabled"
    assert disabled[3] == "Look at: its StateTransitionReason, and Enabled=True"


def test_waiting_ends_when_it_becomes_so_or_the_time_is_over():
    answers = iter([False, False, True])
    assert within(5.0, lambda: next(answers))
    assert not within(0.0, lambda: False)
