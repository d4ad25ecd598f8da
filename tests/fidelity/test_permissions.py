"""AddPermission, RemovePermission, GetPolicy: statements, conditions, qualifiers, revisions and refusals."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from .deployment import ACCOUNT, REGION, Function, refusal, unique_name

NOTHING = "def handler(event, context): return event\n"
BUCKET = "arn:aws:s3:::test-bucket"
S3 = {"Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
MISSING = ("ResourceNotFoundException", 404, "The resource you requested does not exist.")
REVISION = (
    "PreconditionFailedException",
    412,
    "The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest "
    "Revision Id",
)


@pytest.fixture(scope="module")
def cloud(cloud_of):
    """Permissions are the control plane's: one runtime client is enough."""
    return cloud_of("fallback")


@pytest.fixture(scope="module")
def client(cloud):
    return cloud.client("lambda")


@pytest.fixture(scope="module")
def shared(cloud) -> Function:
    """A function for tests that leave no statement behind or use a statement id of their own."""
    return cloud.deploy(NOTHING)


@pytest.fixture
def function(cloud) -> Function:
    return cloud.deploy(NOTHING)


@pytest.fixture
def versioned(cloud, client) -> Function:
    """A function with version 1 and the alias ``live``."""
    function = cloud.deploy(NOTHING)
    client.publish_version(FunctionName=function.name)
    client.create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")
    return function


def added(client, function: Function, sid: str, **parameters) -> dict:
    """The statement that AddPermission answers with."""
    answer = client.add_permission(FunctionName=function.name, StatementId=sid, **{**S3, **parameters})
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert isinstance(answer["Statement"], str)
    return json.loads(answer["Statement"])


# --- the statement -------------------------------------------------------------------------------------------------


def test_F110_the_statement_is_a_json_string(client, function):
    """AddPermission answers with the statement as compact JSON text, its keys in this order. Recorded from AWS."""
    answer = client.add_permission(FunctionName=function.name, StatementId="s3", SourceArn=BUCKET, **S3)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert answer["Statement"] == (
        '{"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction",'
        f'"Resource":"{function.arn}","Condition":{{"ArnLike":{{"AWS:SourceArn":"{BUCKET}"}}}}}}'
    )


def test_F110_the_policy_holds_every_statement_in_order(client, function):
    """GetPolicy: a document with the Id ``default``, as JSON text, and a RevisionId. Recorded from AWS."""
    first = added(client, function, "logs", Principal="logs.amazonaws.com")
    second = added(client, function, "kinesis", Principal="kinesis.amazonaws.com")
    answer = client.get_policy(FunctionName=function.name)
    assert json.loads(answer["Policy"]) == {"Version": "2012-10-17", "Id": "default", "Statement": [first, second]}
    assert len(answer["RevisionId"]) == 36


def test_F110_a_source_account_is_compared_as_text(client, shared):
    """SourceAccount becomes StringEquals on AWS:SourceAccount. Recorded from AWS."""
    statement = added(client, shared, "account", SourceAccount=ACCOUNT)
    assert statement["Condition"] == {"StringEquals": {"AWS:SourceAccount": ACCOUNT}}


def test_F110_a_statement_without_a_source_has_no_condition(client, shared):
    """Recorded from AWS."""
    assert set(added(client, shared, "open")) == {"Sid", "Effect", "Principal", "Action", "Resource"}


@pytest.mark.parametrize(
    ("given", "principal"),
    [
        ("*", "*"),
        ("lambda.amazonaws.com", {"Service": "lambda.amazonaws.com"}),
        ("events.amazonaws.com", {"Service": "events.amazonaws.com"}),
        ("logs.us-east-1.amazonaws.com", {"Service": "logs.us-east-1.amazonaws.com"}),
        ("alexa-appkit.amazon.com", {"Service": "alexa-appkit.amazon.com"}),
        ("111122223333", {"AWS": "arn:aws:iam::111122223333:root"}),
        ("arn:aws:iam::111122223333:root", {"AWS": "arn:aws:iam::111122223333:root"}),
        ("arn:aws:iam::111122223333:role/path/caller", {"AWS": "arn:aws:iam::111122223333:role/path/caller"}),
        ("arn:aws:iam::111122223333:user/ada", {"AWS": "arn:aws:iam::111122223333:user/ada"}),
    ],
)
def test_F110_principals(client, shared, given, principal):
    """A star stays a star, services and accounts get their kind. Recorded from AWS."""
    assert added(client, shared, unique_name("who"), Principal=given)["Principal"] == principal


