"""The measure of messages, at a size that shows it works."""

from __future__ import annotations

from . import messages
from .run import Run


def test_every_message_is_handled_or_in_the_dead_letter_queue(tmp_path, monkeypatch):
    monkeypatch.setattr(messages, "_WITH_QUEUES", ("lab",))
    monkeypatch.setattr(messages, "_QUICK_MESSAGES", 120)
    monkeypatch.setattr(messages, "_SENDERS", 2)
    run = Run(tmp_path, quick=True)
    found = messages.messages(run)
    assert (found["messages_lost"]["lab"], found["messages_left"]["lab"]) == ([[0.0]], [[0.0]])
    assert found["messages"]["lab"][0][0] > 0
    assert not run.problems
