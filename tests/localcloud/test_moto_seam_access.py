"""The seam's part for access control: keys, sessions, policies and resources as moto keeps them."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import boto3
import pytest
from moto import mock_aws
from moto.sts.models import sts_backends
from moto.sts.responses import TokenResponse

from labsupport.localcloud import moto_seam_access

REGION = "us-east-1"
ACCOUNT = "123456789012"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
READ = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]})
WRITE = READ.replace("Get", "Put")


@pytest.fixture
def clients(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    kept = TokenResponse.assume_role
    moto_seam_access.keep_session_policies()
    with mock_aws():
        yield lambda service: boto3.client(service, region_name=REGION)
    TokenResponse.assume_role = kept


@pytest.fixture
def role(clients):
    return clients("iam").create_role(
        RoleName="worker",
        Path="/lab/",
        AssumeRolePolicyDocument=TRUST,
        Tags=[{"Key": "team", "Value": "shop"}],
    )["Role"]["Arn"]


def test_role_credentials_are_those_of_an_assumed_role(clients, role):
    credentials = moto_seam_access.role_credentials(REGION, role, "f")
    assert credentials["access_key_id"].startswith("ASIA")
    assert float(credentials["expires"]) - time.time() == pytest.approx(12 * 3600, abs=60)
    inside = boto3.client(
        "sts",
        region_name=REGION,
        aws_access_key_id=credentials["access_key_id"],
        aws_secret_access_key=credentials["secret_access_key"],
        aws_session_token=credentials["session_token"],
    )
    assert inside.get_caller_identity()["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/f"


def test_role_credentials_are_shared_by_a_functions_environments_until_half_their_time_is_over(clients, role):
    first = moto_seam_access.role_credentials(REGION, role, "f")
    assert moto_seam_access.role_credentials(REGION, role, "f") == first
    assert moto_seam_access.role_credentials(REGION, role, "g") != first
    sessions = sts_backends[ACCOUNT]["aws"].assumed_roles
    for session in sessions:
        session.expiration -= timedelta(hours=7)
    second = moto_seam_access.role_credentials(REGION, role, "f")
    assert second != first
    for session in sessions:
        session.expiration -= timedelta(hours=12)
    moto_seam_access.role_credentials(REGION, role, "f")
    assert len(sessions) == 1  # what has expired is forgotten


def test_identity_of_key_for_a_role_session(clients, role):
    iam = clients("iam")
    iam.put_role_policy(RoleName="worker", PolicyName="own", PolicyDocument=READ)
    managed = iam.create_policy(PolicyName="write", PolicyDocument=WRITE)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="worker", PolicyArn=managed)
    boundary = iam.create_policy(PolicyName="edge", PolicyDocument=READ)["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName="worker", PermissionsBoundary=boundary)
    credentials = moto_seam_access.role_credentials(REGION, role, "f")
    identity = moto_seam_access.identity_of_key(credentials["access_key_id"])
    assert identity["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/f"
    assert (identity["role_arn"], identity["account"]) == (role, ACCOUNT)
    assert identity["secret"] == credentials["secret_access_key"]
    assert identity["token"] == credentials["session_token"]
    assert str(identity["expires"]) == credentials["expires"]
    assert identity["source_function"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
    assert [json.loads(one) for one in identity["policies"]] == [json.loads(READ), json.loads(WRITE)]
    assert [json.loads(one) for one in identity["boundary"]] == [json.loads(READ)]
    assert identity["session_policies"] is None
    assert identity["tags"] == {"team": "shop"}


def test_the_default_version_of_a_managed_policy_counts(clients, role):
    iam = clients("iam")
    managed = iam.create_policy(PolicyName="p", PolicyDocument=READ)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="worker", PolicyArn=managed)
    iam.create_policy_version(PolicyArn=managed, PolicyDocument=WRITE, SetAsDefault=True)
    assert [json.loads(one) for one in moto_seam_access.identity_of_role(role)["policies"]] == [json.loads(WRITE)]


def test_keep_session_policies_keeps_what_assume_role_was_given(clients, role):
    managed = clients("iam").create_policy(PolicyName="w", PolicyDocument=WRITE)["Policy"]["Arn"]
    answer = clients("sts").assume_role(
        RoleArn=role,
        RoleSessionName="visit",
        Policy=READ,
        PolicyArns=[{"arn": managed}],
        Tags=[{"Key": "cost", "Value": "7"}],
    )
    identity = moto_seam_access.identity_of_key(answer["Credentials"]["AccessKeyId"])
    assert [json.loads(one) for one in identity["session_policies"]] == [json.loads(READ), json.loads(WRITE)]
    assert identity["tags"] == {"team": "shop", "cost": "7"}


def test_identity_of_key_for_a_user_has_the_groups_policies_too(clients):
    iam = clients("iam")
    iam.create_user(UserName="ann", Tags=[{"Key": "team", "Value": "shop"}])
    iam.create_group(GroupName="readers")
    iam.put_group_policy(GroupName="readers", PolicyName="r", PolicyDocument=READ)
    iam.add_user_to_group(GroupName="readers", UserName="ann")
    iam.put_user_policy(UserName="ann", PolicyName="w", PolicyDocument=WRITE)
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    identity = moto_seam_access.identity_of_key(key["AccessKeyId"])
    assert identity["arn"] == f"arn:aws:iam::{ACCOUNT}:user/ann"
    assert (identity["name"], identity["secret"], identity["token"]) == ("ann", key["SecretAccessKey"], None)
    assert sorted(map(str, map(json.loads, identity["policies"]))) == sorted(map(str, map(json.loads, (READ, WRITE))))
    assert identity["tags"] == {"team": "shop"}
    iam.update_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert moto_seam_access.identity_of_key(key["AccessKeyId"]) is None


def test_nobody_has_an_invented_key_and_the_session_of_a_deleted_role_is_nobodys(clients, role):
    assert moto_seam_access.identity_of_key("AKIAQWERTYUIOPASDFGH") is None
    credentials = moto_seam_access.role_credentials(REGION, role, "f")
    clients("iam").delete_role(RoleName="worker")
    assert moto_seam_access.identity_of_key(credentials["access_key_id"]) is None
    assert moto_seam_access.identity_of_role(role) is None
    assert moto_seam_access.identity_of_role("worker") is None


def test_resource_facts_of_each_kind(clients, role):
    facts = moto_seam_access.resource_facts
    assert facts("role", "", role) == {"arn": role, "policy": TRUST, "tags": {"team": "shop"}}
    assert facts("role", "", "worker")["arn"] == role

    s3 = clients("s3")
    s3.create_bucket(Bucket="photos")
    assert facts("s3", "", "photos") == {"policy": None}
    s3.put_bucket_policy(Bucket="photos", Policy=READ)
    assert facts("s3", "", "photos") == {"policy": READ}

    clients("sqs").create_queue(QueueName="jobs", Attributes={"Policy": READ}, tags={"a": "b"})
    queue = facts("sqs", REGION, "jobs")
    assert (queue["arn"], json.loads(queue["policy"])) == (f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs", json.loads(READ))
    assert queue["tags"] == {"a": "b"}

    topic = clients("sns").create_topic(Name="news")["TopicArn"]
    assert json.loads(facts("sns", REGION, topic)["policy"])["Statement"]

    arn = clients("secretsmanager").create_secret(Name="s", SecretString="x", Tags=[{"Key": "a", "Value": "b"}])["ARN"]
    assert facts("secretsmanager", REGION, "s") == {"arn": arn, "policy": None, "tags": {"a": "b"}}
    assert facts("secretsmanager", REGION, arn)["arn"] == arn

    kms = clients("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/own", TargetKeyId=key["KeyId"])
    for name in (key["KeyId"], key["Arn"], "alias/own"):
        assert facts("kms", REGION, name)["arn"] == key["Arn"]

    clients("dynamodb").create_table(
        TableName="T",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-sk",
                "KeySchema": [{"AttributeName": "sk", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "a", "Value": "b"}],
    )
    table = facts("dynamodb", REGION, "T")
    assert (table["keys"], table["tags"]) == ({"": "pk", "by-sk": "sk"}, {"a": "b"})


@pytest.mark.parametrize("kind", ["role", "s3", "sqs", "sns", "secretsmanager", "kms", "dynamodb", "ec2"])
def test_resource_facts_of_what_is_not_there(clients, kind):
    assert moto_seam_access.resource_facts(kind, REGION, "nothing") is None
