"""A learner's hands in the middle of a lesson: its clients, its role, its own functions, and its cells to run."""

from __future__ import annotations

import contextlib
import io
import json
import re
import time
import zipfile
from typing import Any

from labsupport.facts import fact

from .conftest import Classroom, lesson_text

_CELL = re.compile(r"^```\{code-cell\} ipython3\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FACT = re.compile(r"\{\{\s*facts\.(\w+)\s*\}\}")


class Hands:
    """What the cells of a lesson can use. ``names`` are the variables of its notebook."""

    def __init__(self, classroom: Classroom, cloud: Any, lesson: str, role_arn: str) -> None:
        self._lesson = lesson
        self.names: dict[str, Any] = {
            "io": io,
            "json": json,
            "time": time,
            "zipfile": zipfile,
            "iam": cloud.client("iam"),
            "sqs": cloud.client("sqs"),
            "lambda_client": classroom.lambda_client,
            "RUNTIME": fact("python_runtime").text,
            "role_arn": role_arn,
        }
        exec(compile(classroom.functions_of(lesson), f"lesson {lesson}", "exec"), self.names)

    def run(self, cell: str) -> None:
        exec(compile(cell, "cell", "exec"), self.names)

    def run_the_lesson_s(self, text: str) -> None:
        """Run the one cell of the lesson that has this text in it."""
        found = [cell for cell in _CELL.findall(lesson_text(self._lesson)) if text in cell]
        assert len(found) == 1, f"{len(found)} cells of lesson {self._lesson} have {text!r} in them"
        self.run(_FACT.sub(lambda match: fact(match[1]).text, re.sub(r"^:tags:.*\n", "", found[0])))


def the_role_of_the_lessons(cloud: Any) -> str:
    """The ARN of kestrel-function, which has the right to write logs and no other."""
    iam = cloud.client("iam")
    trust = iam.get_role(RoleName="classroom")["Role"]["AssumeRolePolicyDocument"]
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName="kestrel-function", AssumeRolePolicyDocument=json.dumps(trust))
    for name in iam.list_role_policies(RoleName="kestrel-function")["PolicyNames"]:
        iam.delete_role_policy(RoleName="kestrel-function", PolicyName=name)
    for policy in iam.list_attached_role_policies(RoleName="kestrel-function")["AttachedPolicies"]:
        iam.detach_role_policy(RoleName="kestrel-function", PolicyArn=policy["PolicyArn"])
    iam.attach_role_policy(
        RoleName="kestrel-function", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    )
    return str(iam.get_role(RoleName="kestrel-function")["Role"]["Arn"])