def test_F110_conditions_for_function_urls_and_organizations(client, shared):
    """All conditions at once: two operators, the keys spelt as AWS spells them. Recorded from AWS."""
    statement = added(
        client,
        shared,
        "url",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        SourceArn=BUCKET,
        SourceAccount=ACCOUNT,
        PrincipalOrgID="o-1234567890",
        FunctionUrlAuthType="NONE",
    )
    assert statement["Condition"] == {
        "StringEquals": {
            "AWS:SourceAccount": ACCOUNT,
            "lambda:FunctionUrlAuthType": "NONE",
            "aws:PrincipalOrgID": "o-1234567890",
        },
        "ArnLike": {"AWS:SourceArn": BUCKET},
    }


def test_F110_an_alexa_skill_is_known_by_its_token(client, shared):
    """Recorded from AWS."""
    statement = added(client, shared, "alexa", Principal="*", EventSourceToken="amzn1.ask.skill.x")
    assert statement["Condition"] == {"StringEquals": {"lambda:EventSourceToken": "amzn1.ask.skill.x"}}


def test_F210_the_second_permission_of_a_function_url(client, shared):
    """Since October 2025 a public URL needs lambda:InvokeFunction too, only for calls through the URL."""
    statement = added(client, shared, "via-url", Principal="*", InvokedViaFunctionUrl=True)
    assert statement["Condition"] == {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}


# --- versions and aliases ------------------------------------------------------------------------------------------


def test_F110_each_qualifier_has_a_policy_of_its_own(client, versioned):
    """The same statement id can stand on the function, a version and an alias; none shows in another's policy.
    Recorded from AWS."""
    resources = {}
    for qualifier in (None, "1", "live"):
        where = {"FunctionName": versioned.name} | ({"Qualifier": qualifier} if qualifier else {})
        client.add_permission(StatementId="s3", **where, **S3)
        (statement,) = json.loads(client.get_policy(**where)["Policy"])["Statement"]
        resources[qualifier] = statement["Resource"]
    assert resources == {None: versioned.arn, "1": f"{versioned.arn}:1", "live": f"{versioned.arn}:live"}


def test_F110_a_new_version_starts_without_a_policy(client, function):
    """Publishing copies no policy and leaves the function's as it was. Recorded from AWS."""
    added(client, function, "s3")
    before = client.get_policy(FunctionName=function.name)["RevisionId"]
    client.publish_version(FunctionName=function.name)
    assert refusal(client.get_policy, FunctionName=function.name, Qualifier="1") == MISSING
    assert client.get_policy(FunctionName=function.name)["RevisionId"] == before


def test_F110_the_qualifier_may_stand_in_the_name(client, versioned):
    """``name:1``, ``name:1`` with the same Qualifier, and the ARN all mean the version. Recorded from AWS."""
    client.add_permission(FunctionName=f"{versioned.name}:1", StatementId="a", **S3)
    client.add_permission(FunctionName=f"{versioned.name}:1", Qualifier="1", StatementId="b", **S3)
    client.add_permission(FunctionName=f"{versioned.arn}:1", StatementId="c", **S3)
    policy = json.loads(client.get_policy(FunctionName=versioned.name, Qualifier="1")["Policy"])
    assert [statement["Sid"] for statement in policy["Statement"]] == ["a", "b", "c"]
    client.remove_permission(FunctionName=f"{versioned.name}:1", StatementId="b")
    policy = json.loads(client.get_policy(FunctionName=f"{versioned.arn}:1")["Policy"])
    assert [statement["Sid"] for statement in policy["Statement"]] == ["a", "c"]


def test_a_deleted_function_leaves_no_policy_to_its_successor(cloud, client, function):
    """A function made again under the same name has no policy."""
    added(client, function, "s3")
    client.delete_function(FunctionName=function.name)
    again = cloud.deploy(NOTHING, name=function.name)
    assert refusal(client.get_policy, FunctionName=again.name) == MISSING


def test_a_deleted_alias_leaves_no_policy_to_its_successor(client, versioned):
    """An alias made again under the same name has no policy."""
    added(client, versioned, "s3", Qualifier="live")
    client.delete_alias(FunctionName=versioned.name, Name="live")
    client.create_alias(FunctionName=versioned.name, Name="live", FunctionVersion="1")
    assert refusal(client.get_policy, FunctionName=versioned.name, Qualifier="live") == MISSING


# --- removing ------------------------------------------------------------------------------------------------------


def test_F111_the_last_statement_takes_the_policy_with_it(client, function):
    """RemovePermission answers 204; with nothing left GetPolicy is a 404. Recorded from AWS."""
    added(client, function, "one")
    added(client, function, "two")
    answer = client.remove_permission(FunctionName=function.name, StatementId="one")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    (left,) = json.loads(client.get_policy(FunctionName=function.name)["Policy"])["Statement"]
    assert left["Sid"] == "two"
    client.remove_permission(FunctionName=function.name, StatementId="two")
    assert refusal(client.get_policy, FunctionName=function.name) == MISSING


