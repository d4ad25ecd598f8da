"""The predictions and the quiz."""

from __future__ import annotations

from ..model import Prediction, Question

PREDICTIONS = (
    Prediction(
        id="queues-p1",
        text="The visibility timeout is 2 seconds. You receive a message, and do nothing else. You receive again at "
        "once, and once more 3 seconds later. What do the second and the third call give you?",
        options={
            "a": "The message, both times",
            "b": "Nothing, both times",
            "c": "Nothing, and then the message",
        },
        answer="c",
        explanations={
            "a": "So it would be if receiving were only looking. A received message is hidden from everybody for a while.",
            "b": "So it would be if receiving took the message out. It stays in the queue until somebody deletes it.",
            "c": "The message was lent to you. You did not delete it in time, so the queue offers it again.",
        },
    ),
    Prediction(
        id="queues-p2",
        text="Ten messages are sent, one right after the other. The mapping's batch size is 10. How often is the function invoked?",
        options={"a": "Once", "b": "Ten times", "c": "Nobody can say: between once and ten times"},
        answer="c",
        explanations={
            "a": "That may happen. But Lambda does not wait until a batch is full unless you tell it to.",
            "b": "That may happen if Lambda finds them one by one. A handler must not rely on it.",
            "c": "The batch size is an upper limit. Lambda takes what is there at the moment it looks.",
        },
    ),
    Prediction(
        id="queues-p3",
        text="A batch of five jobs of ten prints each. The handler raises at the third. What do you see in the table "
        "as time goes by?",
        options={
            "a": "[10, 10, 0, 10, 10], and it stays so",
            "b": "[10, 10, 0, 0, 0], and it stays so",
            "c": "[10, 10, 0, 0, 0], then [20, 20, 0, 0, 0], then [30, 30, 0, 0, 0]",
        },
        answer="c",
        explanations={
            "a": "The handler ended at the third job, so the fourth and the fifth were not reached.",
            "b": "That is right for the first attempt. But what does Lambda do with a batch that failed?",
            "c": "The whole batch comes again, and its first two jobs are printed again, until the third succeeds.",
        },
    ),
    Prediction(
        id="queues-p4",
        text="One order of ten prints comes three times. Another one jams at its first attempt. The function marks an "
        "order, if it has no mark yet, and then prints. What is printed in the end?",
        options={"a": "[10, 10]", "b": "[10, 0]", "c": "[30, 10]"},
        answer="b",
        explanations={
            "a": "The first is right. But think of the second order: when its message comes again, what is there already?",
            "b": "The mark was made before the jam. At the second attempt it is there, so the order counts as printed.",
            "c": "The condition lets only one of the three copies make the mark.",
        },
    ),
    Prediction(
        id="queues-p5",
        text="In the FIFO queue are Ada's letters 1, 2 and 3 and Grace's letters 1 and 2. Ada's letter 2 fails when it is "
        "tried for the first time. What is written before it succeeds?",
        options={
            "a": "Ada 1, Ada 3, Grace 1, Grace 2",
            "b": "Ada 1, Grace 1, Grace 2",
            "c": "Ada 1, and nothing else",
        },
        answer="b",
        explanations={
            "a": "Then Ada would get her third letter before the second. The order within a group is kept.",
            "b": "Ada's third letter waits for the second. Grace is another group and does not wait.",
            "c": "Only Ada's group waits. Groups do not hold each other up.",
        },
    ),
)

QUIZ = (
    Question(
        id="queues-q1",
        text="A function has a timeout of 20 seconds. What does AWS recommend for its queue's visibility timeout?",
        options={"a": "20 seconds", "b": "30 seconds, the default", "c": "120 seconds"},
        answer="c",
        explanations={
            "a": "Lambda accepts that. But a batch that is throttled at first has no time left for its work.",
            "b": "More than the timeout, and less than what is recommended.",
            "c": "Six times the function's timeout: time for the work, and for attempts that are throttled.",
        },
    ),
    Question(
        id="queues-q2",
        text="The mapping has ReportBatchItemFailures. The function returns nothing at all. What becomes of the batch?",
        options={
            "a": "All its messages are deleted",
            "b": "All its messages come again",
            "c": "Lambda stops the mapping",
        },
        answer="a",
        explanations={
            "a": "No answer means: nothing failed. So a handler that forgets to return its list loses messages.",
            "b": "So it is when the answer makes no sense, or the function fails. No answer does make sense.",
            "c": "Lambda does not stop a mapping because of answers.",
        },
    ),
    Question(
        id="queues-q3",
        text="The dead-letter queue has 40 messages in it. All failed because of a fault in the function. What first?",
        options={
            "a": "Bring them back with start_message_move_task",
            "b": "Repair the function and deploy it",
            "c": "Raise maxReceiveCount",
        },
        answer="b",
        explanations={
            "a": "They would fail again, and come back to where they are. Each round costs invocations.",
            "b": "First repair, then redrive. The messages have time: that is why the queue keeps them for long.",
            "c": "More attempts do not help against a fault that is always there.",
        },
    ),
    Question(
        id="queues-q4",
        text="The queue in front is a FIFO queue, which drops copies. Does the function still have to be idempotent?",
        options={
            "a": "Yes: a message that fails half way comes again",
            "b": "No: each message is delivered once",
            "c": "Only if the batch size is more than 1",
        },
        answer="a",
        explanations={
            "a": "The queue drops copies that are sent within five minutes. What is delivered again is no copy.",
            "b": "Each is delivered until it is deleted. Between the work and the deletion a lot can happen.",
            "c": "A batch of one that is stopped after its work comes again, too.",
        },
    ),
    Question(
        id="queues-q5",
        text="The function must not run more than ten times at once, because of its database. Where do you limit it?",
        options={
            "a": "MaximumConcurrency of the event source mapping",
            "b": "Reserved concurrency of the function",
            "c": "BatchSize of 10",
        },
        answer="a",
        explanations={
            "a": "Lambda fetches no more batches than may run. The rest waits in the queue, and nothing is counted.",
            "b": "It limits, too, but refuses what is fetched already. Refusals count as receives, and good messages may end "
            "in the dead-letter queue.",
            "c": "The batch size says how many messages an invocation gets. It does not say how many invocations run.",
        },
    ),
)
