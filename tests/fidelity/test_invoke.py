"""Invoke: what goes in, what comes out, which function is meant, and which requests are refused."""

from __future__ import annotations

import base64
import json
import re

import pytest
from botocore.exceptions import ClientError

from .deployment import ACCOUNT, REGION, REQUEST_ID, CloudUnderTest, Function, unique_name

ECHO = """
    def handler(event, context):
        return event
"""
ABOUT = """
    COUNT = 0

    def handler(event, context):
        global COUNT
        COUNT += 1
        return {
            "variant": 1,
            "count": COUNT,
            "arn": context.invoked_function_arn,
            "version": context.function_version,
            "id": context.aws_request_id,
        }
"""


@pytest.fixture(scope="module")
def echo(cloud: CloudUnderTest) -> Function:
    return cloud.deploy(ECHO)


@pytest.fixture(scope="module")
def about(cloud: CloudUnderTest) -> Function:
    return cloud.deploy(ABOUT)


def refused(call, *args, **kwargs) -> ClientError:
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    return caught.value


def code_status_message(error: ClientError) -> tuple[str, int, str]:
    about = error.response["ResponseMetadata"]
    return error.response["Error"]["Code"], about["HTTPStatusCode"], error.response["Error"]["Message"]


# --- the answer ----------------------------------------------------------------------------------------------------


def test_F001_successful_invoke_status_headers_payload(cloud, echo):
    """A successful invoke is 200 with the version that ran and the runtime's JSON; boto3 shows neither FunctionError
    nor LogResult. Recorded from AWS."""
    answer = cloud.client("lambda").invoke(FunctionName=echo.name, Payload=b'{"n": 1}')
    assert set(answer) == {"ResponseMetadata", "StatusCode", "ExecutedVersion", "Payload"}
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "$LATEST"
    assert answer["Payload"].read() == b'{"n": 1}'


def test_F001_raw_headers(cloud, echo):
    """The headers of a successful invoke, as they stand on the wire. Recorded from AWS."""
    response, body = cloud.raw_invoke(echo.name, b'{"n": 1}')
    assert (response.status, body) == (200, b'{"n": 1}')
    assert response.getheader("X-Amz-Executed-Version") == "$LATEST"
    assert re.fullmatch(REQUEST_ID, response.getheader("x-amzn-RequestId"))
    assert response.getheader("Content-Type") == "application/json"
    assert re.match(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};", response.getheader("X-Amzn-Trace-Id"))
    assert response.getheader("x-amzn-Remapped-Content-Length") == "0"
    assert response.getheader("X-Amz-Function-Error") is None
    assert response.getheader("X-Amz-Log-Result") is None


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"customer": "Åsa", "photos": [1, 2.5, -3e-7], "paid": True, "note": None, "nested": {"a": [[], {}]}},
        [],
        'text with "quotes", \\ and \u2028',
        "\U0001f426 kestrel",
        0,
        12345678901234567890123,
        True,
        None,
        "",
    ],
    ids=["object", "mixed", "array", "text", "emoji", "zero", "big", "true", "null", "empty-text"],
)
def test_F001_neighbour_every_kind_of_json_arrives_and_returns(echo, event):
    """Any JSON value may be an event and an answer, not only objects. Runtime client's output."""
    answer = echo.invoke(json.dumps(event).encode(), tail=False)
    assert answer.payload == event
    assert answer.function_error is None


def test_F002_handler_returning_nothing_gives_the_json_text_null(cloud):
    """A handler without a return statement answers with the four bytes ``null``. Recorded from AWS."""
    answer = cloud.deploy("def handler(e, c): pass").invoke({}, tail=False)
    assert (answer.status, answer.raw, answer.function_error) == (200, b"null", None)


def test_F002_neighbour_no_payload_is_an_empty_event(echo):
    """An invoke that sends no payload gives the handler an empty object. Lambda API Reference, "Invoke"."""
    assert echo.invoke(tail=False).raw == b"{}"


