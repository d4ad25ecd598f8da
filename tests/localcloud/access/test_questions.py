"""Which action and resource a request asks for: boto3 builds the request, so the wire is the real one."""

from __future__ import annotations

import asyncio

import boto3
import pytest
from botocore.config import Config
from multidict import CIMultiDict

from labsupport.localcloud.access import questions
from labsupport.localcloud.access.credential import credential_of
from labsupport.localcloud.access.policy import Policy
from labsupport.localcloud.access.questions import Facts, s3
from labsupport.localcloud.access.request import read, split

HERE = "us-east-1:123456789012"
SECRET_ARN = f"arn:aws:secretsmanager:{HERE}:secret:prod/db-AbC123"
_SESSION = boto3.session.Session()
_CLIENTS = {}


class Sent(Exception):
    """Carries the request instead of sending it."""


def wire(service, call, **parameters):
    """The request boto3 would send."""
    if service not in _CLIENTS:
        client = _SESSION.client(
            service,
            endpoint_url="http://127.0.0.1:1",
            region_name="us-east-1",
            aws_access_key_id="ASIAQWERTYUIOPASDFGH",
            aws_secret_access_key="s",
            config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
        )

        def catch(request, **_):
            raise Sent(request)

        client.meta.events.register("before-send", catch)
        _CLIENTS[service] = client
    with pytest.raises(Sent) as caught:
        getattr(_CLIENTS[service], call)(**parameters)
    prepared = caught.value.args[0]
    raw_path = prepared.url.removeprefix("http://127.0.0.1:1")
    headers = CIMultiDict(
        {name: value.decode() if isinstance(value, bytes) else str(value) for name, value in prepared.headers.items()}
    )
    headers["Host"] = "127.0.0.1:1"
    body = prepared.body
    if hasattr(body, "read"):
        body = body.read()
    body = body.encode() if isinstance(body, str) else body or b""
    path, query = split(raw_path)
    return read(prepared.method, path, query, headers, body, credential_of(query, headers))


async def known(kind, region, name):
    """A table, a secret, a key and a role that exist."""
    facts = {
        ("dynamodb", "T"): Facts(f"arn:aws:dynamodb:{HERE}:table/T", keys={"": "pk", "I": "sk"}, tags={"Team": "a"}),
        ("secretsmanager", "prod/db"): Facts(SECRET_ARN),
        ("kms", "alias/own"): Facts(f"arn:aws:kms:{HERE}:key/k1", Policy(())),
        ("role", "arn:aws:iam::123456789012:role/r"): Facts("arn:aws:iam::123456789012:role/r", Policy(())),
    }
    return facts.get((kind, name))


def ask(service, call, **parameters):
    return asyncio.run(questions.ask(wire(service, call, **parameters), known))


def pairs(service, call, **parameters):
    return [(question.action, question.resources[0]) for question in ask(service, call, **parameters)]


