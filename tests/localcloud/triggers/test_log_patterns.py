"""Filter patterns of CloudWatch Logs. Examples are the User Guide's where it has one."""

from __future__ import annotations

import json

import pytest

from labsupport.localcloud.triggers.log_patterns import InvalidLogPattern, LogPattern

TRAIL = json.dumps(
    {
        "eventType": "UpdateTrail",
        "sourceIPAddress": "111.111.111.111",
        "arrayKey": ["value", "another value"],
        "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
        "SomeObject": None,
        "cluster.name": "c",
        "errorCode": 400,
        "duration": 12.5,
        "ok": True,
        "level": "ERROR",
        "user": {"email": "John.Stiles@example.com"},
    }
)
ACCESS = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'


def fits(pattern, message):
    return LogPattern.compile(pattern).match(message) is not None


@pytest.mark.parametrize(
    ("pattern", "message", "expected"),
    [
        ("", "anything", True),
        (" ", "anything", True),
        ("ERROR", "[ERROR 400] BAD REQUEST", True),
        ("ERROR", "[error 400] BAD REQUEST", False),
        ("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", True),
        ("ERROR ARGUMENTS", "[ERROR 401] UNAUTHORIZED REQUEST", False),
        ("?ERROR ?ARGUMENTS", "[ERROR 401] UNAUTHORIZED REQUEST", True),
        ("?ERROR ?ARGUMENTS", "[INFO] ARGUMENTS", True),
        ("?ERROR ?ARGUMENTS", "[INFO] started", False),
        ("?ERROR REQUEST", "[INFO] REQUEST", True),  # optional terms do not count beside others
        ('"INTERNAL SERVER ERROR"', "[ERROR 500] INTERNAL SERVER ERROR", True),
        ('"INTERNAL SERVER ERROR"', "[ERROR 500] SERVER ERROR INTERNAL", False),
        ('"say \\"hi\\""', 'they say "hi"', True),
        ("ERROR -ARGUMENTS", "[ERROR 401] UNAUTHORIZED REQUEST", True),
        ("ERROR -ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", False),
        ('-"BAD REQUEST"', "[ERROR 400] BAD REQUEST", False),
        ("%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST", True),
        ("%^START [a-z]+%", "START request", True),
        ("%^START%", "RESTART", False),
    ],
)
def test_terms(pattern, message, expected):
    assert fits(pattern, message) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.eventType = "UpdateTrail" }', True),
        ("{ $.eventType = UpdateTrail }", True),
        ("{ $.eventType = Update* }", True),
        ('{ $.eventType = "updatetrail" }', False),
        ("{ $.sourceIPAddress != 123.123.* }", True),
        ("{ $.sourceIPAddress = 111.111.* }", True),
        ('{ $.arrayKey[0] = "value" }', True),
        ('{ $.arrayKey[1] = "value" }', False),
        ('{ $.arrayKey[*] = "another value" }', True),
        ("{ $.objectList[1].id = 2 }", True),
        ("{ $.objectList[*].id > 1 }", True),
        ("{ $.objectList[*].id > 2 }", False),
        ("{ $.['cluster.name'] = \"c\" }", True),
        ("{ $.SomeObject IS NULL }", True),
        ("{ $.SomeOtherObject IS NULL }", False),
        ("{ $.SomeOtherObject NOT EXISTS }", True),
        ("{ $.eventType NOT EXISTS }", False),
        ("{ $.ok IS TRUE }", True),
        ("{ $.ok IS FALSE }", False),
        ("{ $.errorCode = 400 }", True),
        ("{ $.errorCode = 4.0e2 }", True),
        ("{ $.errorCode >= 400 && $.duration < 12.6 }", True),
        ("{ $.errorCode > 400 }", False),
        ("{ $.level > 1 }", False),
        ("{ $.missing != 1 }", False),
        ('{ ($.level = "INFO") || (($.user.email = %Stiles%) && ($.errorCode = 400)) }', True),
        ('{ $.level = "INFO" || $.level = "WARN" }', False),
        ('{ $.level = "INFO" && $.errorCode = 400 || $.ok IS TRUE }', True),
        ("{ $.user = * }", False),
        ("{ $.user.email = * }", True),
        ('{ $.user.* = "*@example.com" }', True),
    ],
)
def test_json_patterns(pattern, expected):
    assert fits(pattern, TRAIL) is expected


def test_a_json_pattern_fits_no_other_text():
    assert not fits("{ $.a NOT EXISTS }", "started")
    assert not fits("{ $.a NOT EXISTS }", '"text"')
    assert fits("{ $.a NOT EXISTS }", "{}")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[ip, server, username, timestamp, request, status_code, bytes]", True),
        ("[ip, server, username, timestamp, request, status_code]", False),
        ("[ip, server, username, timestamp, request, status_code = 4*, bytes]", True),
        ("[ip, server, username, timestamp, request, status_code = 5*, bytes]", False),
        ("[ip, server, username, timestamp, request, status_code = 404, bytes > 1000]", True),
        ("[ip, server, username, timestamp, request, status_code = 404, bytes > 1534]", False),
        ("[ip=%127\\.0\\.0\\.[1-9]%, ...]", True),
        ("[..., status_code = 4*, bytes]", True),
        ("[ip, ..., bytes < 1000]", False),
        ('[ip, server, username, timestamp, request = "*index.html*", ...]', True),
        ("[ip, server = Prod || server = Test, ...]", True),
        ("[ip, server != Prod && server != Test, ...]", False),
        ("[w1, w2, w3, w4, w5, w6 != 200, w7]", True),
        ("[]", True),
    ],
)
def test_space_delimited_patterns(pattern, expected):
    assert fits(pattern, ACCESS) is expected


def test_a_space_delimited_pattern_extracts_its_fields():
    assert LogPattern.compile("[ip, ..., request, status = 4*, bytes]").match(ACCESS) == {
        "ip": "127.0.0.1",
        "request": "GET /index.html HTTP/1.0",
        "status": "404",
        "bytes": "1534",
    }


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.a }",
        "{ $.a = }",
        "{ a = 1 }",
        "{ ($.a = 1 }",
        "{ $.a = 1 } }",
        "{ $.a > b }",
        "{ $.a IS SOMETHING }",
        "{ }",
        "[a, ..., b, ...]",
        "[a > b]",
        "%[%",
        'an "open quote',
    ],
)
def test_what_cannot_be_read_is_refused(pattern):
    with pytest.raises(InvalidLogPattern):
        LogPattern.compile(pattern)
