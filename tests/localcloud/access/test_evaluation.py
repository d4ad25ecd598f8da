"""Policies are weighed as IAM weighs them: one row, one rule of the IAM User Guide."""

from __future__ import annotations

import pytest

from labsupport.localcloud.access.evaluation import Grants, Question, decide
from labsupport.localcloud.access.policy import Caller, Policy

ROLE = "arn:aws:iam::123456789012:role/worker"
SESSION = "arn:aws:sts::123456789012:assumed-role/worker/f"
CALLER = Caller(SESSION, "123456789012", ROLE)
OBJECT = "arn:aws:s3:::photos/in/a.jpg"


def policy(*statements, version="2012-10-17"):
    return Policy.parse({"Version": version, "Statement": list(statements)})


def allow(action="*", resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action="*", resource="*", **more):
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def allowed(statement, action="s3:GetObject", resource=OBJECT, version="2012-10-17", **context):
    keys = {key.replace("__", ":").lower(): value for key, value in context.items()}
    question = Question(action, (resource,), keys)
    return decide(question, Grants(CALLER, (policy(statement, version=version),))).allowed


@pytest.mark.parametrize(
    ("pattern", "action", "expected"),
    [
        ("*", "s3:GetObject", True),
        ("s3:*", "s3:GetObject", True),
        ("s3:Get*", "s3:GetObject", True),
        ("S3:getobject", "s3:GetObject", True),
        ("s3:GetObjec?", "s3:GetObject", True),
        ("s3:GetObject?", "s3:GetObject", False),
        ("s3:*Object", "s3:GetObjectAcl", False),
        ("dynamodb:*", "s3:GetObject", False),
        ("s3", "s3:GetObject", False),
        (["sqs:*", "s3:GetObject"], "s3:GetObject", True),
        ([], "s3:GetObject", False),
        ("s3.GetObject", "s3:GetObject", False),
    ],
)
def test_actions(pattern, action, expected):
    assert allowed(allow(pattern), action) is expected


@pytest.mark.parametrize(
    ("pattern", "resource", "expected"),
    [
        ("arn:aws:s3:::photos/*", OBJECT, True),
        ("arn:aws:s3:::photos", OBJECT, False),
        ("arn:aws:s3:::Photos/*", OBJECT, False),
        ("arn:aws:s3:::photos/??/a.jpg", OBJECT, True),
        ("arn:aws:s3:::*", OBJECT, True),
        ("arn:aws:s3:::photos/in/a*jpg", "arn:aws:s3:::photos/in/a\nb.jpg", True),
        ("arn:aws:s3:::photos/in/[a].jpg", OBJECT, False),
        (["arn:aws:s3:::other/*", "arn:aws:s3:::photos/in/*"], OBJECT, True),
        ("arn:aws:dynamodb:*:*:table/T", "arn:aws:dynamodb:us-east-1:123456789012:table/T", True),
        ("arn:aws:dynamodb:*:*:table/T", "arn:aws:dynamodb:us-east-1:123456789012:table/T/index/I", False),
        ("arn:aws:dynamodb:*:*:table/T/index/*", "arn:aws:dynamodb:us-east-1:123456789012:table/T/index/I", True),
    ],
)
def test_resources(pattern, resource, expected):
    assert allowed(allow(resource=pattern), resource=resource) is expected


