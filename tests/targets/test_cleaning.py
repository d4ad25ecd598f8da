from __future__ import annotations

import io
import json
import zipfile

import pytest
from botocore.exceptions import ClientError

from labsupport.exercises.probe import cloud_client
from labsupport.targets.cleaning import remove_all
from labsupport.targets.local import LocalCloud

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
)


@pytest.fixture
def client(tmp_path):
    """Clients of a cloud of its own: everything in it goes."""
    cloud = LocalCloud.launch(tmp_path / "cloud.log").ready(lambda line: None)
    yield lambda service: cloud_client(service, cloud.identity.endpoint, "us-east-1")
    cloud.stop()


def test_everything_made_is_removed_and_named(client):
    assert remove_all(client).text == "Nothing to remove: the local cloud is empty."
    iam, lambda_, logs = client("iam"), client("lambda"), client("logs")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    policy = iam.create_policy(PolicyName="own", PolicyDocument=POLICY)["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=POLICY, SetAsDefault=True)
    iam.attach_role_policy(RoleName="r", PolicyArn=policy)
    iam.put_role_policy(RoleName="r", PolicyName="inline", PolicyDocument=POLICY)
    iam.create_instance_profile(InstanceProfileName="profile")
    iam.add_role_to_instance_profile(InstanceProfileName="profile", RoleName="r")
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", "def handler(e, c): pass")
    lambda_.publish_layer_version(LayerName="layer", Content={"ZipFile": package.getvalue()})
    for name in ("b", "a"):
        lambda_.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=role,
            Handler="app.handler",
            Code={"ZipFile": package.getvalue()},
        )
        lambda_.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05})
        lambda_.publish_version(FunctionName=name)
    logs.create_log_group(logGroupName="/aws/lambda/a")
    client("sqs").create_queue(QueueName="failed")
    for name in ("orders", "baskets"):
        client("dynamodb").create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
    client("s3").create_bucket(Bucket="photos")
    apigateway = client("apigateway")
    apis = [apigateway.create_rest_api(name="shop")["id"] for _ in range(2)]
    root = apigateway.get_resources(restApiId=apis[0])["items"][0]["id"]
    this = {"restApiId": apis[0], "resourceId": root, "httpMethod": "GET"}
    apigateway.put_method(**this, authorizationType="NONE")
    apigateway.put_integration(**this, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    apigateway.create_deployment(restApiId=apis[0], stageName="prod")
    key = apigateway.create_api_key(name="partner-one")["id"]
    plan = apigateway.create_usage_plan(name="partners", apiStages=[{"apiId": apis[0], "stage": "prod"}])["id"]
    apigateway.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
    assert remove_all(client).text.splitlines() == [
        "Removed from the local cloud:",
        "  1 bucket: photos",
        "  1 usage plan: partners",
        "  1 API key: partner-one",
        f"  2 REST APIs: shop, shop ({apis[1]})",
        "  2 functions: a, b",
        "  1 layer: layer",
        "  1 queue: failed",
        "  2 tables: baskets, orders",
        "  1 log group: /aws/lambda/a",
        "  1 role: r",
        f"  1 policy: {policy}",
    ]
    assert lambda_.list_functions()["Functions"] == [] and iam.list_roles()["Roles"] == []
    assert apigateway.get_rest_apis()["items"] == apigateway.get_api_keys()["items"] == []
    assert "QueueUrls" not in client("sqs").list_queues()
    assert client("dynamodb").list_tables()["TableNames"] == []
    assert remove_all(client).text == "Nothing to remove: the local cloud is empty."


def test_a_mapping_that_is_just_being_made_is_waited_for(client):
    """A learner who cleans up right after the last cell must not meet "in use"."""
    iam, lambda_, sqs = client("iam"), client("lambda"), client("sqs")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    reading = POLICY.replace("s3:GetObject", "sqs:*")
    iam.put_role_policy(RoleName="r", PolicyName="inline", PolicyDocument=reading)
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", "def handler(e, c): pass")
    code = {"ZipFile": package.getvalue()}
    lambda_.create_function(FunctionName="f", Runtime="python3.13", Role=role, Handler="app.handler", Code=code)
    sqs.create_queue(QueueName="jobs")
    lambda_.create_event_source_mapping(EventSourceArn="arn:aws:sqs:us-east-1:123456789012:jobs", FunctionName="f")
    removed = remove_all(client)
    assert removed.kept == ()
    assert "  1 event source mapping: jobs → f" in removed.text.splitlines()
    assert lambda_.list_event_source_mappings()["EventSourceMappings"] == []


def test_a_bucket_goes_with_every_version_marker_and_part_in_it(client):
    s3 = client("s3")
    s3.create_bucket(Bucket="photos")
    s3.create_bucket(Bucket="empty")
    s3.put_bucket_versioning(Bucket="photos", VersioningConfiguration={"Status": "Enabled"})
    for number in range(3):
        s3.put_object(Bucket="photos", Key="größe/ß +1.jpg", Body=f"{number}".encode())
    s3.delete_object(Bucket="photos", Key="größe/ß +1.jpg")
    upload = s3.create_multipart_upload(Bucket="photos", Key="large.jpg")["UploadId"]
    s3.upload_part(Bucket="photos", Key="large.jpg", UploadId=upload, PartNumber=1, Body=b"part")
    assert remove_all(client).text.splitlines() == ["Removed from the local cloud:", "  2 buckets: empty, photos"]
    assert s3.list_buckets()["Buckets"] == []


def test_what_cannot_be_removed_stays_and_is_named(client):
    iam = client("iam")
    iam.create_role(RoleName="stubborn", AssumeRolePolicyDocument=TRUST)
    iam.create_role(RoleName="other", AssumeRolePolicyDocument=TRUST)

    def refuse(RoleName):  # noqa: N803
        if RoleName == "stubborn":
            raise ClientError({"Error": {"Code": "DeleteConflict", "Message": "Must detach first."}}, "DeleteRole")
        return delete(RoleName=RoleName)

    delete, iam.delete_role = iam.delete_role, refuse
    removed = remove_all(lambda service: iam if service == "iam" else client(service))
    assert removed.text.splitlines() == [
        "Removed from the local cloud:",
        "  1 role: other",
        "Kept role stubborn: Must detach first.",
    ]