def test_F111_removing_what_is_not_there(client, function):
    """First no policy, then no such statement; and removing twice. Recorded from AWS."""
    assert refusal(client.remove_permission, FunctionName=function.name, StatementId="s3") == (
        "ResourceNotFoundException",
        404,
        "No policy is associated with the given resource.",
    )
    added(client, function, "s3")
    added(client, function, "sqs")
    client.remove_permission(FunctionName=function.name, StatementId="sqs")
    for sid in ("non-existent", "sqs"):
        assert refusal(client.remove_permission, FunctionName=function.name, StatementId=sid) == (
            "ResourceNotFoundException",
            404,
            f"Statement {sid} is not found in resource policy.",
        )


# --- revisions -----------------------------------------------------------------------------------------------------


def test_F111_a_stale_revision_changes_nothing(client, function):
    """A wrong RevisionId is a 412 for both calls; the right one is GetPolicy's. Recorded from AWS."""
    where = {"FunctionName": function.name}
    assert refusal(client.add_permission, StatementId="s3", RevisionId="wrong", **where, **S3) == REVISION
    assert refusal(client.get_policy, **where) == MISSING
    added(client, function, "s3")
    first = client.get_policy(**where)["RevisionId"]
    added(client, function, "more", RevisionId=first)
    second = client.get_policy(**where)["RevisionId"]
    assert first != second
    assert refusal(client.add_permission, StatementId="late", RevisionId=first, **where, **S3) == REVISION
    assert refusal(client.remove_permission, StatementId="s3", RevisionId=first, **where) == REVISION
    client.remove_permission(StatementId="s3", RevisionId=second, **where)
    assert client.get_policy(**where)["RevisionId"] not in (first, second)


def test_F111_the_first_permission_of_an_alias_may_name_the_aliass_revision(client, versioned):
    """While there is no policy, the alias's own RevisionId is the one to give. Recorded from AWS."""
    where = {"FunctionName": versioned.name, "Qualifier": "live"}
    assert refusal(client.add_permission, StatementId="s3", RevisionId="wrong", **where, **S3) == REVISION
    alias = client.get_alias(FunctionName=versioned.name, Name="live")
    client.add_permission(StatementId="s3", RevisionId=alias["RevisionId"], **where, **S3)
    assert client.get_policy(**where)["RevisionId"] != alias["RevisionId"]


# --- refusals ------------------------------------------------------------------------------------------------------


def test_F111_a_statement_id_is_used_once(client, function):
    """Recorded from AWS."""
    added(client, function, "s3")
    assert refusal(client.add_permission, FunctionName=function.name, StatementId="s3", **S3) == (
        "ResourceConflictException",
        409,
        "The statement id (s3) provided already exists. Please provide a new statement id, or remove the existing "
        "statement.",
    )


@pytest.mark.parametrize(
    "principal",
    [
        "invalid.nonaws.com",
        "s3.amazonaws.co",
        "s3",
        "api-gateway.amazonaws.com",
        "12345",
        "arn:aws:iam::111122223333:group/admins",
        "arn:aws:s3:::bucket",
        "arn:aws:iam:000000000000:role/one-colon-short",
    ],
)
def test_F111_a_principal_that_is_none(client, shared, principal):
    """A service that AWS does not have, or an ARN that is nobody. The text is recorded from AWS."""
    call = {"FunctionName": shared.name, "StatementId": "who", "Action": S3["Action"], "Principal": principal}
    assert refusal(client.add_permission, **call) == (
        "InvalidParameterValueException",
        400,
        "The provided principal was invalid. Please check the principal and try again.",
    )


def test_F111_malformed_parameters(client, shared):
    """Each is compared with its pattern. Recorded from AWS (statement id and qualifier)."""
    good = {"FunctionName": shared.name, "StatementId": "s3", **S3}
    for parameter, value, name, pattern in [
        ("StatementId", "example.com", "statementId", "([a-zA-Z0-9-_]+)"),
        (
            "Qualifier",
            "invalid-qualifier-with-?-char",
            "qualifier",
            r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+",
        ),
        ("Action", "s3:GetObject", "action", "(lambda:[*]|lambda:[a-zA-Z]+|[*])"),
        ("SourceAccount", "one", "sourceAccount", r"\d{12}"),
        ("PrincipalOrgID", "r-1234567890", "principalOrgID", "o-[a-z0-9]{10,32}"),
    ]:
        assert refusal(client.add_permission, **{**good, parameter: value}) == (
            "ValidationException",
            400,
            f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: Member must "
            f"satisfy regular expression pattern: {pattern}",
        )


def test_F111_latest_has_no_policy_of_its_own(client, shared):
    """Recorded from AWS."""
    for where in ({"Qualifier": "$LATEST"}, {"FunctionName": f"{shared.name}:$LATEST", "Qualifier": "$LATEST"}):
        call = {"FunctionName": shared.name, "StatementId": "s3", **S3, **where}
        assert refusal(client.add_permission, **call) == (
            "InvalidParameterValueException",
            400,
            "We currently do not support adding policies for $LATEST.",
        )


