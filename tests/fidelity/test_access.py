"""Calls a function makes with its execution role's credentials are decided by the role's policies, in AWS's words."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from .deployment import ACCOUNT, BASIC_EXECUTION, REGION, TRUST, Answer, CloudUnderTest, unique_name

INVALID_TOKEN = "The security token included in the request is invalid."
#: Calls what the event says and hands on the error as boto3 words it.
CALLER = """
    import json

    import boto3

    clients = {}

    def handler(event, context):
        service = event["service"]
        if service not in clients:
            clients[service] = boto3.client(service)
        answer = getattr(clients[service], event["call"])(**event.get("with", {}))
        answer.pop("ResponseMetadata", None)
        body = answer.pop("Body", None)
        if body is not None:
            answer["Body"] = body.read().decode()
        return json.loads(json.dumps(answer, default=str)) if event.get("show") else "done"
"""


def statement(
    actions: str | list[str], resources: str | list[str] = "*", effect: str = "Allow", **more: Any
) -> dict[str, Any]:
    return {"Effect": effect, "Action": actions, "Resource": resources, **more}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class Worker:
    """A function that makes any call, under a role of its own whose policies the test sets."""

    def __init__(self, cloud: CloudUnderTest) -> None:
        self.cloud = cloud
        self.role = unique_name("role")
        self.iam = cloud.client("iam")
        made = self.iam.create_role(RoleName=self.role, AssumeRolePolicyDocument=json.dumps(TRUST))
        self.role_arn = made["Role"]["Arn"]
        self.iam.attach_role_policy(RoleName=self.role, PolicyArn=BASIC_EXECUTION)
        self.function = cloud.deploy(CALLER, Role=self.role_arn, Timeout=20, MemorySize=512)
        self.arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{self.role}/{self.function.name}"

    def may(self, *statements: dict[str, Any]) -> None:
        """From now on the role's inline policy has exactly these statements."""
        self.iam.put_role_policy(RoleName=self.role, PolicyName="own", PolicyDocument=document(*statements))

    def call(self, service: str, call: str, *, show: bool = False, **parameters: Any) -> Answer:
        return self.function.invoke({"service": service, "call": call, "with": parameters, "show": show}, tail=False)

    def error(self, service: str, call: str, **parameters: Any) -> str:
        """What the function's ClientError said; the call must have failed."""
        answer = self.call(service, call, **parameters)
        assert answer.function_error == "Unhandled", answer.raw
        return str(answer.payload["errorMessage"])

    def result(self, service: str, call: str, **parameters: Any) -> Any:
        """What the call answered; it must have been allowed."""
        answer = self.call(service, call, show=True, **parameters)
        assert answer.function_error is None, answer.raw
        return answer.payload


@pytest.fixture(scope="module")
def worker(cloud: CloudUnderTest) -> Worker:
    return Worker(cloud)


@pytest.fixture(scope="module")
def table(cloud: CloudUnderTest) -> str:
    name = unique_name("orders")
    cloud.client("dynamodb").create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def test_a_role_without_the_right_cannot_write_to_a_table(worker: Worker, table: str) -> None:  # F213
    worker.may(statement("s3:ListAllMyBuckets"))
    answer = worker.call("dynamodb", "put_item", TableName=table, Item={"id": {"S": "1"}})
    assert answer.function_error == "Unhandled"
    assert answer.payload["errorType"] == "ClientError"
    assert answer.payload["errorMessage"] == (
        "An error occurred (AccessDeniedException) when calling the PutItem operation: "
        f"User: {worker.arn} is not authorized to perform: dynamodb:PutItem on resource: "
        f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table} "
        "because no identity-based policy allows the dynamodb:PutItem action"
    )


def test_a_role_with_the_right_can(worker: Worker, table: str) -> None:
    worker.may(statement(["dynamodb:PutItem", "dynamodb:GetItem"], f"arn:aws:dynamodb:*:*:table/{table}"))
    worker.result("dynamodb", "put_item", TableName=table, Item={"id": {"S": "2"}})
    assert worker.result("dynamodb", "get_item", TableName=table, Key={"id": {"S": "2"}})["Item"] == {"id": {"S": "2"}}