def test_F003_request_id_is_the_same_in_response_header_context_and_log(about):
    """One lower-case version-4 UUID names an invocation everywhere. Recorded from AWS."""
    answers = [about.invoke({}), about.invoke({})]
    for answer in answers:
        assert re.fullmatch(REQUEST_ID, answer.request_id)
        assert answer.headers["x-amzn-requestid"] == answer.payload["id"] == answer.request_id
        logged = re.findall(rf"^(START|END|REPORT) RequestId: ({REQUEST_ID})\b", answer.tail, re.M)
        assert logged == [("START", answer.request_id), ("END", answer.request_id), ("REPORT", answer.request_id)]
    assert answers[0].request_id != answers[1].request_id


# --- which function ------------------------------------------------------------------------------------------------


def test_F004_invoking_a_function_that_does_not_exist(cloud):
    """404 ResourceNotFoundException whose text ends in the qualifier that was looked for. Recorded from AWS (2025)."""
    name = unique_name("doesnotexist")
    error = refused(cloud.client("lambda").invoke, FunctionName=name)
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:$LATEST"
    assert code_status_message(error) == ("ResourceNotFoundException", 404, f"Function not found: {arn}")

    response, body = cloud.raw_invoke(name)
    assert response.status == 404
    assert response.getheader("x-amzn-ErrorType") == "ResourceNotFoundException"
    assert json.loads(body) == {"Message": f"Function not found: {arn}", "Type": "User"}


@pytest.mark.parametrize("form", ["arn:aws:lambda:{r}:{a}:function:{n}", "{a}:function:{n}", "{n}"])
@pytest.mark.parametrize("invocation_type", ["RequestResponse", "Event", "DryRun"])
def test_F004_neighbour_every_form_of_the_name_and_every_invocation_type(cloud, form, invocation_type):
    """The answer to an unknown function does not depend on how it is named or how it is invoked. Recorded from AWS
    for the plain name; the rest follows from the one look-up."""
    name = unique_name("doesnotexist")
    error = refused(
        cloud.client("lambda").invoke,
        FunctionName=form.format(r=REGION, a=ACCOUNT, n=name),
        InvocationType=invocation_type,
    )
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:$LATEST"
    assert code_status_message(error) == ("ResourceNotFoundException", 404, f"Function not found: {arn}")


@pytest.mark.parametrize("qualifier", ["nope", "7"], ids=["alias", "version"])
def test_F005_invoking_an_alias_or_version_that_does_not_exist(cloud, echo, qualifier):
    """404 with the qualified ARN that was asked for, whether the qualifier comes as a parameter or with the name.
    Recorded from AWS."""
    for wanted in ({"FunctionName": echo.name, "Qualifier": qualifier}, {"FunctionName": f"{echo.arn}:{qualifier}"}):
        error = refused(cloud.client("lambda").invoke, **wanted)
        assert code_status_message(error) == (
            "ResourceNotFoundException",
            404,
            f"Function not found: {echo.arn}:{qualifier}",
        )


@pytest.mark.parametrize("operation", ["get_function", "invoke"])
def test_F006_qualifier_in_arn_and_qualifier_parameter_disagree(cloud, echo, operation):
    """Two different qualifiers in one request are refused. Recorded from AWS (for GetFunction)."""
    call = getattr(cloud.client("lambda"), operation)
    error = refused(call, FunctionName=f"{echo.arn}:1", Qualifier="$LATEST")
    assert code_status_message(error) == (
        "InvalidParameterValueException",
        400,
        "The derived qualifier from the function name does not match the specified qualifier.",
    )


def test_F006_neighbour_the_same_qualifier_twice_is_fine(echo):
    """A qualifier in the name and an equal parameter do not contradict each other. Follows from F006."""
    assert echo.invoke({"n": 1}, name=f"{echo.arn}:$LATEST", Qualifier="$LATEST").payload == {"n": 1}