B = "arn:aws:s3:::photos"
S3 = [
    ("get_object", {"Key": "a b.txt"}, [("s3:GetObject", f"{B}/a b.txt")]),
    ("get_object", {"Key": "k", "VersionId": "v"}, [("s3:GetObjectVersion", f"{B}/k")]),
    ("head_object", {"Key": "k"}, [("s3:GetObject", f"{B}/k")]),
    ("head_bucket", {}, [("s3:ListBucket", B)]),
    ("list_objects_v2", {}, [("s3:ListBucket", B)]),
    ("list_objects", {}, [("s3:ListBucket", B)]),
    ("list_object_versions", {}, [("s3:ListBucketVersions", B)]),
    ("put_object", {"Key": "k"}, [("s3:PutObject", f"{B}/k")]),
    (
        "put_object",
        {"Key": "k", "Tagging": "a=b", "ACL": "public-read"},
        [("s3:PutObject", f"{B}/k"), ("s3:PutObjectTagging", f"{B}/k"), ("s3:PutObjectAcl", f"{B}/k")],
    ),
    (
        "copy_object",
        {"Key": "new", "CopySource": {"Bucket": "src", "Key": "ö ld"}},
        [("s3:GetObject", "arn:aws:s3:::src/ö ld"), ("s3:PutObject", f"{B}/new")],
    ),
    ("delete_object", {"Key": "k"}, [("s3:DeleteObject", f"{B}/k")]),
    ("delete_object", {"Key": "k", "VersionId": "v"}, [("s3:DeleteObjectVersion", f"{B}/k")]),
    (
        "delete_objects",
        {"Delete": {"Objects": [{"Key": "a&b"}, {"Key": "c", "VersionId": "v"}]}},
        [("s3:DeleteObject", f"{B}/a&b"), ("s3:DeleteObjectVersion", f"{B}/c")],
    ),
    ("create_multipart_upload", {"Key": "k"}, [("s3:PutObject", f"{B}/k")]),
    ("upload_part", {"Key": "k", "UploadId": "u", "PartNumber": 1}, [("s3:PutObject", f"{B}/k")]),
    ("complete_multipart_upload", {"Key": "k", "UploadId": "u"}, [("s3:PutObject", f"{B}/k")]),
    ("abort_multipart_upload", {"Key": "k", "UploadId": "u"}, [("s3:AbortMultipartUpload", f"{B}/k")]),
    ("list_parts", {"Key": "k", "UploadId": "u"}, [("s3:ListMultipartUploadParts", f"{B}/k")]),
    ("list_multipart_uploads", {}, [("s3:ListBucketMultipartUploads", B)]),
    ("get_object_tagging", {"Key": "k"}, [("s3:GetObjectTagging", f"{B}/k")]),
    ("put_object_tagging", {"Key": "k", "Tagging": {"TagSet": []}}, [("s3:PutObjectTagging", f"{B}/k")]),
    ("delete_object_tagging", {"Key": "k"}, [("s3:DeleteObjectTagging", f"{B}/k")]),
    ("get_object_acl", {"Key": "k", "VersionId": "v"}, [("s3:GetObjectVersionAcl", f"{B}/k")]),
    ("create_bucket", {}, [("s3:CreateBucket", B)]),
    ("delete_bucket", {}, [("s3:DeleteBucket", B)]),
    ("get_bucket_location", {}, [("s3:GetBucketLocation", B)]),
    ("put_bucket_policy", {"Policy": "{}"}, [("s3:PutBucketPolicy", B)]),
    ("delete_bucket_policy", {}, [("s3:DeleteBucketPolicy", B)]),
    ("get_bucket_notification_configuration", {}, [("s3:GetBucketNotification", B)]),
    ("delete_bucket_lifecycle", {}, [("s3:PutLifecycleConfiguration", B)]),
    ("delete_bucket_cors", {}, [("s3:PutBucketCORS", B)]),
]


@pytest.mark.parametrize(("call", "parameters", "expected"), S3, ids=[f"{n}-{row[0]}" for n, row in enumerate(S3)])
def test_s3(call, parameters, expected):
    assert pairs("s3", call, Bucket="photos", **parameters) == expected


def test_s3_without_a_bucket():
    assert pairs("s3", "list_buckets") == [("s3:ListAllMyBuckets", "arn:aws:s3:::*")]


@pytest.mark.parametrize(
    ("path", "host", "bucket", "key"),
    [
        ("/photos/a%20b", "127.0.0.1:1", "photos", "a b"),
        ("/photos", "127.0.0.1:1", "photos", ""),
        ("/", "127.0.0.1:1", "", ""),
        ("/a/b", "photos.s3.amazonaws.com", "photos", "a/b"),
        ("/a", "photos.eu.s3.eu-west-1.amazonaws.com", "photos.eu", "a"),
        ("/photos/a", "s3.us-east-1.amazonaws.com", "photos", "a"),
    ],
)
def test_where_bucket_and_key_stand(path, host, bucket, key):
    assert s3.place_of(path, host) == s3.Place(bucket, key)


