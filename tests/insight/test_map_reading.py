"""A small shop, wired in every way the map knows, and read with plain boto3."""

from __future__ import annotations

import io
import json
import time
import zipfile
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config

from labsupport.insight.deployment_map import DeploymentMap
from labsupport.insight.map_reading import read_map

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def package() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): pass")
    return buffer.getvalue()


@dataclass(frozen=True)
class Shop:
    cloud: Any
    before: DeploymentMap
    role: str
    arns: dict[str, str]

    def map(self) -> DeploymentMap:
        return read_map(self.cloud.client, "us-east-1")


@pytest.fixture(scope="module")
def shop(module_cloud) -> Shop:
    client = module_cloud.client
    before = read_map(client, "us-east-1")
    iam, functions, s3, sqs, sns, events = map(client, ("iam", "lambda", "s3", "sqs", "sns", "events"))
    role = iam.create_role(RoleName="shop", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.attach_role_policy(RoleName="shop", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    queues = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("orders", "orders-dlq", "gone")}
    arns = {
        name: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        for name, url in queues.items()
    }
    redrive = {"deadLetterTargetArn": arns["orders-dlq"], "maxReceiveCount": 3}
    sqs.set_queue_attributes(QueueUrl=queues["orders"], Attributes={"RedrivePolicy": json.dumps(redrive)})
    for name, variables in (
        ("thumbnail", {"TABLE": "photos", "PHOTOS_BUCKET": "photos", "MODE": "fast"}),
        ("intake", {"QUEUE_URL": queues["orders"]}),
    ):
        arns[name] = functions.create_function(
            FunctionName=name,
            Role=role,
            Runtime="python3.13",
            Handler="app.handler",
            Code={"ZipFile": package()},
            Environment={"Variables": variables},
        )["FunctionArn"]
        functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05})
    functions.publish_version(FunctionName="intake")
    functions.create_alias(FunctionName="intake", Name="live", FunctionVersion="1")
    functions.put_function_event_invoke_config(
        FunctionName="intake",
        DestinationConfig={
            "OnFailure": {"Destination": arns["orders-dlq"]},
            "OnSuccess": {"Destination": arns["gone"]},
        },
    )
    client("dynamodb").create_table(
        TableName="photos",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "album", "KeyType": "HASH"}, {"AttributeName": "taken", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("album", "taken")],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    stream = client("dynamodb").describe_table(TableName="photos")["Table"]["LatestStreamArn"]
    for bucket in ("uploads", "photos"):
        s3.create_bucket(Bucket=bucket)
    functions.add_permission(
        FunctionName="thumbnail",
        StatementId="uploads",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::uploads",
    )
    rules = [{"Name": "prefix", "Value": "photos/"}, {"Name": "suffix", "Value": ".jpg"}]
    s3.put_bucket_notification_configuration(
        Bucket="uploads",
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                {
                    "LambdaFunctionArn": arns["thumbnail"],
                    "Events": ["s3:ObjectCreated:*"],
                    "Filter": {"Key": {"FilterRules": rules}},
                }
            ]
        },
    )
    functions.create_event_source_mapping(
        EventSourceArn=arns["orders"],
        FunctionName=f"{arns['intake']}:live",
        BatchSize=5,
        FilterCriteria={"Filters": [{"Pattern": '{"body": {"kind": ["order"]}}'}]},
    )
    functions.create_event_source_mapping(
        EventSourceArn=stream, FunctionName=arns["intake"], BatchSize=100, StartingPosition="LATEST"
    )
    topic = sns.create_topic(Name="sale")["TopicArn"]
    for protocol, endpoint in (
        ("lambda", arns["thumbnail"]),
        ("sqs", arns["orders"]),
        ("email", "customer@example.org"),
    ):
        sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint)
    events.put_rule(Name="nightly", ScheduleExpression="rate(1 day)", State="DISABLED")
    nightly = events.describe_rule(Name="nightly")["Arn"]
    functions.add_permission(
        FunctionName="thumbnail",
        StatementId="nightly",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=nightly,
    )
    events.put_targets(Rule="nightly", Targets=[{"Id": "1", "Arn": arns["thumbnail"], "Input": "{}"}])
    events.put_rule(Name="placed", EventPattern=json.dumps({"source": ["shop"]}))
    events.put_targets(Rule="placed", Targets=[{"Id": "1", "Arn": arns["thumbnail"]}, {"Id": "2", "Arn": arns["gone"]}])
    sqs.delete_queue(QueueUrl=queues["gone"])
    return Shop(module_cloud, before, role, arns)