def denied(
    worker: Worker, code: str, operation: str, action: str, resource: str | None, reason: str | None = None
) -> str:
    """The whole sentence of boto3 for a refused call."""
    where = "" if resource is None else f" on resource: {resource}"
    ending = f"because no identity-based policy allows the {action} action" if reason is None else reason
    return (
        f"An error occurred ({code}) when calling the {operation} operation: "
        f"User: {worker.arn} is not authorized to perform: {action}{where} {ending}"
    ).rstrip()


# --- how policies are weighed ----------------------------------------------------------------------------------------


def test_an_explicit_deny_wins(worker: Worker, table: str) -> None:
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"
    worker.may(statement("dynamodb:*"), statement("dynamodb:DeleteItem", arn, "Deny"))
    worker.result("dynamodb", "put_item", TableName=table, Item={"id": {"S": "3"}})
    assert worker.error("dynamodb", "delete_item", TableName=table, Key={"id": {"S": "3"}}) == denied(
        worker,
        "AccessDeniedException",
        "DeleteItem",
        "dynamodb:DeleteItem",
        arn,
        "with an explicit deny in an identity-based policy",
    )


def test_a_permissions_boundary_limits_what_the_policies_give(worker: Worker, table: str) -> None:
    worker.may(statement("dynamodb:*"))
    boundary = worker.iam.create_policy(
        PolicyName=unique_name("boundary"), PolicyDocument=document(statement(["dynamodb:GetItem", "logs:*"]))
    )
    worker.iam.put_role_permissions_boundary(RoleName=worker.role, PermissionsBoundary=boundary["Policy"]["Arn"])
    try:
        worker.result("dynamodb", "get_item", TableName=table, Key={"id": {"S": "3"}})
        assert worker.error("dynamodb", "delete_item", TableName=table, Key={"id": {"S": "3"}}).endswith(
            f":table/{table} because no permissions boundary allows the dynamodb:DeleteItem action"
        )
    finally:
        worker.iam.delete_role_permissions_boundary(RoleName=worker.role)
    worker.result("dynamodb", "delete_item", TableName=table, Key={"id": {"S": "3"}})


def test_a_managed_policy_gives_rights_from_the_next_call_on(worker: Worker, table: str) -> None:
    worker.may(statement("s3:ListAllMyBuckets"))
    policy = "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess"
    assert "not authorized to perform: dynamodb:Scan" in worker.error("dynamodb", "scan", TableName=table)
    worker.iam.attach_role_policy(RoleName=worker.role, PolicyArn=policy)
    worker.result("dynamodb", "scan", TableName=table)
    worker.iam.detach_role_policy(RoleName=worker.role, PolicyArn=policy)
    assert "not authorized to perform: dynamodb:Scan" in worker.error("dynamodb", "scan", TableName=table)


def test_a_condition_on_leading_keys_gives_each_their_own_items(worker: Worker, table: str) -> None:
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["ann"]}}
    worker.may(statement(["dynamodb:GetItem", "dynamodb:Query"], Condition=own))
    worker.result("dynamodb", "get_item", TableName=table, Key={"id": {"S": "ann"}})
    worker.result(
        "dynamodb",
        "query",
        TableName=table,
        KeyConditionExpression="#k = :v",
        ExpressionAttributeNames={"#k": "id"},
        ExpressionAttributeValues={":v": {"S": "ann"}},
    )
    assert "no identity-based policy allows the dynamodb:GetItem action" in worker.error(
        "dynamodb", "get_item", TableName=table, Key={"id": {"S": "bob"}}
    )