T = f"arn:aws:dynamodb:{HERE}:table/T"
VALUES = {"ExpressionAttributeValues": {":v": {"S": "x"}}}
OTHERS = [
    ("dynamodb", "get_item", {"TableName": "T", "Key": {"pk": {"S": "1"}}}, [("dynamodb:GetItem", T)]),
    ("dynamodb", "get_item", {"TableName": T, "Key": {"pk": {"S": "1"}}}, [("dynamodb:GetItem", T)]),
    ("dynamodb", "scan", {"TableName": "T", "IndexName": "I"}, [("dynamodb:Scan", f"{T}/index/I")]),
    (
        "dynamodb",
        "batch_write_item",
        {"RequestItems": {"T": [{"DeleteRequest": {"Key": {"pk": {"S": "1"}}}}]}},
        [("dynamodb:BatchWriteItem", T)],
    ),
    (
        "dynamodb",
        "transact_write_items",
        {
            "TransactItems": [
                {"Put": {"TableName": "T", "Item": {}}},
                {
                    "ConditionCheck": {
                        "TableName": "U",
                        "Key": {"pk": {"S": "1"}},
                        "ConditionExpression": "attribute_exists(pk)",
                    }
                },
            ]
        },
        [("dynamodb:PutItem", T), ("dynamodb:ConditionCheckItem", f"arn:aws:dynamodb:{HERE}:table/U")],
    ),
    (
        "dynamodb",
        "execute_statement",
        {"Statement": 'SELECT * FROM "T"."I" WHERE pk=1'},
        [("dynamodb:PartiQLSelect", f"{T}/index/I")],
    ),
    ("dynamodb", "execute_statement", {"Statement": "INSERT INTO T VALUE {'pk': 1}"}, [("dynamodb:PartiQLInsert", T)]),
    ("dynamodb", "execute_statement", {"Statement": 'UPDATE "T" SET a=1 WHERE pk=1'}, [("dynamodb:PartiQLUpdate", T)]),
    ("dynamodb", "list_tables", {}, [("dynamodb:ListTables", f"arn:aws:dynamodb:{HERE}:table/*")]),
    (
        "dynamodbstreams",
        "get_shard_iterator",
        {
            "StreamArn": f"{T}/stream/2026-01-01T00:00:00.000",
            "ShardId": "shardId-00000001414576573621",
            "ShardIteratorType": "LATEST",
        },
        [("dynamodb:GetShardIterator", f"{T}/stream/2026-01-01T00:00:00.000")],
    ),
    (
        "sqs",
        "send_message",
        {"QueueUrl": "http://127.0.0.1:1/123456789012/q", "MessageBody": "x"},
        [("sqs:SendMessage", f"arn:aws:sqs:{HERE}:q")],
    ),
    (
        "sqs",
        "delete_message_batch",
        {"QueueUrl": "http://127.0.0.1:1/123456789012/q", "Entries": []},
        [("sqs:DeleteMessage", f"arn:aws:sqs:{HERE}:q")],
    ),
    ("sqs", "get_queue_url", {"QueueName": "q"}, [("sqs:GetQueueUrl", f"arn:aws:sqs:{HERE}:q")]),
    (
        "sns",
        "publish_batch",
        {"TopicArn": f"arn:aws:sns:{HERE}:t", "PublishBatchRequestEntries": []},
        [("sns:Publish", f"arn:aws:sns:{HERE}:t")],
    ),
    ("sns", "publish", {"PhoneNumber": "+15550100", "Message": "x"}, [("sns:Publish", "+15550100")]),
    (
        "sns",
        "unsubscribe",
        {"SubscriptionArn": f"arn:aws:sns:{HERE}:t:1-2"},
        [("sns:Unsubscribe", f"arn:aws:sns:{HERE}:t")],
    ),
    ("sns", "create_topic", {"Name": "t"}, [("sns:CreateTopic", f"arn:aws:sns:{HERE}:t")]),
    ("sns", "list_topics", {}, [("sns:ListTopics", f"arn:aws:sns:{HERE}:*")]),
    (
        "events",
        "put_events",
        {"Entries": [{"EventBusName": "own"}, {"EventBusName": "own"}, {}]},
        [
            ("events:PutEvents", f"arn:aws:events:{HERE}:event-bus/own"),
            ("events:PutEvents", f"arn:aws:events:{HERE}:event-bus/default"),
        ],
    ),
    (
        "events",
        "put_rule",
        {"Name": "r", "EventBusName": "own"},
        [("events:PutRule", f"arn:aws:events:{HERE}:rule/own/r")],
    ),
    (
        "events",
        "put_targets",
        {"Rule": "r", "Targets": [{"Id": "1", "Arn": "a"}]},
        [("events:PutTargets", f"arn:aws:events:{HERE}:rule/r")],
    ),
    (
        "logs",
        "put_log_events",
        {"logGroupName": "/g", "logStreamName": "s", "logEvents": []},
        [("logs:PutLogEvents", f"arn:aws:logs:{HERE}:log-group:/g:log-stream:s")],
    ),
    (
        "logs",
        "filter_log_events",
        {"logGroupName": "/g"},
        [("logs:FilterLogEvents", f"arn:aws:logs:{HERE}:log-group:/g:log-stream:")],
    ),
    ("secretsmanager", "get_secret_value", {"SecretId": "prod/db"}, [("secretsmanager:GetSecretValue", SECRET_ARN)]),
    ("secretsmanager", "list_secrets", {}, [("secretsmanager:ListSecrets", "*")]),
    (
        "ssm",
        "get_parameters",
        {"Names": ["a", "/b/c", "d:3"]},
        [("ssm:GetParameters", f"arn:aws:ssm:{HERE}:parameter/{name}") for name in ("a", "b/c", "d")],
    ),
    ("ssm", "describe_parameters", {}, [("ssm:DescribeParameters", f"arn:aws:ssm:{HERE}:*")]),
    ("kms", "encrypt", {"KeyId": "alias/own", "Plaintext": b"x"}, [("kms:Encrypt", f"arn:aws:kms:{HERE}:key/k1")]),
    ("kms", "create_key", {}, [("kms:CreateKey", "*")]),
    ("sts", "get_caller_identity", {}, []),
    (
        "sts",
        "assume_role",
        {"RoleArn": "arn:aws:iam::123456789012:role/r", "RoleSessionName": "me"},
        [("sts:AssumeRole", "arn:aws:iam::123456789012:role/r")],
    ),
    (
        "iam",
        "create_role",
        {"RoleName": "n", "Path": "/p/", "AssumeRolePolicyDocument": "{}"},
        [("iam:CreateRole", "arn:aws:iam::123456789012:role/p/n")],
    ),
    ("iam", "list_users", {}, [("iam:ListUsers", "arn:aws:iam::123456789012:user/")]),
    ("cloudwatch", "put_metric_data", {"Namespace": "N", "MetricData": []}, [("cloudwatch:PutMetricData", "*")]),
    (
        "stepfunctions",
        "start_execution",
        {"stateMachineArn": f"arn:aws:states:{HERE}:stateMachine:m"},
        [("states:StartExecution", f"arn:aws:states:{HERE}:stateMachine:m")],
    ),
    ("ec2", "describe_instances", {}, [("ec2:DescribeInstances", "*")]),
    ("apigateway", "get_rest_apis", {}, [("apigateway:GET", "arn:aws:apigateway:us-east-1::/restapis")]),
    ("xray", "get_groups", {}, [("xray:GetGroups", "*")]),
]