@pytest.mark.parametrize(
    ("statement", "action", "expected"),
    [
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, "s3:GetObject", True),
        ({"Effect": "Allow", "NotAction": ["s3:*", "iam:*"], "Resource": "*"}, "s3:GetObject", False),
        ({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::photos/*"}, "s3:GetObject", False),
        ({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::other/*"}, "s3:GetObject", True),
        ({"Effect": "Allow", "Resource": "*"}, "s3:GetObject", False),
        ({"Action": "*", "Resource": "*"}, "s3:GetObject", False),
    ],
)
def test_the_elements_that_say_not(statement, action, expected):
    assert allowed(statement, action) is expected


@pytest.mark.parametrize(
    ("resource", "context", "version", "expected"),
    [
        ("arn:aws:s3:::photos/${aws:username}/*", {"aws__username": ("in",)}, "2012-10-17", True),
        ("arn:aws:s3:::photos/${aws:UserName}/*", {"aws__username": ("in",)}, "2012-10-17", True),
        ("arn:aws:s3:::photos/${aws:username}/*", {"aws__username": ("out",)}, "2012-10-17", False),
        ("arn:aws:s3:::photos/${aws:username}/*", {}, "2012-10-17", False),
        ("arn:aws:s3:::photos/${aws:username, 'in'}/*", {}, "2012-10-17", True),
        ("arn:aws:s3:::photos/${aws:username}/*", {"aws__username": ("in",)}, "2008-10-17", False),
        # A value is text, not a pattern.
        ("arn:aws:s3:::photos/${aws:username}/*", {"aws__username": ("*",)}, "2012-10-17", False),
        ("arn:aws:s3:::photos/in/${*}.jpg", {}, "2012-10-17", False),
    ],
)
def test_policy_variables(resource, context, version, expected):
    assert allowed(allow(resource=resource), version=version, **context) is expected


CONDITIONS = [
    ("StringEquals", "s3:prefix", "in/", ("in/",), True),
    ("StringEquals", "s3:prefix", "in/", ("IN/",), False),
    ("StringEquals", "s3:prefix", "in*", ("in/",), False),
    ("StringEquals", "S3:PREFIX", "in/", ("in/",), True),
    ("StringEquals", "s3:prefix", ["a", "in/"], ("in/",), True),
    ("StringEquals", "s3:prefix", "in/", None, False),
    ("StringEqualsIfExists", "s3:prefix", "in/", None, True),
    ("StringEqualsIfExists", "s3:prefix", "in/", ("out/",), False),
    ("StringEqualsIgnoreCase", "s3:prefix", "in/", ("IN/",), True),
    ("StringNotEquals", "s3:prefix", "in/", ("out/",), True),
    ("StringNotEquals", "s3:prefix", ["in/", "out/"], ("out/",), False),
    ("StringNotEquals", "s3:prefix", "in/", None, True),
    ("StringLike", "s3:prefix", "in/*", ("in/a",), True),
    ("StringLike", "s3:prefix", "in/?", ("in/ab",), False),
    ("StringNotLike", "s3:prefix", "in/*", ("in/a",), False),
    ("NumericEquals", "s3:max-keys", "10", ("10.0",), True),
    ("NumericLessThan", "s3:max-keys", "10", ("9",), True),
    ("NumericLessThan", "s3:max-keys", 10, ("10",), False),
    ("NumericLessThanEquals", "s3:max-keys", "10", ("10",), True),
    ("NumericGreaterThan", "s3:max-keys", "10", ("11",), True),
    ("NumericGreaterThanEquals", "s3:max-keys", "10", ("9",), False),
    ("NumericNotEquals", "s3:max-keys", "10", ("9",), True),
    ("NumericEquals", "s3:max-keys", "10", ("many",), False),
    ("DateLessThan", "aws:CurrentTime", "2030-01-01T00:00:00Z", ("2026-01-01T00:00:00Z",), True),
    ("DateGreaterThan", "aws:CurrentTime", "2030-01-01", ("2026-01-01T00:00:00Z",), False),
    ("DateLessThan", "aws:EpochTime", "1893456000", ("1767225600",), True),
    ("DateEquals", "aws:CurrentTime", "2026-01-01T01:00:00+01:00", ("2026-01-01T00:00:00Z",), True),
    ("Bool", "aws:SecureTransport", "true", ("true",), True),
    ("Bool", "aws:SecureTransport", True, ("true",), True),
    ("Bool", "aws:SecureTransport", "false", ("true",), False),
    ("Bool", "aws:MultiFactorAuthPresent", "true", None, False),
    ("BoolIfExists", "aws:MultiFactorAuthPresent", "true", None, True),
    ("IpAddress", "aws:SourceIp", "127.0.0.0/8", ("127.0.0.1",), True),
    ("IpAddress", "aws:SourceIp", "10.0.0.0/8", ("127.0.0.1",), False),
    ("NotIpAddress", "aws:SourceIp", "10.0.0.0/8", ("127.0.0.1",), True),
    ("IpAddress", "aws:SourceIp", "2001:db8::/32", ("127.0.0.1",), False),
    ("ArnEquals", "aws:PrincipalArn", ROLE, (ROLE,), True),
    ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/w*", (ROLE,), True),
    ("ArnLike", "aws:PrincipalArn", "arn:aws:iam:*:role/worker", (ROLE,), False),
    ("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:role/admin", (ROLE,), True),
    ("Null", "aws:TokenIssueTime", "true", None, True),
    ("Null", "aws:TokenIssueTime", "false", None, False),
    ("Null", "aws:TokenIssueTime", True, ("x",), False),
    ("ForAllValues:StringEquals", "dynamodb:Attributes", ["id", "name"], ("id",), True),
    ("ForAllValues:StringEquals", "dynamodb:Attributes", ["id", "name"], ("id", "price"), False),
    ("ForAllValues:StringEquals", "dynamodb:Attributes", ["id"], None, True),
    ("ForAnyValue:StringEquals", "dynamodb:Attributes", ["price"], ("id", "price"), True),
    ("ForAnyValue:StringEquals", "dynamodb:Attributes", ["price"], ("id",), False),
    ("ForAnyValue:StringEquals", "dynamodb:Attributes", ["price"], None, False),
    ("ForAnyValue:StringLike", "aws:TagKeys", "t*", ("team",), True),
    ("ForAllValues:StringNotEquals", "aws:TagKeys", "team", ("cost",), True),
    ("StringEquals", "some:KeyAwsDoesNotKnow", "x", None, False),
    ("NoSuchOperator", "s3:prefix", "in/", ("in/",), False),
    ("StringEquals", "s3:prefix", "${aws:username}", ("ann",), True),
]


@pytest.mark.parametrize(("operator", "key", "values", "given", "expected"), CONDITIONS)
def test_conditions(operator, key, values, given, expected):
    context = {"aws:username": ("ann",)} | ({key.lower(): given} if given is not None else {})
    question = Question("s3:GetObject", (OBJECT,), context)
    statement = allow(Condition={operator: {key: values}})
    assert decide(question, Grants(CALLER, (policy(statement),))).allowed is expected


def test_all_conditions_of_a_statement_must_hold():
    condition = {"StringEquals": {"a:x": "1", "a:y": "2"}, "Bool": {"a:z": "true"}}
    context = {"a:x": ("1",), "a:y": ("2",), "a:z": ("true",)}
    grants = Grants(CALLER, (policy(allow(Condition=condition)),))
    assert decide(Question("s3:GetObject", (OBJECT,), context), grants).allowed
    for key in context:
        less = {other: value for other, value in context.items() if other != key}
        assert not decide(Question("s3:GetObject", (OBJECT,), less), grants).allowed


IDENTITY = "because no identity-based policy allows the s3:GetObject action"
RESOURCE = "because no resource-based policy allows the s3:GetObject action"


@pytest.mark.parametrize(
    ("identity", "boundary", "session", "resource", "required", "reason"),
    [
        ([allow()], None, None, None, False, ""),
        ([], None, None, None, False, IDENTITY),
        ([allow(), deny()], None, None, None, False, "with an explicit deny in an identity-based policy"),
        ([allow()], [allow("s3:GetObject")], None, None, False, ""),
        ([allow()], [], None, None, False, "because no permissions boundary allows the s3:GetObject action"),
        ([], [allow()], None, None, False, IDENTITY),
        ([allow()], [allow(), deny()], None, None, False, "with an explicit deny in a permissions boundary"),
        ([allow()], None, [allow("sqs:*")], None, False, "because no session policy allows the s3:GetObject action"),
        ([allow()], None, [allow(), deny()], None, False, "with an explicit deny in a session policy"),
        ([allow()], [allow()], [allow()], None, False, ""),
        # A resource's policy may give what the caller's own do not ...
        ([], None, None, [allow(Principal={"AWS": ROLE})], False, ""),
        ([], None, None, [allow(Principal={"AWS": [SESSION]})], False, ""),
        ([], None, None, [allow(Principal="*")], False, ""),
        ([], None, None, [allow(Principal={"AWS": "*"})], False, ""),
        # ... but one that names the account leaves the decision to the account's own policies.
        ([], None, None, [allow(Principal={"AWS": "123456789012"})], False, IDENTITY),
        ([allow()], None, None, [allow(Principal={"AWS": "arn:aws:iam::123456789012:root"})], False, ""),
        ([], None, None, [allow(Principal={"AWS": ROLE + "2"})], False, IDENTITY),
        ([], None, None, [allow(Principal={"Service": "sns.amazonaws.com"})], False, IDENTITY),
        ([allow()], None, None, [deny(Principal="*")], False, "with an explicit deny in a resource-based policy"),
        ([allow()], None, None, [deny(Principal={"AWS": "999999999999"})], False, ""),
        ([allow()], None, None, [deny(NotPrincipal={"AWS": ROLE})], False, ""),
        (
            [allow()],
            None,
            None,
            [deny(NotPrincipal={"AWS": ROLE + "2"})],
            False,
            "with an explicit deny in a resource-based policy",
        ),
        # A grant to the session passes by boundary and session policies, one to the role does not.
        ([], [], None, [allow(Principal={"AWS": SESSION})], False, ""),
        (
            [],
            [],
            None,
            [allow(Principal={"AWS": ROLE})],
            False,
            "because no permissions boundary allows the s3:GetObject action",
        ),
        # Trust policies and key policies must agree, whatever else is allowed.
        ([allow()], None, None, [], True, RESOURCE),
        ([], None, None, [allow(Principal={"AWS": ROLE})], True, ""),
        ([allow()], None, None, [allow(Principal={"AWS": "123456789012"})], True, ""),
        ([], None, None, [allow(Principal={"AWS": "123456789012"})], True, IDENTITY),
    ],
)
def test_policies_of_all_kinds_together(identity, boundary, session, resource, required, reason):
    def some(statements):
        return None if statements is None else (policy(*statements),)

    grants = Grants(CALLER, (policy(*identity),), some(boundary), some(session))
    question = Question(
        "s3:GetObject",
        (OBJECT,),
        resource_policy=None if resource is None else policy(*resource),
        resource_decides=required,
    )
    decision = decide(question, grants)
    assert (decision.allowed, decision.reason) == (reason == "", reason)


def test_any_spelling_of_a_resource_may_match():
    group = "arn:aws:logs:us-east-1:123456789012:log-group:/g"
    question = Question("logs:CreateLogGroup", (f"{group}:log-stream:", group, f"{group}:*"))
    for pattern in (group, f"{group}:*", "arn:aws:logs:*:*:*", f"{group}:log-stream:*"):
        assert decide(question, Grants(CALLER, (policy(allow(resource=pattern)),))).allowed, pattern


@pytest.mark.parametrize("document", [None, "", "{", "[]", '{"Statement": "x"}', b'{"Statement": [7]}', {}])
def test_what_is_no_policy_allows_nothing_and_breaks_nothing(document):
    assert Policy.parse(document).statements == ()