def test_each_table_of_a_batch_is_asked_for(worker: Worker, table: str) -> None:
    worker.may(statement("dynamodb:*", f"arn:aws:dynamodb:*:*:table/{table}"))
    request = {table: {"Keys": [{"id": {"S": "1"}}]}, "elsewhere": {"Keys": [{"id": {"S": "1"}}]}}
    assert worker.error("dynamodb", "batch_get_item", RequestItems=request) == denied(
        worker,
        "AccessDeniedException",
        "BatchGetItem",
        "dynamodb:BatchGetItem",
        f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/elsewhere",
    )


# --- S3 --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bucket(cloud: CloudUnderTest) -> str:
    name = unique_name("photos")
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="in/a b.txt", Body=b"hello")
    return name


def test_s3_names_the_resource_in_quotes(worker: Worker, bucket: str) -> None:
    worker.may(statement("s3:PutObject", f"arn:aws:s3:::{bucket}/*"))
    assert worker.error("s3", "get_object", Bucket=bucket, Key="in/a b.txt") == denied(
        worker, "AccessDenied", "GetObject", "s3:GetObject", f'"arn:aws:s3:::{bucket}/in/a b.txt"'
    )
    assert worker.error("s3", "list_objects_v2", Bucket=bucket) == denied(
        worker, "AccessDenied", "ListObjectsV2", "s3:ListBucket", f'"arn:aws:s3:::{bucket}"'
    )
    assert worker.error("s3", "list_buckets") == denied(
        worker, "AccessDenied", "ListBuckets", "s3:ListAllMyBuckets", None
    )


def test_s3_head_is_refused_without_a_body(worker: Worker, bucket: str) -> None:
    worker.may(statement("s3:PutObject", f"arn:aws:s3:::{bucket}/*"))
    assert worker.error("s3", "head_object", Bucket=bucket, Key="in/a b.txt") == (
        "An error occurred (403) when calling the HeadObject operation: Forbidden"
    )