@pytest.mark.parametrize(
    ("service", "call", "parameters", "expected"),
    OTHERS,
    ids=[f"{n}-{row[0]}-{row[1]}" for n, row in enumerate(OTHERS)],
)
def test_other_services(service, call, parameters, expected):
    assert pairs(service, call, **parameters) == expected


F = f"arn:aws:lambda:{HERE}:function:f"
ROLE = "arn:aws:iam::123456789012:role/r"
LAMBDA = [
    ("invoke", {"FunctionName": "f"}, [("lambda:InvokeFunction", F)]),
    ("invoke", {"FunctionName": "f:live"}, [("lambda:InvokeFunction", f"{F}:live")]),
    ("invoke", {"FunctionName": "f", "Qualifier": "1"}, [("lambda:InvokeFunction", f"{F}:1")]),
    ("invoke", {"FunctionName": "123456789012:function:f"}, [("lambda:InvokeFunction", F)]),
    ("invoke", {"FunctionName": F}, [("lambda:InvokeFunction", F)]),
    ("get_function", {"FunctionName": "f"}, [("lambda:GetFunction", F)]),
    ("list_functions", {}, [("lambda:ListFunctions", "*")]),
    (
        "publish_layer_version",
        {"LayerName": "l", "Content": {}},
        [("lambda:PublishLayerVersion", f"arn:aws:lambda:{HERE}:layer:l")],
    ),
    (
        "get_layer_version",
        {"LayerName": "l", "VersionNumber": 2},
        [("lambda:GetLayerVersion", f"arn:aws:lambda:{HERE}:layer:l:2")],
    ),
    (
        "get_layer_version_by_arn",
        {"Arn": f"arn:aws:lambda:{HERE}:layer:l:2"},
        [("lambda:GetLayerVersion", f"arn:aws:lambda:{HERE}:layer:l:2")],
    ),
    (
        "create_function",
        {"FunctionName": "f", "Role": ROLE, "Code": {}, "Layers": [f"arn:aws:lambda:{HERE}:layer:l:1"]},
        [
            ("lambda:CreateFunction", F),
            ("iam:PassRole", ROLE),
            ("lambda:GetLayerVersion", f"arn:aws:lambda:{HERE}:layer:l:1"),
        ],
    ),
    ("update_function_configuration", {"FunctionName": "f", "Timeout": 9}, [("lambda:UpdateFunctionConfiguration", F)]),
    ("create_event_source_mapping", {"FunctionName": "f"}, [("lambda:CreateEventSourceMapping", "*")]),
    (
        "delete_event_source_mapping",
        {"UUID": "u"},
        [("lambda:DeleteEventSourceMapping", f"arn:aws:lambda:{HERE}:event-source-mapping:u")],
    ),
]