def test_F006_neighbour_function_given_as_name_partial_arn_or_arn(about):
    """FunctionName may be a name, a partial ARN or an ARN, each with a qualifier or without; the context's ARN carries
    a qualifier only when the caller gave one. Lambda API Reference, "Invoke"."""
    for form in (about.name, f"{ACCOUNT}:function:{about.name}", about.arn):
        assert about.invoke({}, name=form).payload["arn"] == about.arn
        assert about.invoke({}, name=f"{form}:$LATEST").payload["arn"] == f"{about.arn}:$LATEST"
    assert about.invoke({}, Qualifier="$LATEST").payload["arn"] == f"{about.arn}:$LATEST"


def test_F006_neighbour_a_text_that_cannot_be_a_function_name(cloud):
    """A name with other characters than letters, digits, - and _ fails the API's own pattern. Lambda API Reference,
    "Invoke" (FunctionName: Pattern)."""
    error = refused(cloud.client("lambda").invoke, FunctionName="no such name!")
    code, status, message = code_status_message(error)
    assert (code, status) == ("ValidationException", 400)
    assert message.startswith(
        "1 validation error detected: Value 'no such name!' at 'functionName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: "
    )


@pytest.mark.parametrize("name", ["a", "Kestrel_Prints-01", "n" * 64], ids=["one-letter", "mixed", "64-letters"])
def test_F006_neighbour_names_at_the_edge_of_what_is_allowed(cloud, name):
    """Names have 1 to 64 letters, digits, hyphens and underscores. Lambda API Reference, "CreateFunction"."""
    assert cloud.deploy(ECHO, name=name).invoke({"n": 1}).payload == {"n": 1}


def test_F006_neighbour_the_same_name_in_two_regions_is_two_functions(cloud):
    """Functions belong to a region: equal names in two regions are strangers with code and logs of their own.
    Lambda Developer Guide, "Lambda concepts" (ARN)."""
    name = unique_name("twin")
    source = "import os\n\ndef handler(e, c): return [{n}, os.environ['AWS_REGION'], c.invoked_function_arn]"
    here = cloud.deploy(source.replace("{n}", "1"), name=name)
    there = cloud.deploy(source.replace("{n}", "2"), name=name, region="eu-central-1")
    assert here.invoke({}).payload == [1, "us-east-1", here.arn]
    assert there.invoke({}).payload == [2, "eu-central-1", there.arn]
    assert ":eu-central-1:" in there.arn
    assert not set(here.log_streams()) & set(there.log_streams())
    assert len(here.log_streams()) == len(there.log_streams()) == 1


def test_F006_neighbour_an_arn_of_another_region(cloud, echo):
    """An ARN is only good in its own region. Recorded from AWS."""
    error = refused(cloud.client("lambda").invoke, FunctionName=echo.arn.replace(REGION, "eu-central-1"))
    assert code_status_message(error) == (
        "ResourceNotFoundException",
        404,
        f"Functions from 'eu-central-1' are not reachable in this region ('{REGION}')",
    )


def test_F006_neighbour_any_credentials_are_the_account_of_the_lab(cloud, echo):
    """On AWS the access key decides the account. Here every learner is the administrator of account 123456789012,
    whatever the key says, signed or not: this is what the lab promises."""
    assert cloud.client("sts").get_caller_identity()["Account"] == ACCOUNT
    credential = "Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/lambda/aws4_request"
    signed = {"Authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0"}
    assert cloud.raw_invoke(echo.name, b"[1]", signed)[1] == cloud.raw_invoke(echo.name, b"[1]")[1] == b"[1]"