def wires(found: DeploymentMap, source: str) -> list[str]:
    """What leads away from a resource, as "how > target"."""
    names = {one.key: str(one) for one in found.resources}
    return [f"{one.label} > {names[one.target]}" for one in found.connections if names[one.source] == source]


def test_before_anything_is_made_the_map_is_empty(shop):
    assert repr(shop.before) == "Nothing is deployed in us-east-1."


def test_every_resource_is_there_with_what_matters_about_it(shop):
    found = shop.map()
    assert found.unseen == ()
    assert {str(one): one.details for one in found.resources if not one.state} == {
        "bucket photos": "",
        "bucket uploads": "",
        "table photos": "key album and taken, stream NEW_IMAGE",
        "queue orders": "visibility timeout 30 s",
        "queue orders-dlq": "visibility timeout 30 s",
        "topic sale": "",
        "event bus default": "",
        "rule nightly": "rate(1 day), disabled",
        "rule placed": "",
        "function intake": "python3.13, 128 MB, timeout 3 s",
        "function thumbnail": "python3.13, 128 MB, timeout 3 s",
        "email": "",
    }


def test_a_bucket_leads_to_its_function_by_event_prefix_and_suffix(shop):
    assert wires(shop.map(), "bucket uploads") == [
        "s3:ObjectCreated:*, prefix photos/, suffix .jpg > function thumbnail"
    ]


def test_event_source_mappings_lead_from_queue_and_table_to_the_qualifier_they_call(shop):
    found = shop.map()
    queue, table = wires(found, "queue orders"), wires(found, "table photos")
    assert queue[0] == "after 3 receives > queue orders-dlq"
    assert queue[1].startswith("batches of 5, 1 filter") and queue[1].endswith("(qualifier live) > function intake")
    assert len(table) == 1
    assert table[0].startswith("batches of 100, from LATEST") and table[0].endswith("> function intake")


def test_a_mapping_that_is_disabled_says_so(shop):
    client = shop.cloud.client("lambda")
    stream = next(
        one for one in client.list_event_source_mappings()["EventSourceMappings"] if "stream" in one["EventSourceArn"]
    )
    client.update_event_source_mapping(UUID=stream["UUID"], Enabled=False)
    state = client.get_event_source_mapping(UUID=stream["UUID"])["State"]
    assert state != "Enabled"
    assert "Disabl" in wires(shop.map(), "table photos")[0]


def test_a_push_without_permission_is_marked_and_one_with_it_is_not(shop):
    found = shop.map()
    assert wires(found, "rule nightly") == ["changed input > function thumbnail"]
    # The statement is for another rule.
    assert "event ⚠ no permission in the function's policy > function thumbnail" in wires(found, "rule placed")
    assert wires(found, "topic sale") == [
        "subscription > queue orders",
        "subscription ⚠ no permission in the function's policy > function thumbnail",
        "subscription > email",
    ]
    assert wires(found, "event bus default") == ["events that match its pattern > rule placed"]


def test_a_target_that_is_gone_is_on_the_map_and_said_to_be_gone(shop):
    found = shop.map()
    assert [str(one) for one in found.resources if one.state == "not there"] == ["queue gone"]
    assert "function intake → queue gone: queue gone is not there" in found.warnings
    assert "rule placed → queue gone: queue gone is not there" in found.warnings
    assert "(⚠ 4 connections cannot work)" in found.title


def test_destinations_and_variables_lead_away_from_functions(shop):
    found = shop.map()
    assert sorted(wires(found, "function intake")) == [
        "named in QUEUE_URL > queue orders",
        "on failure > queue orders-dlq",
        "on success > queue gone",
    ]
    # A bucket and a table are called photos: the variables tell which is meant.
    assert wires(found, "function thumbnail") == [
        "named in PHOTOS_BUCKET > bucket photos",
        "named in TABLE > table photos",
    ]


def test_nobody_s_address_is_on_the_map(shop):
    found = shop.map()
    assert "customer@" not in repr(found) + found.mermaid


def test_reading_it_again_gives_the_same_map(shop):
    assert shop.map() == shop.map()


