"""A classroom: a learner's hands (files, deployments) and the lab's eyes (checks) on a running local cloud."""

from __future__ import annotations

import ast
import io
import json
import re
import textwrap
import zipfile
from pathlib import Path
from typing import Any

import pytest

from labsupport.exercises import catalog, source
from labsupport.exercises.model import CheckReport
from labsupport.exercises.probe import Probe
from labsupport.exercises.runner import run_check
from labsupport.facts import fact

COURSE = Path(__file__).parents[2]
ROLE = "classroom"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
RUNTIME = fact("python_runtime").text


def lesson_text(number: str) -> str:
    """The source of a lesson."""
    return (COURSE / "solutions" / f"{catalog.find_lesson(number).name}.md").read_text(encoding="utf-8")


def dedented(text: str) -> str:
    """A file as it stands in a test, between triple quotation marks."""
    return textwrap.dedent(text).lstrip()


class Classroom:
    def __init__(self, endpoint: str, lambda_client: Any, role_arn: str) -> None:
        self.endpoint = endpoint
        self.lambda_client = lambda_client
        self.role_arn = role_arn

    # --- what a learner does

    def zip_of(self, files: dict[str, str]) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        return buffer.getvalue()

    def deploy(self, function_name: str, files: dict[str, str], handler: str, **settings: Any) -> None:
        """A new function of this name; one of that name from before is removed."""
        self.remove(function_name)
        self.lambda_client.create_function(
            FunctionName=function_name,
            Handler=handler,
            Code={"ZipFile": self.zip_of(files)},
            **{"Runtime": RUNTIME, "Role": self.role_arn, **settings},
        )
        self.lambda_client.get_waiter("function_active_v2").wait(FunctionName=function_name)

    def hand_in(self, place: tuple[str, str, str], text: str, **settings: Any) -> None:
        """Deploy this text (indented as a test has it) at an exercise's place: function, file, handler."""
        name, file_name, handler = place
        self.deploy(name, {file_name: dedented(text)}, handler, **settings)

    def remove(self, function_name: str) -> None:
        try:
            self.lambda_client.delete_function(FunctionName=function_name)
        except self.lambda_client.exceptions.ResourceNotFoundException:
            pass

    # --- what the lab does

    def check(self, exercise_id: str) -> CheckReport:
        def a_bug_of_the_check(bug: BaseException) -> str:
            raise bug

        return run_check(
            catalog.find_exercise(exercise_id), Probe(self.endpoint, exercise_id=exercise_id), a_bug_of_the_check
        )

    # --- what the lesson's source holds

    def solution(self, exercise_id: str, part: str = "") -> str:
        return self._cell(source.solution_cells, exercise_id, part)

    def starter(self, exercise_id: str, part: str = "") -> str:
        """The starter as the builder cuts it from the source."""
        exercise = catalog.find_exercise(exercise_id)
        marked = source._marked_cells(COURSE, catalog.find_lesson(exercise.lesson), exercise)
        (text,) = [cell.text for cell in marked if cell.part == part]
        return source.cut_solution(text, exercise_id)

    def given_file(self, lesson: str, file_name: str) -> str:
        """The first text the lesson itself writes into this file."""
        text = lesson_text(lesson)
        _before, found, rest = text.partition(f"%%writefile {file_name}\n")
        assert found, f"lesson {lesson} writes no {file_name}"
        return rest.partition("\n```")[0] + "\n"

    def functions_of(self, lesson: str) -> str:
        """The functions that the lesson's own cells define, as one piece of Python."""
        cells = re.findall(r"^```\{code-cell\} ipython3\n(.*?)^```$", lesson_text(lesson), re.MULTILINE | re.DOTALL)
        found = []
        for cell in cells:
            code = re.sub(r"^:tags:.*\n", "", cell)
            if not code.lstrip().startswith("%%") and "### BEGIN SOLUTION" not in code:
                found += [ast.unparse(node) for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)]
        return "\n\n".join(found)

    def file_of(self, cell: str) -> str:
        """The content a %%writefile cell writes."""
        written = source.written_file(cell)
        assert written, "no %%writefile cell"
        return written[1]

    def _cell(self, cells: Any, exercise_id: str, part: str) -> str:
        exercise = catalog.find_exercise(exercise_id)
        (text,) = [
            cell.text for cell in cells(COURSE, catalog.find_lesson(exercise.lesson), exercise) if cell.part == part
        ]
        return str(text)


@pytest.fixture(scope="session")
def classroom(cloud: Any) -> Classroom:
    iam = cloud.client("iam")
    try:
        role = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))
    except iam.exceptions.EntityAlreadyExistsException:
        role = iam.get_role(RoleName=ROLE)
    iam.attach_role_policy(RoleName=ROLE, PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
    return Classroom(cloud.endpoint, cloud.client("lambda"), role["Role"]["Arn"])