def test_F008_invoke_through_an_alias(cloud):
    """An alias runs the version it points to, whatever happens to $LATEST, and follows when it is moved; the context
    shows the alias in the ARN and the version's number. Recorded from AWS."""
    function = cloud.deploy(ABOUT)
    client = cloud.client("lambda")
    assert client.publish_version(FunctionName=function.name)["Version"] == "1"
    alias = client.create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")["AliasArn"]
    assert alias == f"{function.arn}:live"

    for answer in (function.invoke({}, Qualifier="live"), function.invoke({}, name=alias)):
        assert answer.executed_version == "1"
        assert answer.payload["arn"] == alias
        assert answer.payload["version"] == "1"
        assert f"START RequestId: {answer.request_id} Version: 1\n" in answer.tail

    function.update_code(ABOUT.replace('"variant": 1', '"variant": 2'))
    assert function.invoke({}).payload["variant"] == 2
    assert function.invoke({}, Qualifier="live").payload["variant"] == 1

    assert client.publish_version(FunctionName=function.name)["Version"] == "2"
    client.update_alias(FunctionName=function.name, Name="live", FunctionVersion="2")
    moved = function.invoke({}, Qualifier="live")
    assert (moved.executed_version, moved.payload["variant"], moved.payload["version"]) == ("2", 2, "2")


def test_F008_neighbour_invoke_a_published_version(cloud):
    """A version is invoked by its number, keeps its code, and has environments of its own. Recorded from AWS (with the
    alias)."""
    function = cloud.deploy(ABOUT)
    cloud.client("lambda").publish_version(FunctionName=function.name)
    function.update_code(ABOUT.replace('"variant": 1', '"variant": 2'))
    first = function.invoke({}, Qualifier="1")
    assert (first.executed_version, first.payload["variant"], first.payload["arn"]) == ("1", 1, f"{function.arn}:1")
    assert function.invoke({}).payload["count"] == 1
    assert function.invoke({}, Qualifier="1").payload["count"] == 2
    assert sorted(re.search(r"\[(.+)\]", stream)[1] for stream in function.log_streams()) == ["$LATEST", "1"]


def test_F008_neighbour_new_code_runs_from_the_next_invoke_on(cloud):
    """After UpdateFunctionCode the next invoke runs the new code in a new environment. Lambda Developer Guide,
    "Lambda execution environment lifecycle"."""
    function = cloud.deploy(ABOUT)
    assert [function.invoke({}).payload["count"] for _ in range(2)] == [1, 2]
    function.update_code(ABOUT.replace('"variant": 1', '"variant": 2'))
    answer = function.invoke({}).payload
    assert (answer["variant"], answer["count"]) == (2, 1)


# --- refused payloads ----------------------------------------------------------------------------------------------

NOT_JSON = "Could not parse request body into json: Could not parse payload into json: "
TOKENS = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"n\x87r\x89\x9e", r"Invalid UTF-8 start byte 0x87\n at \[Source: REDACTED \(.*\); line: 1, column: 3\]"),
        (
            b"\x99hello",
            rf"Unexpected character \(\(CTRL-CHAR, code 153\)\): expected a valid value {re.escape(TOKENS)}",
        ),
        (b"hello", rf"Unrecognized token 'hello': was expecting {re.escape(TOKENS)}"),
        (b"{'n': 1}", r"Unexpected character \('''? ?\(code 39\)\): was expecting double-quote to start field name"),
        (b'{"n": 1', r"Unexpected end-of-input"),
        (b'{"NaN": NaN}', rf"Unrecognized token 'NaN': was expecting {re.escape(TOKENS)}\n at .*line: 1, column: 12\]"),
        (
            b'{"n": "two\nlines"}',
            r"Illegal unquoted character \(\(CTRL-CHAR, code 10\)\): has to be escaped using backslash",
        ),
        (b'{"n": 1,}', r"Unexpected character \('}' \(code 125\)\): was expecting double-quote to start field name"),
        (b'{"n": 1} x', r"Unrecognized token 'x': was expecting "),
    ],
    ids=["utf-8", "ctrl-char", "word", "single-quotes", "cut-off", "nan", "newline", "trailing-comma", "trailing-text"],
)
def test_F024_payload_that_is_not_json(cloud, about, payload, words):
    """A payload that is not JSON is refused with 400 InvalidRequestContentException in the words of AWS's parser, and
    the function does not run. Recorded from AWS (the first three; the words of the others are that parser's)."""
    before = about.invoke({}).payload["count"]
    code, status, message = code_status_message(
        refused(cloud.client("lambda").invoke, FunctionName=about.name, Payload=payload)
    )
    assert (code, status) == ("InvalidRequestContentException", 400)
    assert message.startswith(NOT_JSON)
    assert re.match(words, message.removeprefix(NOT_JSON)), message

    response, body = cloud.raw_invoke(about.name, payload)
    assert response.status == 400
    assert response.getheader("x-amzn-ErrorType") == "InvalidRequestContentException"
    assert json.loads(body) == {"Type": "User", "message": message}
    assert about.invoke({}).payload["count"] == before + 1


