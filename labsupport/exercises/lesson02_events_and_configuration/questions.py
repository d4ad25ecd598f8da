"""The predictions and the quiz."""

from __future__ import annotations

from ..model import Prediction, Question

PREDICTIONS = (
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

QUIZ = (
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