def test_a_service_that_refuses_is_named_and_the_others_are_shown(shop):
    iam = shop.cloud.client("iam")
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(TRUST))
    allowed = {"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}
    iam.put_role_policy(
        RoleName="reader",
        PolicyName="functions",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
    )
    role = iam.get_role(RoleName="reader")["Role"]["Arn"]
    keys = shop.cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="map")["Credentials"]
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], "us-east-1")
    found = read_map(lambda service: session.client(service, endpoint_url=shop.cloud.endpoint), "us-east-1")
    assert "Not looked at: bucket (AccessDenied)." in found.unseen
    assert "Not looked at: table (AccessDeniedException)." in found.unseen
    states = {str(one): one.state for one in found.resources}
    assert states["function intake"] == "" and states["queue orders-dlq"] == "not looked at"
    assert not found.warnings


def test_a_service_that_does_not_answer_is_named_too(shop):
    def client(service: str) -> Any:
        if service == "s3":
            config = Config(retries={"total_max_attempts": 1}, connect_timeout=1)
            return boto3.client("s3", endpoint_url="http://127.0.0.1:9", config=config)
        return shop.cloud.client(service)

    found = read_map(client, "us-east-1")
    assert found.unseen == ("Not looked at: bucket (EndpointConnectionError).",)
    assert "function thumbnail" in {str(one) for one in found.resources}


# These come last: they add to the shop.


def test_what_a_mapping_complains_of_is_on_the_map(shop):
    sqs, functions = shop.cloud.client("sqs"), shop.cloud.client("lambda")
    url = sqs.create_queue(QueueName="closed")["QueueUrl"]
    arn = shop.arns["orders"].replace(":orders", ":closed")
    mapping = functions.create_event_source_mapping(EventSourceArn=arn, FunctionName=shop.arns["thumbnail"])["UUID"]
    sqs.delete_queue(QueueUrl=url)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if "PROBLEM" in functions.get_event_source_mapping(UUID=mapping).get("LastProcessingResult", ""):
            break
        time.sleep(0.1)
    (wire,) = wires(shop.map(), "queue closed")
    assert wire == f"batches of 10 ⚠ The queue {arn} does not exist. > function thumbnail"


def test_a_log_group_s_subscription_leads_to_its_function(shop):
    logs, functions = shop.cloud.client("logs"), shop.cloud.client("lambda")
    functions.add_permission(
        FunctionName="thumbnail", StatementId="logs", Action="lambda:InvokeFunction", Principal="logs.amazonaws.com"
    )
    logs.create_log_group(logGroupName="/shop/till")
    logs.put_subscription_filter(
        logGroupName="/shop/till", filterName="errors", filterPattern="ERROR", destinationArn=shop.arns["thumbnail"]
    )
    assert wires(shop.map(), "log group /shop/till") == ["log lines that match ERROR > function thumbnail"]


def test_a_schedule_leads_to_its_target(shop):
    shop.cloud.client("scheduler").create_schedule(
        Name="closing",
        ScheduleExpression="cron(0 18 * * ? *)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": shop.arns["intake"], "RoleArn": shop.role},
    )
    found = shop.map()
    assert wires(found, "schedule closing") == ["event > function intake"]
    assert {str(one): one.details for one in found.resources}["schedule closing"] == "cron(0 18 * * ? *)"


def test_apis_lead_to_functions_by_method_and_path(shop):
    functions, rest, http = map(shop.cloud.client, ("lambda", "apigateway", "apigatewayv2"))
    functions.add_permission(
        FunctionName="intake", StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
    )
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{shop.arns['intake']}/invocations"
    api = rest.create_rest_api(name="orders")["id"]
    root = rest.get_resources(restApiId=api)["items"][0]["id"]
    resource = rest.create_resource(restApiId=api, parentId=root, pathPart="orders")["id"]
    address = {"restApiId": api, "resourceId": resource, "httpMethod": "POST"}
    rest.put_method(**address, authorizationType="NONE")
    rest.put_integration(**address, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    web = http.create_api(Name="web", ProtocolType="HTTP")["ApiId"]
    integration = http.create_integration(
        ApiId=web, IntegrationType="AWS_PROXY", IntegrationUri=shop.arns["intake"], PayloadFormatVersion="2.0"
    )["IntegrationId"]
    http.create_route(ApiId=web, RouteKey="GET /orders/{id}", Target=f"integrations/{integration}")
    found = shop.map()
    assert wires(found, "API orders") == ["POST /orders > function intake"]
    assert wires(found, "API web") == ["GET /orders/{id} > function intake"]