def test_s3_object_and_bucket_rights_are_different_things(worker: Worker, bucket: str) -> None:
    worker.may(statement(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{bucket}/in/*"))
    assert worker.result("s3", "get_object", Bucket=bucket, Key="in/a b.txt")["Body"] == "hello"
    worker.result("s3", "put_object", Bucket=bucket, Key="in/b.txt", Body="x" * 400_000)
    assert "s3:PutObject on resource" in worker.error("s3", "put_object", Bucket=bucket, Key="out/b.txt", Body="x")


def test_a_missing_object_is_a_403_for_who_may_not_list(worker: Worker, bucket: str) -> None:
    worker.may(statement("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))
    assert worker.error("s3", "get_object", Bucket=bucket, Key="nothing") == denied(
        worker, "AccessDenied", "GetObject", "s3:ListBucket", f'"arn:aws:s3:::{bucket}"'
    )
    worker.may(statement("s3:GetObject", f"arn:aws:s3:::{bucket}/*"), statement("s3:ListBucket"))
    assert "(NoSuchKey)" in worker.error("s3", "get_object", Bucket=bucket, Key="nothing")


def test_copying_needs_the_right_to_read_the_source(worker: Worker, bucket: str) -> None:
    worker.may(statement("s3:PutObject"))
    source = {"Bucket": bucket, "Key": "in/a b.txt"}
    assert "to perform: s3:GetObject on resource" in worker.error(
        "s3", "copy_object", Bucket=bucket, Key="out/copy", CopySource=source
    )
    worker.may(statement(["s3:PutObject", "s3:GetObject"]))
    worker.result("s3", "copy_object", Bucket=bucket, Key="out/copy", CopySource=source)


def test_a_prefix_condition_decides_what_may_be_listed(worker: Worker, bucket: str) -> None:
    worker.may(statement("s3:ListBucket", Condition={"StringLike": {"s3:prefix": "in/*"}}))
    assert worker.result("s3", "list_objects_v2", Bucket=bucket, Prefix="in/")["KeyCount"] >= 1
    assert "s3:ListBucket" in worker.error("s3", "list_objects_v2", Bucket=bucket, Prefix="out/")


def test_a_bucket_policy_can_allow_and_deny(cloud: CloudUnderTest, worker: Worker) -> None:
    s3 = cloud.client("s3")
    name = unique_name("shared")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"v")
    worker.may(statement("sqs:ListQueues"))
    assert "s3:GetObject" in worker.error("s3", "get_object", Bucket=name, Key="k")
    principal = {"Principal": {"AWS": worker.role_arn}}
    s3.put_bucket_policy(Bucket=name, Policy=document(statement("s3:GetObject", f"arn:aws:s3:::{name}/*", **principal)))
    assert worker.result("s3", "get_object", Bucket=name, Key="k")["Body"] == "v"
    s3.put_bucket_policy(
        Bucket=name, Policy=document(statement("s3:*", f"arn:aws:s3:::{name}/*", "Deny", Principal="*"))
    )
    worker.may(statement("s3:*"))
    assert worker.error("s3", "get_object", Bucket=name, Key="k").endswith(
        "with an explicit deny in a resource-based policy"
    )


def test_refused_keys_of_delete_objects_are_named_one_by_one(worker: Worker, bucket: str) -> None:
    worker.may(statement("s3:PutObject"))
    answer = worker.result("s3", "delete_objects", Bucket=bucket, Delete={"Objects": [{"Key": "in/a b.txt"}]})
    (error,) = answer["Errors"]
    assert (error["Key"], error["Code"]) == ("in/a b.txt", "AccessDenied")
    assert "s3:DeleteObject" in error["Message"]


# --- other services --------------------------------------------------------------------------------------------------


def test_sqs_writes_the_action_in_lower_case(cloud: CloudUnderTest, worker: Worker) -> None:
    url = cloud.client("sqs").create_queue(QueueName=unique_name("jobs"))["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{url.rpartition('/')[2]}"
    worker.may(statement("sqs:ReceiveMessage", arn))
    assert worker.error("sqs", "send_message", QueueUrl=url, MessageBody="x") == denied(
        worker, "AccessDenied", "SendMessage", "sqs:sendmessage", arn
    )
    worker.may(statement("sqs:SendMessage", arn))
    entries = [{"Id": "1", "MessageBody": "x"}]
    assert worker.result("sqs", "send_message_batch", QueueUrl=url, Entries=entries)["Successful"]


def test_sns_has_an_error_code_of_its_own(cloud: CloudUnderTest, worker: Worker) -> None:
    arn = cloud.client("sns").create_topic(Name=unique_name("news"))["TopicArn"]
    worker.may(statement("sns:Subscribe", arn))
    assert worker.error("sns", "publish", TopicArn=arn, Message="x") == denied(
        worker, "AuthorizationError", "Publish", "SNS:Publish", arn
    )
    worker.may(statement("sns:Publish", arn))
    worker.result("sns", "publish", TopicArn=arn, Message="x")


def test_a_secret_is_named_by_its_whole_arn(cloud: CloudUnderTest, worker: Worker) -> None:
    name = unique_name("prod/key")
    arn = cloud.client("secretsmanager").create_secret(Name=name, SecretString="s")["ARN"]
    worker.may(statement("secretsmanager:ListSecrets"))
    assert worker.error("secretsmanager", "get_secret_value", SecretId=name) == denied(
        worker, "AccessDeniedException", "GetSecretValue", "secretsmanager:GetSecretValue", arn
    )
    assert worker.error("secretsmanager", "get_secret_value", SecretId="prod/other") == denied(
        worker, "AccessDeniedException", "GetSecretValue", "secretsmanager:GetSecretValue", "prod/other"
    )
    here = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret"
    worker.may(statement("secretsmanager:GetSecretValue", f"{here}:{name}-??????"))
    assert worker.result("secretsmanager", "get_secret_value", SecretId=name)["SecretString"] == "s"
    assert worker.result("secretsmanager", "get_secret_value", SecretId=arn)["SecretString"] == "s"


def test_parameters_are_asked_for_one_by_one_and_by_path(cloud: CloudUnderTest, worker: Worker) -> None:
    ssm = cloud.client("ssm")
    top = unique_name("app")
    ssm.put_parameter(Name=f"/{top}/url", Value="u", Type="String")
    here = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter"
    worker.may(statement("ssm:GetParameter", f"{here}/elsewhere"))
    assert worker.error("ssm", "get_parameter", Name=f"/{top}/url") == denied(
        worker, "AccessDeniedException", "GetParameter", "ssm:GetParameter", f"{here}/{top}/url"
    )
    assert worker.error("ssm", "get_parameters_by_path", Path=f"/{top}/") == denied(
        worker, "AccessDeniedException", "GetParametersByPath", "ssm:GetParametersByPath", f"{here}/{top}/"
    )
    worker.may(statement(["ssm:GetParameter", "ssm:GetParametersByPath"], [f"{here}/{top}", f"{here}/{top}/*"]))
    assert worker.result("ssm", "get_parameter", Name=f"/{top}/url")["Parameter"]["Value"] == "u"
    assert worker.result("ssm", "get_parameters_by_path", Path=f"/{top}")["Parameters"]


def test_logs_calls_name_group_and_stream(worker: Worker) -> None:
    worker.may(statement("sqs:ListQueues"))
    worker.iam.detach_role_policy(RoleName=worker.role, PolicyArn=BASIC_EXECUTION)
    try:
        assert worker.error("logs", "create_log_group", logGroupName="/mine") == denied(
            worker,
            "AccessDeniedException",
            "CreateLogGroup",
            "logs:CreateLogGroup",
            f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/mine:log-stream:",
        )
    finally:
        worker.iam.attach_role_policy(RoleName=worker.role, PolicyArn=BASIC_EXECUTION)


def test_events_are_put_on_a_bus(worker: Worker) -> None:
    worker.may(statement("sqs:ListQueues"))
    entry = {"Source": "shop", "DetailType": "sold", "Detail": "{}"}
    arn = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    assert worker.error("events", "put_events", Entries=[entry]) == denied(
        worker, "AccessDeniedException", "PutEvents", "events:PutEvents", arn
    )
    worker.may(statement("events:PutEvents", arn, Condition={"StringEquals": {"events:source": "shop"}}))
    assert worker.result("events", "put_events", Entries=[entry])["FailedEntryCount"] == 0


def test_kms_asks_key_policy_and_role(cloud: CloudUnderTest, worker: Worker) -> None:
    key = cloud.client("kms").create_key()["KeyMetadata"]
    worker.may(statement("sqs:ListQueues"))
    assert worker.error("kms", "describe_key", KeyId=key["KeyId"]) == denied(
        worker, "AccessDeniedException", "DescribeKey", "kms:DescribeKey", key["Arn"]
    )
    worker.may(statement("kms:DescribeKey", key["Arn"]))
    assert worker.result("kms", "describe_key", KeyId=key["Arn"])["KeyMetadata"]["Arn"] == key["Arn"]


# --- Lambda, STS, IAM ------------------------------------------------------------------------------------------------


def test_a_function_may_not_call_another_without_the_right(cloud: CloudUnderTest, worker: Worker) -> None:  # F216
    other = cloud.deploy("def handler(event, context): return 'called'")
    worker.may(statement("lambda:ListFunctions"))
    assert worker.error("lambda", "invoke", FunctionName=other.name) == denied(
        worker, "AccessDeniedException", "Invoke", "lambda:InvokeFunction", other.arn
    )
    worker.may(statement("lambda:InvokeFunction", other.arn))
    assert worker.call("lambda", "invoke", FunctionName=other.name).function_error is None
    # A qualified call asks for the qualified ARN.
    assert f"on resource: {other.arn}:$LATEST " in worker.error(
        "lambda", "invoke", FunctionName=other.name, Qualifier="$LATEST"
    )


def test_creating_a_function_needs_the_right_to_pass_the_role(worker: Worker) -> None:  # F219
    name = unique_name("made")
    settings = {
        "FunctionName": name,
        "Runtime": "python3.13",
        "Handler": "app.handler",
        "Role": worker.role_arn,
        "Code": {"S3Bucket": "packages", "S3Key": "f.zip"},
    }
    worker.may(statement("lambda:CreateFunction"))
    assert worker.error("lambda", "create_function", **settings) == denied(
        worker, "AccessDeniedException", "CreateFunction", "iam:PassRole", worker.role_arn
    )
    passing = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    worker.may(statement("lambda:CreateFunction"), statement("iam:PassRole", Condition=passing))
    assert "iam:PassRole" in worker.error("lambda", "create_function", **settings)


def test_everybody_may_ask_who_they_are(worker: Worker) -> None:
    worker.may(statement("sts:*", effect="Deny"))
    assert worker.result("sts", "get_caller_identity")["Arn"] == worker.arn


def test_assuming_a_role_needs_right_and_trust(cloud: CloudUnderTest, worker: Worker) -> None:
    def role(principal: str) -> str:
        trust = statement("sts:AssumeRole", Principal={"AWS": principal})
        del trust["Resource"]
        made = worker.iam.create_role(RoleName=unique_name("target"), AssumeRolePolicyDocument=document(trust))
        return str(made["Role"]["Arn"])

    account, own, foreign = (
        role(f"arn:aws:iam::{ACCOUNT}:root"),
        role(worker.role_arn),
        role("arn:aws:iam::999999999999:root"),
    )
    worker.may(statement("sqs:ListQueues"))
    assert worker.error("sts", "assume_role", RoleArn=account, RoleSessionName="visit") == denied(
        worker, "AccessDenied", "AssumeRole", "sts:AssumeRole", account, ""
    )
    assert worker.call("sts", "assume_role", RoleArn=own, RoleSessionName="visit").function_error is None
    worker.may(statement("sts:AssumeRole"))
    assert worker.call("sts", "assume_role", RoleArn=account, RoleSessionName="visit").function_error is None
    assert "not authorized to perform: sts:AssumeRole" in worker.error(
        "sts", "assume_role", RoleArn=foreign, RoleSessionName="visit"
    )


def test_iam_names_what_is_there_by_kind_and_name(worker: Worker) -> None:
    worker.may(statement("sqs:ListQueues"))
    assert worker.error("iam", "get_role", RoleName=worker.role) == denied(
        worker, "AccessDenied", "GetRole", "iam:GetRole", f"role {worker.role}"
    )


# --- logs ------------------------------------------------------------------------------------------------------------


def test_without_logs_rights_nothing_is_logged(cloud: CloudUnderTest) -> None:  # F218
    iam = cloud.client("iam")
    role = unique_name("silent")
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    function = cloud.deploy("def handler(event, context): print('heard?')", Role=arn)
    answer = function.invoke()
    assert answer.function_error is None
    assert answer.tail is not None and "heard?" in answer.tail
    groups = cloud.client("logs").describe_log_groups(logGroupNamePrefix=function.log_group)["logGroups"]
    assert groups == []
    # Streams and events without the right to make the group: logged once the group is there.
    iam.put_role_policy(
        RoleName=role,
        PolicyName="own",
        PolicyDocument=document(
            statement(
                ["logs:CreateLogStream", "logs:PutLogEvents"],
                f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{function.log_group}:*",
            )
        ),
    )
    function.invoke()
    assert function.log_streams() == []
    cloud.client("logs").create_log_group(logGroupName=function.log_group)
    function.invoke()
    assert any("heard?" in message for message in function.log_events())


# --- other principals, other ways to sign ------------------------------------------------------------------------------


def client_with(cloud: CloudUnderTest, service: str, key: str, secret: str, token: str | None = None) -> Any:
    return boto3.client(
        service,
        endpoint_url=cloud.endpoint,
        region_name=REGION,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
    )


def failure(call: Any, **parameters: Any) -> tuple[int, str, str]:
    """HTTP status, code and message of a call that is refused."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]


@pytest.mark.parametrize(
    ("service", "call", "parameters", "expected"),
    [
        ("dynamodb", "list_tables", {}, (400, "UnrecognizedClientException", INVALID_TOKEN)),
        ("lambda", "list_functions", {}, (403, "UnrecognizedClientException", INVALID_TOKEN)),
        ("sts", "get_caller_identity", {}, (403, "InvalidClientTokenId", INVALID_TOKEN)),
        ("sqs", "list_queues", {}, (403, "InvalidClientTokenId", INVALID_TOKEN)),
        (
            "s3",
            "list_objects_v2",
            {"Bucket": "photos"},
            (403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
        ),
    ],
)
def test_an_invented_key_is_refused(
    cloud: CloudUnderTest, service: str, call: str, parameters: dict[str, str], expected: tuple[int, str, str]
) -> None:
    client = client_with(cloud, service, "AKIAQWERTYUIOPASDFGH", "guessed")
    assert failure(getattr(client, call), **parameters) == expected


def test_a_user_has_the_rights_of_their_groups(cloud: CloudUnderTest, table: str) -> None:
    iam = cloud.client("iam")
    user, group = unique_name("ann"), unique_name("readers")
    iam.create_user(UserName=user)
    iam.create_group(GroupName=group)
    iam.add_user_to_group(GroupName=group, UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    client = client_with(cloud, "dynamodb", key["AccessKeyId"], key["SecretAccessKey"])
    assert failure(client.scan, TableName=table)[1:] == (
        "AccessDeniedException",
        f"User: arn:aws:iam::{ACCOUNT}:user/{user} is not authorized to perform: dynamodb:Scan on resource: "
        f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table} because no identity-based policy allows the dynamodb:Scan action",
    )
    iam.put_group_policy(GroupName=group, PolicyName="read", PolicyDocument=document(statement("dynamodb:Scan")))
    assert "Items" in client.scan(TableName=table)
    wrong = client_with(cloud, "dynamodb", key["AccessKeyId"], "guessed")
    assert failure(wrong.scan, TableName=table)[:2] == (400, "InvalidSignatureException")
    iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    assert failure(client.scan, TableName=table)[1] == "UnrecognizedClientException"


def test_a_session_policy_narrows_an_assumed_role(cloud: CloudUnderTest, worker: Worker, table: str) -> None:
    worker.may(statement("dynamodb:*"))
    session = cloud.client("sts").assume_role(
        RoleArn=worker.role_arn, RoleSessionName="visit", Policy=document(statement("dynamodb:Scan"))
    )["Credentials"]
    keys = session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"]
    client = client_with(cloud, "dynamodb", *keys)
    assert "Items" in client.scan(TableName=table)
    assert failure(client.get_item, TableName=table, Key={"id": {"S": "1"}})[2].endswith(
        "because no session policy allows the dynamodb:GetItem action"
    )
    assert failure(client_with(cloud, "dynamodb", *keys[:2], "another").scan, TableName=table)[2] == INVALID_TOKEN


def test_a_presigned_url_has_the_rights_of_the_role_that_signed_it(worker: Worker, bucket: str) -> None:
    source = """
        import boto3
        from botocore.config import Config

        def handler(event, context):
            s3 = boto3.client("s3", config=Config(signature_version=event["version"]))
            return s3.generate_presigned_url("get_object", {"Bucket": event["bucket"], "Key": "in/a b.txt"})
    """
    signer = worker.cloud.deploy(source, Role=worker.role_arn, Timeout=20, MemorySize=512)

    def opened(url: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(url) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as problem:
            with problem:
                return problem.code, problem.read()

    for version in ("s3v4", "s3"):
        worker.may(statement("s3:GetObject"))
        url = signer.invoke({"version": version, "bucket": bucket}, tail=False).payload
        assert opened(url) == (200, b"hello")
        status, body = opened(url.replace(bucket, bucket + "2"))
        assert (status, b"<Code>SignatureDoesNotMatch</Code>" in body) == (403, True)
        worker.may(statement("s3:PutObject"))
        status, body = opened(url)
        assert (status, b"is not authorized to perform: s3:GetObject" in body) == (403, True)