def test_F111_name_and_qualifier_must_agree(client, shared):
    """Recorded from AWS."""
    call = {"FunctionName": f"{shared.name}:alias-not-42", "Qualifier": "42", "StatementId": "s3", **S3}
    assert refusal(client.add_permission, **call) == (
        "InvalidParameterValueException",
        400,
        "The derived qualifier from the function name does not match the specified qualifier.",
    )


def test_F111_function_version_or_alias_that_is_not_there(client, versioned):
    """Which of them is missing decides the text. Recorded from AWS."""
    nowhere = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:doesnotexist"
    found = {
        "add to no function": refusal(client.add_permission, FunctionName="doesnotexist", StatementId="s3", **S3),
        "add to no version": refusal(
            client.add_permission, FunctionName=versioned.name, Qualifier="42", StatementId="s3", **S3
        ),
        "add to no alias": refusal(
            client.add_permission, FunctionName=f"{versioned.name}:nope", StatementId="s3", **S3
        ),
        "add to a name with a dollar": refusal(
            client.add_permission, FunctionName=versioned.name, Qualifier="a-$-b", StatementId="s3", **S3
        ),
        "remove from no function": refusal(client.remove_permission, FunctionName="doesnotexist", StatementId="s3"),
        "remove from no alias": refusal(
            client.remove_permission, FunctionName=versioned.name, Qualifier="nope", StatementId="s3"
        ),
        "get of no function": refusal(client.get_policy, FunctionName="doesnotexist"),
        "get of no version": refusal(client.get_policy, FunctionName=versioned.name, Qualifier="77"),
    }
    missing = "ResourceNotFoundException", 404
    assert found == {
        "add to no function": (*missing, f"Function not found: {nowhere}"),
        "add to no version": (*missing, f"Function not found: {versioned.arn}:42"),
        "add to no alias": (*missing, f"Cannot find alias arn: {versioned.arn}:nope"),
        "add to a name with a dollar": (*missing, f"Function not found: {versioned.arn}:a-$-b"),
        "remove from no function": (*missing, f"No policy found for: {nowhere}"),
        "remove from no alias": (*missing, f"Cannot find alias arn: {versioned.arn}:nope"),
        "get of no function": MISSING,
        "get of no version": MISSING,
    }


def test_the_auth_type_belongs_to_the_url_action(client, shared):
    """The text is from published error messages of AWS."""
    call = {"FunctionName": shared.name, "StatementId": "url", **S3, "Principal": "*"}
    assert refusal(client.add_permission, **call, FunctionUrlAuthType="NONE") == (
        "InvalidParameterValueException",
        400,
        "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action",
    )


def test_a_policy_grows_to_twenty_kilobytes(client, function):
    """One statement too many is a 400 that names both sizes, and is not added. The text is from published error
    messages of AWS; the size is that of the document without spaces."""
    source = "arn:aws:s3:::" + "x" * 1000
    for number in range(100):
        call = {"FunctionName": function.name, "StatementId": f"s{number}", "SourceArn": source, **S3}
        try:
            client.add_permission(**call)
        except ClientError:
            break
    size = len(client.get_policy(FunctionName=function.name)["Policy"])
    statement = len(added_text(client, function, f"s{number - 1}"))
    total = size + 1 + statement - len(str(number - 1)) + len(str(number))
    assert 20480 - statement < size <= 20480 < total
    assert refusal(client.add_permission, **call) == (
        "PolicyLengthExceededException",
        400,
        f"The final policy size ({total}) is bigger than the limit (20480).",
    )
    assert len(client.get_policy(FunctionName=function.name)["Policy"]) == size


def added_text(client, function: Function, sid: str) -> str:
    """The statement with this id as it stands in the policy, without spaces."""
    policy = json.loads(client.get_policy(FunctionName=function.name)["Policy"])
    (statement,) = [one for one in policy["Statement"] if one["Sid"] == sid]
    return json.dumps(statement, separators=(",", ":"))


def test_the_bodies_of_refusals(cloud, client, function):
    """Error bodies as botocore reads them: Type and the message under ``Message`` for a 404, ``message`` else.
    Recorded from AWS."""
    with pytest.raises(ClientError) as missing:
        client.get_policy(FunctionName=function.name)
    assert {key: missing.value.response[key] for key in ("Type", "Message")} == {"Type": "User", "Message": MISSING[2]}
    added(client, function, "s3")
    with pytest.raises(ClientError) as conflict:
        client.add_permission(FunctionName=function.name, StatementId="s3", **S3)
    assert conflict.value.response["Type"] == "User"
    assert conflict.value.response["message"].startswith("The statement id (s3) provided already exists.")
