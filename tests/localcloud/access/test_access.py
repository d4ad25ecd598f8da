"""What Access lets through at once, refuses, remembers and forgets; with a directory of the test's own."""

from __future__ import annotations

import asyncio
import json
import time
from xml.etree import ElementTree

import boto3
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from multidict import CIMultiDict

from labsupport.localcloud.access import Access

KEY, SECRET, TOKEN = "ASIAQWERTYUIOPASDFGH", "secret", "token"
ROLE = "arn:aws:iam::123456789012:role/worker"
SESSION = "arn:aws:sts::123456789012:assumed-role/worker/f"
ENDPOINT = "http://127.0.0.1:8000"


class Directory:
    """One role session; counts the questions."""

    def __init__(self, *statements, **more):
        self.statements = list(statements)
        self.more = more
        self.policies = {}
        self.asked = []

    async def identity(self, access_key):
        self.asked.append(access_key)
        if access_key != KEY:
            return None
        return {
            "arn": SESSION,
            "role_arn": ROLE,
            "account": "123456789012",
            "name": "worker",
            "user_id": "AROA:f",
            "secret": SECRET,
            "token": TOKEN,
            "expires": time.time() + 3600,
            "policies": [json.dumps({"Version": "2012-10-17", "Statement": self.statements})],
        } | self.more

    async def role(self, role_arn):
        self.asked.append(role_arn)
        return await self.identity(KEY) if role_arn == ROLE else None

    async def resource(self, kind, region, name):
        self.asked.append((kind, name))
        return {"policy": self.policies.get(name)}


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def call(
    service="dynamodb", url="/", body=b"{}", method="POST", target=None, key=KEY, secret=SECRET, token=TOKEN, form=False
):
    """The arguments of authorize for a signed request."""
    headers = {}
    if target:
        headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0"}
    elif form:
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    request = AWSRequest(method=method, url=ENDPOINT + url, data=body, headers=headers)
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(Credentials(key, secret, token), service, "us-east-1").add_auth(request)
    return method, url, CIMultiDict({"Host": "127.0.0.1:8000"} | dict(request.headers.items())), body


SCAN = {"target": "DynamoDB_20120810.Scan", "body": b'{"TableName": "T"}'}


def authorize(access, arguments):
    return asyncio.run(access.authorize(*arguments))


def test_the_learners_own_calls_pass_without_a_question():
    directory = Directory()
    assert authorize(Access(directory), call(key="testing", token=None, **SCAN)) is None
    assert directory.asked == []


def test_a_call_without_a_signature_passes_as_before():
    """Anonymous calls are not the business of IAM's identities; a service that refuses them does so itself."""
    directory = Directory()
    access = Access(directory)
    assert authorize(access, ("GET", "/photos/cat.jpg", CIMultiDict({"Host": "x"}), b"")) is None
    headers = CIMultiDict({"Host": "x", "X-Amz-Target": "DynamoDB_20120810.Scan"})
    assert authorize(access, ("POST", "/", headers, b"{}")) is None
    assert directory.asked == []


def test_a_role_session_is_asked_for_once_and_forgotten_after_a_write_to_iam():
    directory = Directory(allow("dynamodb:*"))
    access = Access(directory)
    for _ in range(3):
        assert authorize(access, call(**SCAN)) is None
    assert directory.asked.count(KEY) == 1
    directory.statements.clear()
    access.note_call(*call("iam", body=b"Action=GetRole&RoleName=worker", form=True))
    assert authorize(access, call(**SCAN)) is None
    access.note_call(*call("iam", body=b"Action=DeleteRolePolicy&RoleName=worker", form=True, key="testing"))
    assert authorize(access, call(**SCAN)).status == 400
    assert directory.asked.count(KEY) == 2


def test_a_bucket_policy_is_asked_for_once_and_forgotten_when_it_is_written():
    directory = Directory()
    access = Access(directory)
    read = call("s3", "/b/k", b"", "GET")
    for _ in range(2):
        assert authorize(access, read).status == 403
    access.note_call(*call("s3", "/b/k", b"x", "PUT", key="testing"))
    assert authorize(access, read).status == 403
    assert directory.asked.count(("s3", "b")) == 1
    directory.policies["b"] = {"Statement": [allow("s3:GetObject", Principal="*")]}
    access.note_call(*call("s3", "/b?policy", b"{}", "PUT", key="testing"))
    assert authorize(access, read) is None


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        ({"service": "dynamodb", **SCAN}, 400, "AccessDeniedException"),
        ({"service": "sqs", "target": "AmazonSQS.ListQueues"}, 403, "AccessDeniedException"),
        ({"service": "sns", "form": True, "body": b"Action=ListTopics"}, 403, "AuthorizationError"),
        ({"service": "iam", "form": True, "body": b"Action=ListUsers"}, 403, "AccessDenied"),
        ({"service": "s3", "url": "/b/k", "method": "GET", "body": b""}, 403, "AccessDenied"),
        (
            {"service": "lambda", "url": "/2015-03-31/functions/", "method": "GET", "body": b""},
            403,
            "AccessDeniedException",
        ),
        (
            {"service": "ssm", "target": "AmazonSSM.GetParameter", "body": b'{"Name": "a"}'},
            400,
            "AccessDeniedException",
        ),
    ],
)
def test_each_protocol_says_no_in_its_way(arguments, status, code):
    denial = authorize(Access(Directory()), call(**arguments))
    assert denial.status == status
    assert code_of(denial) == code
    assert f"User: {SESSION} is not authorized to perform: " in denial.body.decode()


