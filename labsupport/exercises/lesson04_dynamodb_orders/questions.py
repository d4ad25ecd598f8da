"""The predictions and the quiz."""

from __future__ import annotations

from ...facts import fact
from ..model import Prediction, Question

PREDICTIONS = (
    Prediction(
        id="orders-p1",
        text="The same order is put twice, first with a total of 990 and then with 1290. What is in the table?",
        options={
            "a": "Two items, one with each total",
            "b": "The first: the second put raises, because the key is taken",
            "c": "The second: it has replaced the first, and nobody was told",
        },
        answer="c",
        explanations={
            "a": "There is never more than one item under a key. Partition key and sort key are the same here.",
            "b": "So it would be with a condition. Without one, a put does not care what is there.",
            "c": "A put means: under this key, let there be this item. What was there before is gone.",
        },
    ),
    Prediction(
        id="orders-p2",
        text="The query read 5 items for half a unit. The table has 2,001. The scan with a filter gives the same 5. How "
        "many units does it consume?",
        options={
            "a": "Half a unit, too: the answer is the same",
            "b": "About one or two: the filter takes a little more work",
            "c": "About a hundred times as many as the query, or more",
        },
        answer="c",
        explanations={
            "a": "You do not pay for what comes back, but for what is read.",
            "b": "The filter itself costs nothing. What it throws away has been read, and that costs.",
            "c": "A scan reads the whole table. The filter then throws away 1,996 of 2,001 items that are paid for.",
        },
    ),
    Prediction(
        id="orders-p3",
        text="total_cents comes out of the table as Decimal('1290'). The handler returns it as it is, and in a second "
        "invocation as json.dumps(...) of it. What happens?",
        options={
            "a": "Both work",
            "b": "As it is works; json.dumps raises a TypeError",
            "c": "Both fail: a Decimal is not JSON",
            "d": "As it is fails; json.dumps works",
        },
        answer="b",
        explanations={
            "a": "Python's json knows int and float, and no Decimal.",
            "b": "Lambda's runtime for Python writes the handler's return value, and it makes an exception for Decimal. "
            "Python's json makes none.",
            "c": "That is so with Python's json. But the return value is written by Lambda's runtime, and that one knows "
            "Decimal.",
            "d": "It is the other way round.",
        },
    ),
    Prediction(
        id="orders-p4",
        text="Ada has more than ten orders, and only her oldest was express. You query the newest first, with a filter "
        "for express and Limit=5. What comes?",
        options={
            "a": "The express order: it is the only one that passes the filter",
            "b": "Nothing, and that is the end",
            "c": "Nothing, and a LastEvaluatedKey",
        },
        answer="c",
        explanations={
            "a": "Limit counts what is read, not what passes. The first five read are not express.",
            "b": "Five items were read and none passed. But there are more to read, and the answer says so.",
            "c": "Limit ends the reading after five items, the filter throws all five away, and the key says: go on.",
        },
    ),
    Prediction(
        id="orders-p5",
        text="The total of the day is 1 order, 1000 cents. One batch brings three orders: 1000, 'free' and 500. The "
        "handler raises at the second. Nothing is configured. What does the total show in the next seconds?",
        options={
            "a": "3 orders, 2500: the bad one is skipped",
            "b": "2 orders, 2000: it stops there",
            "c": "2 orders, 3 orders, 4 orders …: it grows and grows",
            "d": "1 order, 1000: a failed batch changes nothing",
        },
        answer="c",
        explanations={
            "a": "Lambda does not skip anything in a stream unless you allow it.",
            "b": "It does not stop. It tries again, and each time the first order of the batch is counted once more.",
            "c": "Each attempt begins at the start of the batch. The good order before the bad one is counted again, the "
            "one behind it never.",
            "d": "Lambda does not undo what the function has written. Only a transaction would.",
        },
    ),
)

QUIZ = (
    Question(
        id="orders-q1",
        text="The table has customer as its partition key and order as its sort key. Which question can a query not "
        "answer?",
        options={
            "a": "Ada's orders of November",
            "b": "All orders of the 25th of November",
            "c": "Ada's last three orders",
        },
        answer="b",
        explanations={
            "a": "It names the customer, and begins_with on the sort key finds the month.",
            "b": "It names no customer. A query must name one partition key; this question needs an index.",
            "c": "It names the customer: backwards, with Limit=3.",
        },
    ),
    Question(
        id="orders-q2",
        text="A function reads the item first. If there is none, it puts it, without a condition. When can it go wrong?",
        options={
            "a": "Never: it has looked",
            "b": "When two invocations look before either of them writes",
            "c": "Only when the table is very large",
        },
        answer="b",
        explanations={
            "a": "What it saw may be old by the time it writes.",
            "b": "Both see nothing and both write. In the rush of a sale that happens every few seconds.",
            "c": "The size does not matter. What matters is how much happens at once.",
        },
    ),
    Question(
        id="orders-q3",
        text="An order item has 20 KB, nearly all of it in an attribute that your page does not show. You query with a "
        "ProjectionExpression that leaves it out. What do you pay for?",
        options={
            "a": "For what comes back",
            "b": "For the whole item",
            "c": "For half of it: the read is eventually consistent",
        },
        answer="b",
        explanations={
            "a": "The projection makes the answer smaller, and the network's work. The item has been read all the same.",
            "b": "Units count what is read. Keep large things elsewhere: in S3, or in a table of their own.",
            "c": "Half units are about how fresh the answer is. Either way they count the whole item.",
        },
    ),
    Question(
        id="orders-q4",
        text="Baskets have an attribute expires, and TTL is switched on for it. After two weeks not one basket has been "
        "deleted. What is the most likely reason?",
        options={
            "a": f"TTL takes its time: {fact('dynamodb_ttl_delay').text}",
            "b": "expires holds milliseconds, or text",
            "c": "The function's role may not delete items",
        },
        answer="b",
        explanations={
            "a": "Two weeks are more than that.",
            "b": "In milliseconds it is a date in a far future, and text is no moment at all. TTL ignores both silently.",
            "c": "TTL deletes in the name of DynamoDB. No role of yours takes part.",
        },
    ),
    Question(
        id="orders-q5",
        text="The mapping of a stream has ReportBatchItemFailures, two retries and a destination. Why must the handler "
        "be idempotent nevertheless?",
        options={
            "a": "It need not be: the function reports where to go on",
            "b": "Because a function that is stopped half way reports nothing, and its batch comes again",
            "c": "Because streams deliver in no particular order",
        },
        answer="b",
        explanations={
            "a": "It can only report what it lives to report.",
            "b": "After a timeout or a crash the whole batch is repeated, with all that was counted already.",
            "c": "They keep the order of changes to each item. That is another matter.",
        },
    ),
)