def test_F025_aws_cli_v2_and_inline_json_payloads(cloud, echo):
    """AWS CLI 2 takes --payload for base64 unless told otherwise, so what it sends is garbage and is answered as in
    F024. Command Line Interface User Guide, "cli_binary_format". The bytes are sent here without the CLI."""
    decoded = base64.b64decode("name")  # what `--payload name` becomes
    code, status, message = code_status_message(
        refused(cloud.client("lambda").invoke, FunctionName=echo.name, Payload=decoded)
    )
    assert (code, status) == ("InvalidRequestContentException", 400)
    assert message.startswith(
        f"{NOT_JSON}Unexpected character ((CTRL-CHAR, code {decoded[0]})): expected a valid value"
    )
    assert echo.invoke(base64.b64decode(base64.b64encode(b'{"a": 1}'))).payload == {"a": 1}


def test_F043_request_larger_than_6_mb(cloud, about):
    """A synchronous payload over 6 MB is refused with 413 before the function runs. Seen in production output; the
    limit is in the Lambda Developer Guide, "Lambda quotas"."""
    before = about.invoke({}).payload["count"]
    payload = json.dumps("x" * (7 * 1024 * 1024)).encode()
    error = refused(cloud.client("lambda").invoke, FunctionName=about.name, Payload=payload)
    assert code_status_message(error) == (
        "RequestEntityTooLargeException",
        413,
        "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
    )
    assert about.invoke({}).payload["count"] == before + 1


def test_F043_neighbour_5_mb_make_the_round_trip(echo):
    """A payload under the limit goes in and comes out whole. Seen in production."""
    payload = json.dumps("0123456789" * (512 * 1024)).encode()
    assert echo.invoke(payload, tail=False).raw == payload


def test_F043_neighbour_an_answer_larger_than_6_mb(cloud):
    """The answer has the limit too; the error names AWS's figure, which is a little over 6 MB. Recorded from AWS."""
    answer = cloud.deploy("def handler(e, c): return 'x' * (7 * 1024 * 1024)").invoke({})
    assert (answer.status, answer.function_error) == (200, "Unhandled")
    assert answer.payload == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    }


def test_F043_neighbour_an_event_larger_than_1_mb_is_refused_when_asynchronous(cloud, echo):
    """Asynchronous payloads have a smaller limit; its number in the text is not certain and not tested. botocore's
    service model (F077)."""
    payload = json.dumps("x" * (2 * 1024 * 1024)).encode()
    error = refused(cloud.client("lambda").invoke, FunctionName=echo.name, Payload=payload, InvocationType="Event")
    code, status, _message = code_status_message(error)
    assert (code, status) == ("RequestEntityTooLargeException", 413)


# --- the rest of the request ---------------------------------------------------------------------------------------