@pytest.mark.parametrize(
    ("call", "parameters", "expected"), LAMBDA, ids=[f"{n}-{row[0]}" for n, row in enumerate(LAMBDA)]
)
def test_lambda(call, parameters, expected):
    assert pairs("lambda", call, **parameters) == expected


@pytest.mark.parametrize(
    ("service", "call", "parameters", "key", "values"),
    [
        ("s3", "list_objects_v2", {"Bucket": "b", "Prefix": "in/", "Delimiter": "/"}, "s3:prefix", ("in/",)),
        ("s3", "put_object", {"Bucket": "b", "Key": "k", "ACL": "private"}, "s3:x-amz-acl", ("private",)),
        ("s3", "put_object", {"Bucket": "b", "Key": "k", "Tagging": "a=1&c=2"}, "s3:requestobjecttagkeys", ("a", "c")),
        ("dynamodb", "get_item", {"TableName": "T", "Key": {"pk": {"S": "x"}}}, "dynamodb:leadingkeys", ("x",)),
        ("dynamodb", "put_item", {"TableName": "T", "Item": {"pk": {"N": "7"}}}, "dynamodb:leadingkeys", ("7",)),
        (
            "dynamodb",
            "query",
            {"TableName": "T", "KeyConditionExpression": "pk = :v AND b > :w", **VALUES},
            "dynamodb:leadingkeys",
            ("x",),
        ),
        (
            "dynamodb",
            "query",
            {"TableName": "T", "IndexName": "I", "KeyConditionExpression": "sk=:v", **VALUES},
            "dynamodb:leadingkeys",
            ("x",),
        ),
        ("dynamodb", "scan", {"TableName": "T"}, "dynamodb:leadingkeys", None),
        ("dynamodb", "scan", {"TableName": "T"}, "dynamodb:select", ("ALL_ATTRIBUTES",)),
        (
            "dynamodb",
            "scan",
            {"TableName": "T", "ProjectionExpression": "a, #b.c", "ExpressionAttributeNames": {"#b": "bee"}},
            "dynamodb:attributes",
            ("a", "bee"),
        ),
        ("dynamodb", "scan", {"TableName": "T"}, "aws:resourcetag/team", ("a",)),
        (
            "lambda",
            "create_event_source_mapping",
            {"FunctionName": "f"},
            "lambda:functionarn",
            (F,),
        ),
        ("sns", "create_topic", {"Name": "t", "Tags": [{"Key": "Team", "Value": "a"}]}, "aws:requesttag/team", ("a",)),
        (
            "iam",
            "attach_role_policy",
            {"RoleName": "n", "PolicyArn": "arn:aws:iam::aws:policy/P1"},
            "iam:policyarn",
            ("arn:aws:iam::aws:policy/P1",),
        ),
        (
            "sts",
            "assume_role",
            {"RoleArn": ROLE, "RoleSessionName": "me", "ExternalId": "ee"},
            "sts:externalid",
            ("ee",),
        ),
        (
            "kms",
            "encrypt",
            {"KeyId": "alias/own", "Plaintext": b"x", "EncryptionContext": {"a": "b"}},
            "kms:encryptioncontext:a",
            ("b",),
        ),
        ("ssm", "put_parameter", {"Name": "a", "Value": "b", "Overwrite": True}, "ssm:overwrite", ("true",)),
    ],
)
def test_condition_keys(service, call, parameters, key, values):
    (question, *_) = ask(service, call, **parameters)
    assert question.context.get(key) == values


def test_passing_a_role_tells_to_whom():
    passing = ask("lambda", "create_function", FunctionName="f", Role=ROLE, Code={})[1]
    assert passing.context["iam:passedtoservice"] == ("lambda.amazonaws.com",)


def test_a_body_that_is_no_json_still_asks_a_question():
    request = wire("dynamodb", "list_tables")
    broken = read(request.method, request.path, request.query, request.headers, b"{", request.credential)
    (question,) = asyncio.run(questions.ask(broken, known))
    assert question.action == "dynamodb:ListTables"
