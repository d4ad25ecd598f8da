"""The predictions and the quiz."""

from __future__ import annotations

from ..model import Prediction, Question

PREDICTIONS = (
    Prediction(
        id="apis-p1",
        text="Both paths answer 200 with the same greeting. On /hello the body is json.dumps(greeting), on /welcome it "
        "is the dict itself. What does the client get?",
        options={
            "a": "The greeting as JSON, both times",
            "b": "The greeting from /hello, and status 502 from /welcome",
            "c": "The greeting from /hello, and 200 with an empty body from /welcome",
        },
        answer="b",
        explanations={
            "a": "Lambda makes JSON of the whole answer, body included. But API Gateway then finds an object where it "
            "wants text.",
            "b": "A body has to be text. What API Gateway cannot take, it calls a bad gateway, and says no more to "
            "strangers.",
            "c": "That would hide the mistake. API Gateway does not send half of an answer that it cannot take.",
        },
    ),
    Prediction(
        id="apis-p2",
        text="The new route GET /hello is there, with its integration and its permission. You call it at once. What "
        "comes back?",
        options={
            "a": "200 with the greeting",
            "b": "404 Not Found",
            "c": "403 Missing Authentication Token",
        },
        answer="c",
        explanations={
            "a": "You changed the API, not its stage. The stage shows what was last deployed.",
            "b": "So one would think. API Gateway has a stranger answer for what is not there.",
            "c": "The stage still shows the last deployment. And for a path it does not know, API Gateway asks for a "
            "signature that would not help either.",
        },
    ),
    Prediction(
        id="apis-p3",
        text="The page sends GET /orders?customer=ada, as you did with requests. What does the page show?",
        options={
            "a": "The orders: it is the same request",
            "b": "Status 403: API Gateway refuses requests from pages",
            "c": "A failure without a status: the browser keeps the answer from the page",
        },
        answer="c",
        explanations={
            "a": "The request is the same, and so is the answer. But there is somebody between the answer and the page.",
            "b": "API Gateway refuses nothing: your function ran, and the answer was 200. It did not reach the page.",
            "c": "The answer came, and the browser looked for one header in it. It was not there.",
        },
    ),
    Prediction(
        id="apis-p4",
        text="Twenty requests at once, a rate of one a second, a burst of five. What do the clients get?",
        options={
            "a": "Twenty times 200; the later ones wait for their turn",
            "b": "Five times 200 or a little more, then 429",
            "c": "One 200, then 429",
        },
        answer="b",
        explanations={
            "a": "API Gateway does not hold requests back. Whoever is too fast is refused at once.",
            "b": "The burst is a bucket of five. It fills up again with one a second, and the requests took less time.",
            "c": "That would be a rate without a burst. The burst allows for a few at once, as real clients come.",
        },
    ),
)

QUIZ = (
    Question(
        id="apis-q1",
        text="A client gets 502 from your API. The function's log shows an invocation without any error. What is it?",
        options={
            "a": "The permission for API Gateway is missing",
            "b": "The function returned something API Gateway cannot take, such as a dict as body",
            "c": "The route is not deployed",
            "d": "The client sent bad JSON",
        },
        answer="b",
        explanations={
            "a": "Then the function would not have run, and the status would be 500.",
            "b": "The function did well for itself. test_invoke_method shows what API Gateway did not like.",
            "c": "That would be 403, Missing Authentication Token, and no invocation.",
            "d": "A validator would say 400, and your function whatever you wrote. 502 is always about the answer.",
        },
    ),
    Question(
        id="apis-q2",
        text="An order has 5000 copies; the shop prints 1000 at most. Which status?",
        options={
            "a": "200, with the reason in the body",
            "b": "500, because nothing could be done",
            "c": "400 or 422, with the reason in the body",
            "d": "404, because there is no such order",
        },
        answer="c",
        explanations={
            "a": "Clients and alarms look at the status. 200 tells them that all is well.",
            "b": "500 says: our fault, try again. The client would try again for ever.",
            "c": "It is the client's fault, and trying again does not help. The body says what to change.",
            "d": "404 is about the path: there is no such thing. Here the thing that was sent is wrong.",
        },
    ),
    Question(
        id="apis-q3",
        text="Your page shows the orders. When one cannot be found, it only says Failed to fetch. Why?",
        options={
            "a": "The function puts the CORS header only on its good answers",
            "b": "The preflight is missing",
            "c": "Browsers never show answers with status 404",
            "d": "The page needs an API key",
        },
        answer="a",
        explanations={
            "a": "Without the header the browser keeps the answer from the page, the status included.",
            "b": "Then nothing that needs one would work. Reading with GET needs none.",
            "c": "They do, if they are allowed to. Your page could show a friendly line.",
            "d": "A missing key is 403, and it would be missing for the good answers, too.",
        },
    ),
    Question(
        id="apis-q4",
        text="Why does a photo go to S3 with a presigned URL, and not through the API?",
        options={
            "a": "API Gateway cannot carry bytes at all",
            "b": "It is larger than an event may be, and your function would hold it and be paid for it",
            "c": "S3 is the only place that can be encrypted",
            "d": "A presigned URL needs no rights",
        },
        answer="b",
        explanations={
            "a": "It can, in base64, if you name the content types. Small pictures may go that way.",
            "b": "In base64 it grows by a third, and an event has a limit. S3 takes it directly, and for nothing.",
            "c": "Both ways can be encrypted. That is not the difference.",
            "d": "It has the rights of the one who signed it. If that is a function, those of its role.",
        },
    ),
    Question(
        id="apis-q5",
        text="A partner's first request to /partners/orders works. The next one, to /partners/prices, gets 403, for "
        "some minutes. What is wrong?",
        options={
            "a": "The usage plan: the partner was too fast",
            "b": "The token has run out",
            "c": "The second route has no permission to invoke its function",
            "d": "The authorizer allows only event['methodArn'], and its policy is kept for the token",
        },
        answer="d",
        explanations={
            "a": "Too fast is 429.",
            "b": "Then the first path would be refused, too, and with 401.",
            "c": "A missing permission is 500.",
            "d": "The kept policy knows nothing of the second path. It has to name all that the caller may do.",
        },
    ),
)