CLIENT_CONTEXT = """
    def handler(event, context):
        given = context.client_context
        if given is None:
            return None
        client = given.client
        return {"custom": given.custom, "env": given.env, "client": client and client.installation_id}
"""


def test_F044_client_context(cloud):
    """ClientContext travels base64-coded in a header and is there as context.client_context; without it the field is
    None. Recorded from AWS."""
    function = cloud.deploy(CLIENT_CONTEXT)
    sent = {"custom": {"foo": "bar", "name": "Åsa"}, "client": {"installation_id": "i-1"}, "env": {"fizz": "buzz"}}
    coded = base64.b64encode(json.dumps(sent).encode()).decode()
    assert function.invoke({}, ClientContext=coded).payload == {
        "custom": {"foo": "bar", "name": "Åsa"},
        "env": {"fizz": "buzz"},
        "client": "i-1",
    }
    assert function.invoke({}).payload is None


def test_F044_neighbour_a_part_of_the_client_context_is_enough(cloud):
    """Parts that were not sent are None. Runtime client's output."""
    coded = base64.b64encode(b'{"custom": {"foo": "bar"}}').decode()
    answer = cloud.deploy(CLIENT_CONTEXT).invoke({}, ClientContext=coded).payload
    assert answer == {"custom": {"foo": "bar"}, "env": None, "client": None}


@pytest.mark.parametrize(
    "sent", ["not base64 at all!", base64.b64encode(b"{").decode(), base64.b64encode(b"[1]").decode()]
)
def test_F044_neighbour_a_client_context_that_is_none(cloud, sent):
    """Anything but base64 of a JSON object is refused. Seen in production output."""
    function = cloud.deploy(CLIENT_CONTEXT)
    error = refused(cloud.client("lambda").invoke, FunctionName=function.name, ClientContext=sent)
    assert code_status_message(error) == (
        "InvalidRequestContentException",
        400,
        "Client context must be a valid Base64-encoded JSON object.",
    )
    assert function.log_streams() == []


def test_an_invocation_type_that_is_none(cloud, about):
    """A misspelt InvocationType is refused, not taken for the default; the order of the names in the text is not
    certain. Seen in production output."""
    before = about.invoke({}).payload["count"]
    error = refused(cloud.client("lambda").invoke, FunctionName=about.name, InvocationType="Sync")
    code, status, message = code_status_message(error)
    assert (code, status) == ("ValidationException", 400)
    beginning, _, values = message.partition("[")
    assert beginning == (
        "1 validation error detected: Value 'Sync' at 'invocationType' failed to satisfy constraint: "
        "Member must satisfy enum value set: "
    )
    assert sorted(values.rstrip("]").split(", ")) == ["DryRun", "Event", "RequestResponse"]
    assert about.invoke({}).payload["count"] == before + 1


def test_dry_run_answers_204_and_does_not_run_the_function(cloud):
    """InvocationType DryRun only checks that the call would be allowed. Lambda API Reference, "Invoke"."""
    function = cloud.deploy(ABOUT)
    answer = function.invoke({}, tail=False, InvocationType="DryRun")
    assert (answer.status, answer.raw, answer.executed_version, answer.function_error) == (204, b"", None, None)
    assert function.log_streams() == []
    assert function.invoke({}).payload["count"] == 1


def test_event_answers_202_at_once_without_a_result(cloud):
    """InvocationType Event is accepted with 202 and an empty body: no version, no error, no log, although this function
    fails. Recorded from AWS (F065)."""
    function = cloud.deploy("import time\n\ndef handler(e, c):\n    time.sleep(0.5)\n    raise Exception('later')")
    cloud.client("lambda").put_function_event_invoke_config(FunctionName=function.name, MaximumRetryAttempts=0)
    answer = function.invoke({}, InvocationType="Event")
    assert (answer.status, answer.raw, answer.tail) == (202, b"", None)
    assert (answer.executed_version, answer.function_error) == (None, None)