def code_of(denial):
    if denial.headers.get("Content-Type", "").endswith("xml"):
        return next(one.text for one in ElementTree.fromstring(denial.body).iter() if one.tag == "Code")
    if "x-amzn-ErrorType" in denial.headers:
        return denial.headers["x-amzn-ErrorType"]
    return json.loads(denial.body)["__type"].rpartition("#")[2]


S3_GET = {"service": "s3", "url": "/b/k", "method": "GET", "body": b""}
LAMBDA_GET = {"service": "lambda", "url": "/2015-03-31/functions/f", "method": "GET", "body": b""}
STS = {"service": "sts", "form": True, "body": b"Action=GetCallerIdentity&Version=2011-06-15"}
INVALID = "The security token included in the request is invalid."
UNKNOWN = "AKIAQWERTYUIOPASDFGH"


@pytest.mark.parametrize(
    ("arguments", "changed", "status", "code", "message"),
    [
        (SCAN, {"key": UNKNOWN, "token": None}, 400, "UnrecognizedClientException", INVALID),
        (LAMBDA_GET, {"key": UNKNOWN, "token": None}, 403, "UnrecognizedClientException", INVALID),
        (STS, {"key": UNKNOWN, "token": None}, 403, "InvalidClientTokenId", INVALID),
        (
            S3_GET,
            {"key": UNKNOWN, "token": None},
            403,
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
        (SCAN, {"token": "another"}, 400, "UnrecognizedClientException", INVALID),
        (S3_GET, {"token": "another"}, 400, "InvalidToken", "The provided token is malformed or otherwise invalid."),
        (
            SCAN,
            {"secret": "guessed"},
            400,
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
            "Key and signing method. Consult the service documentation for details.",
        ),
        (
            S3_GET,
            {"secret": "guessed"},
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
        ),
    ],
)
def test_an_invented_key_a_wrong_token_and_a_wrong_secret_are_refused(arguments, changed, status, code, message):
    denial = authorize(Access(Directory(allow("*"))), call(**arguments | changed))
    assert (denial.status, code_of(denial)) == (status, code)
    assert message in denial.body.decode()


@pytest.mark.parametrize(
    ("arguments", "status", "code", "message"),
    [
        (SCAN, 400, "ExpiredTokenException", "The security token included in the request is expired"),
        (LAMBDA_GET, 403, "ExpiredTokenException", "The security token included in the request is expired"),
        (STS, 403, "ExpiredToken", "The security token included in the request is expired"),
        (S3_GET, 400, "ExpiredToken", "The provided token has expired."),
    ],
)
def test_an_expired_session_is_refused(arguments, status, code, message):
    denial = authorize(Access(Directory(allow("*"), expires=time.time() - 1)), call(**arguments))
    assert (denial.status, code_of(denial)) == (status, code)
    assert message in denial.body.decode()


def test_head_is_refused_without_a_body():
    denial = authorize(Access(Directory()), call("s3", "/b/k", b"", "HEAD"))
    assert (denial.status, denial.body) == (403, b"")


def test_an_operation_nobody_knows_needs_all_rights_of_the_service():
    unknown = call("xray", "/no/such/path", b"{}")
    assert authorize(Access(Directory(allow("xray:Get*"))), unknown).status == 403
    assert authorize(Access(Directory(allow("xray:*"))), unknown) is None


def test_a_function_policy_can_give_the_right_to_invoke():
    async def function_policies(region, function_arn):
        assert (region, function_arn) == ("us-east-1", "arn:aws:lambda:us-east-1:123456789012:function:f")
        return {"Statement": [allow("lambda:InvokeFunction", function_arn, Principal={"AWS": ROLE})]}

    access = Access(Directory())
    invoke = call("lambda", "/2015-03-31/functions/f/invocations")
    assert authorize(access, invoke).status == 403
    access.function_policies = function_policies
    assert authorize(access, invoke) is None


def test_deleting_some_keys_that_are_allowed_and_some_that_are_not_deletes_none_and_says_so():
    body = b"<Delete><Object><Key>in/a</Key></Object><Object><Key>out/b</Key></Object></Delete>"
    access = Access(Directory(allow("s3:DeleteObject", "arn:aws:s3:::b/in/*")))
    denial = authorize(access, call("s3", "/b?delete", body))
    assert denial.status == 200
    errors = [
        (one.findtext("{*}Key"), one.findtext("{*}Code"))
        for one in ElementTree.fromstring(denial.body).findall("{*}Error")
    ]
    assert errors == [("in/a", "InternalError"), ("out/b", "AccessDenied")]
    allowed = b"<Delete><Object><Key>in/a</Key></Object></Delete>"
    assert authorize(access, call("s3", "/b?delete", allowed)) is None


def test_a_missing_object_is_hidden_only_from_who_may_not_list():
    def hide(access, status=404, path="/b/k"):
        return asyncio.run(access.hide_missing_object("GET", path, call("s3", path, b"", "GET")[2], status))

    assert hide(Access(Directory(allow("s3:GetObject")))).status == 403
    assert hide(Access(Directory(allow("s3:GetObject")))).body.count(b"s3:ListBucket") == 2
    assert hide(Access(Directory(allow("s3:*")))) is None
    assert hide(Access(Directory(allow("s3:GetObject"))), status=200) is None
    assert hide(Access(Directory(allow("s3:GetObject"))), path="/b") is None


def test_role_allows_answers_for_the_clouds_own_questions():
    queue = "arn:aws:sqs:us-east-1:123456789012:dead"
    directory = Directory(allow("sqs:SendMessage", queue), allow("sns:Publish", Condition={"Bool": {"x:y": "true"}}))
    access = Access(directory)

    async def ask(*arguments, **more):
        return await access.role_allows(*arguments, **more)

    assert asyncio.run(ask(ROLE, "sqs:SendMessage", queue))
    assert not asyncio.run(ask(ROLE, "sqs:SendMessage", queue + "2"))
    assert asyncio.run(ask(ROLE, "sns:Publish", "arn:aws:sns:us-east-1:123456789012:t", context={"x:y": ("true",)}))
    assert not asyncio.run(ask("arn:aws:iam::123456789012:role/gone", "sqs:SendMessage", queue))
    assert directory.asked.count(ROLE) == 1


def test_log_rights_follow_group_and_stream():
    group = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/f"

    def rights(*statements):
        access = Access(Directory(*statements))
        return asyncio.run(access.log_rights(ROLE, "us-east-1", "/aws/lambda/f", "2026/01/01/[$LATEST]0"))

    assert rights() == set()
    assert rights(allow("logs:*")) == {"CreateLogGroup", "CreateLogStream", "PutLogEvents"}
    assert rights(allow(["logs:CreateLogStream", "logs:PutLogEvents"], f"{group}:*")) == {
        "CreateLogStream",
        "PutLogEvents",
    }
    # Without the star only the group itself is meant.
    assert rights(allow("logs:*", group)) == {"CreateLogGroup"}
    assert rights(allow("logs:*", f"{group}2:*")) == set()


def form_upload(version, key="in/${filename}", secret=SECRET):
    """A browser's upload with the fields of boto3's generate_presigned_post."""
    s3 = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=ENDPOINT,
        aws_access_key_id=KEY,
        aws_secret_access_key=secret,
        aws_session_token=TOKEN,
        config=Config(signature_version=version),
    )
    fields = s3.generate_presigned_post("b", key, ExpiresIn=60)["fields"]
    parts = [
        f'--xyz\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields.items()
    ]
    parts.append(
        '--xyz\r\nContent-Disposition: form-data; name="file"; filename="cat.jpg"\r\n\r\nASIA--\r\n--xyz--\r\n'
    )
    headers = CIMultiDict({"Host": "127.0.0.1:8000", "Content-Type": "multipart/form-data; boundary=xyz"})
    return "POST", "/b", headers, "".join(parts).encode()


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_form_upload_needs_its_signers_right_to_put_the_object(version):
    denial = authorize(Access(Directory(allow("s3:PutObject", "arn:aws:s3:::b/out/*"))), form_upload(version))
    assert (denial.status, code_of(denial)) == (403, "AccessDenied")
    assert 'to perform: s3:PutObject on resource: "arn:aws:s3:::b/in/cat.jpg" because' in denial.body.decode()
    assert authorize(Access(Directory(allow("s3:PutObject", "arn:aws:s3:::b/in/*"))), form_upload(version)) is None
    guessed = authorize(Access(Directory(allow("*"))), form_upload(version, secret="guessed"))
    assert (guessed.status, code_of(guessed)) == (403, "SignatureDoesNotMatch")


def test_an_anonymous_form_passes_as_before():
    headers = CIMultiDict({"Host": "x", "Content-Type": "multipart/form-data; boundary=xyz"})
    body = b'--xyz\r\nContent-Disposition: form-data; name="key"\r\n\r\nASIA\r\n--xyz--\r\n'
    assert authorize(Access(Directory()), ("POST", "/b", headers, body)) is None
