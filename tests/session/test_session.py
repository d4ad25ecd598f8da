from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from labsupport import __version__, session
from labsupport.exercises.model import CheckReport
from labsupport.exercises.outcomes import Outcome
from labsupport.session import Lab, LabStopped
from labsupport.targets.environment import NOWHERE
from labsupport.targets.local import CloudIdentity, LocalCloud


def one_line(value) -> str:
    text = repr(value)
    assert "\n" not in text and "Traceback" not in text
    assert value._repr_html_()
    return text


# --- before lab.start ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda lab: lab.check("hello-1"),
        lambda lab: lab.invoke("f", {}),
        lambda lab: lab.logs("f"),
        lambda lab: lab.timeline("f"),
        lambda lab: lab.map(),
        lambda lab: lab.cost(),
        lambda lab: lab.watch("uploads"),
        lambda lab: lab.clean(),
        lambda lab: lab.reset("hello-1"),
        lambda lab: lab.quiz(),
    ],
)
def test_a_call_before_start_says_so_in_one_line(lab, call):
    assert 'run the notebook\'s first cell, lab.start("01")' in one_line(call(lab))


def test_the_work_folder_before_start_is_one_line_too(lab):
    with pytest.raises(LabStopped, match="lab.work needs a started lesson"):
        _ = lab.work


def test_what_needs_no_cloud_works_before_start(lab):
    assert "Hint 1 of" in repr(lab.hint("hello-1"))
    assert "0 %" in repr(lab.progress())
    assert "Choose one of" in repr(lab.answer("hello-q1"))
    assert "Choose one of" in repr(lab.predict("hello-p1"))
    assert "First predict" in repr(lab.reveal("hello-p1"))
    assert "Quiz of lesson 01" in repr(lab.quiz("01"))
    assert "not started" in repr(lab)


# --- lab.start -------------------------------------------------------------------------------------------------


def test_start_joins_the_given_cloud_prints_five_lines_and_goes_to_the_work_folder(lab, cloud, place, capsys):
    os.environ["LAB_ENDPOINT"] = cloud.endpoint
    os.environ["AWS_PROFILE"] = "production"
    assert lab.start("01") is None
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["Lesson 01", "Target", "Region", "Versions", "Healthy"]
    assert lines[1] == f"Target: local cloud at {cloud.endpoint}"
    assert __version__ in lines[3] and "boto3" in lines[3]
    assert lines[4].endswith("Files you write go to work/01")
    assert Path.cwd() == lab.work == place / "work" / "01"
    assert os.environ["AWS_ENDPOINT_URL"] == cloud.endpoint and "AWS_PROFILE" not in os.environ
    import boto3

    assert boto3.client("lambda").meta.endpoint_url == cloud.endpoint
    assert cloud.endpoint in repr(lab)


def test_start_again_and_another_lesson_keep_the_cloud(lab, place, capsys):
    lab.start("01")
    first = lab._cloud
    began = time.monotonic()
    lab.start("01")
    lab.start(0)
    assert time.monotonic() - began < 2
    assert lab._cloud is first and lab.work == place / "work" / "00"
    first.stop()
    lab.start("00")
    assert lab._cloud is not first and lab._cloud.is_healthy()
    assert "this one is empty: deploy your functions again" in capsys.readouterr().out
    lab._cloud.stop()


def test_a_lesson_that_waits_for_retries_has_shorter_waits_and_says_so(lab, capsys):
    lab.start("02")
    assert "Waits: what takes AWS a minute, such as a retry, takes 3 seconds here" in capsys.readouterr().out
    assert lab._cloud.identity.time_scale == 0.05
    lab._cloud.stop()


def test_such_a_lesson_in_a_cloud_that_others_started_says_that_retries_take_minutes(lab, cloud, capsys):
    os.environ["LAB_ENDPOINT"] = cloud.endpoint
    lab.start("02")
    assert "Waits: as long as on AWS" in capsys.readouterr().out
    lab.start("01")
    assert "Waits" not in capsys.readouterr().out


def test_a_session_of_boto3_made_before_start_is_forgotten(lab, cloud, monkeypatch):
    import boto3

    boto3.setup_default_session(aws_access_key_id="REAL", aws_secret_access_key="REAL", region_name="eu-west-1")
    os.environ["LAB_ENDPOINT"] = cloud.endpoint
    lab.start("01")
    assert boto3.client("sts").meta.region_name == "us-east-1"


@pytest.mark.parametrize(
    "lesson, line",
    [("01_helo", "Did you mean '01_hello_lambda'?"), ("", "Unknown lesson"), (None, "Unknown lesson"), (99, "'99'")],
)
def test_an_unknown_lesson_stops_with_one_line(lab, lesson, line):
    with pytest.raises(LabStopped) as stopped:
        lab.start(lesson)
    assert line in str(stopped.value)
    assert stopped.value._render_traceback_() == [str(stopped.value)]


def test_whatever_goes_wrong_no_later_call_can_reach_aws(lab):
    os.environ["AWS_PROFILE"] = "production"
    os.environ["LAB_TARGET"] = "aws"
    with pytest.raises(LabStopped, match="has no real AWS target"):
        lab.start("01")
    assert os.environ["AWS_ENDPOINT_URL"] == NOWHERE and "AWS_PROFILE" not in os.environ


def test_an_unknown_target_stops_with_one_line(lab):
    os.environ["LAB_TARGET"] = "azure"
    with pytest.raises(LabStopped, match="the targets are: local"):
        lab.start("01")


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "https://lambda.amazonaws.com"])
def test_an_endpoint_without_a_local_cloud_stops_with_one_line(lab, endpoint):
    os.environ["LAB_ENDPOINT"] = endpoint
    with pytest.raises(LabStopped) as stopped:
        lab.start("01")
    assert "\n" not in str(stopped.value)


def test_a_cloud_of_another_version_is_refused(lab, cloud, monkeypatch):
    other = CloudIdentity(cloud.endpoint, 1, "0.0.9", "fallback", "none", "us-east-1")
    monkeypatch.setattr(session.LocalCloud, "join", lambda endpoint: LocalCloud(other))
    os.environ["LAB_ENDPOINT"] = cloud.endpoint
    with pytest.raises(LabStopped, match=f"is version 0.0.9, this notebook's lab is {__version__}"):
        lab.start("01")


def test_a_cloud_with_another_cpu_is_not_taken_for_the_one_that_was_asked_for(lab, cloud):
    os.environ["LAB_ENDPOINT"] = cloud.endpoint
    lab.start("01", cpu="full")
    with pytest.raises(
        LabStopped, match="runs already, with cpu='full'. For 'scaled' start a new one: labsupport cloud"
    ):
        lab.start("01", cpu="scaled")
    with pytest.raises(LabStopped, match="cpu='half' is neither 'full' nor 'scaled'"):
        lab.start("01", cpu="half")
    lab.start("01")


def test_cpu_reaches_a_cloud_that_the_lab_starts(lab):
    lab.start("01", cpu="scaled")
    assert lab._cloud.identity.cpu == "scaled"
    lab.start("01")
    with pytest.raises(LabStopped, match="For 'full' start a new one: restart the kernel."):
        lab.start("01", cpu="full")


def test_a_work_folder_that_cannot_be_made_stops_and_suggests_another(lab, cloud, place):
    os.environ["LAB_ENDPOINT"] = cloud.endpoint
    (place / "work").write_text("a file in the way")
    with pytest.raises(LabStopped, match="run %env LAB_WORK=/path/of/a/folder"):
        lab.start("01")
    os.environ["LAB_WORK"] = str(place / "elsewhere")
    lab.start("01")
    assert lab.work == place / "elsewhere" / "01"


def test_no_free_disk_stops_with_one_line(lab, cloud, monkeypatch):
    os.environ["LAB_ENDPOINT"] = cloud.endpoint

    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(session.os, "fsync", full)
    with pytest.raises(LabStopped, match="No space left on device. Free some space"):
        lab.start("01")


def test_a_home_that_cannot_be_written_does_not_stop_the_lesson(lab, place, capsys):
    (place / "home").write_text("a file in the way")
    lab.start("01")
    assert "Hint 1 of" in repr(lab.hint("hello-1"))
    assert "Hint 2 of" in repr(lab.hint("hello-1"))
    assert "could not be" in capsys.readouterr().out
    lab._cloud.stop()


def test_a_notebook_outside_the_course_says_where_its_files_go(place, cloud, capsys):
    del os.environ["LAB_WORK"]
    os.environ.pop("LAB_COURSE", None)
    os.environ["LAB_ENDPOINT"] = cloud.endpoint
    lab = Lab()
    lab.start("01")
    assert str(place / "here" / "work" / "01") in capsys.readouterr().out
    lab.start("01")
    assert lab.work == place / "here" / "work" / "01"


def test_inside_a_course_files_go_to_its_work_folder_from_any_folder_in_it(place, cloud):
    del os.environ["LAB_WORK"]
    os.environ.pop("LAB_COURSE", None)
    os.environ["LAB_ENDPOINT"] = cloud.endpoint
    (place / "course" / "notebooks" / "deep").mkdir(parents=True)
    (place / "course" / "notebooks" / "00_start_here.ipynb").write_text("{}")
    os.chdir(place / "course" / "notebooks" / "deep")
    lab = Lab()
    lab.start("01")
    lab.start("00")
    assert lab.work == place / "course" / "notebooks" / "work" / "00"


def test_an_older_python_gets_one_line(place):
    code = (
        "import sys; sys.version_info = (3, 9, 7)\n"
        "try:\n    from labsupport import lab\n"
        "except ImportError as problem: print(problem._render_traceback_()[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Lambda Lab needs Python 3.11 or newer; this kernel runs 3.9.7 from ")
    assert len(done.stdout.splitlines()) == 1


# --- after lab.start -------------------------------------------------------------------------------------------


GREETING = """
def handler(event, context):
    return {"message": f"Hello {event['customer']}, we are printing {event['photos']} photos."}
"""


def deploy(client, name: str, code: str, role: str) -> None:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", code)
    client.create_function(
        FunctionName=name, Runtime="python3.13", Role=role, Handler="app.handler", Code={"ZipFile": package.getvalue()}
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05})


@pytest.fixture
def own_cloud(lab, capsys):
    """A Lab with a cloud of its own, and a role in it."""
    lab.start("01")
    capsys.readouterr()
    import boto3

    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    iam = boto3.client("iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.attach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
    yield lab, boto3.client("lambda"), role
    lab._cloud.stop()


def test_check_invoke_logs_and_clean_from_one_end_to_the_other(own_cloud):
    lab, client, role = own_cloud
    assert lab.check("hello-1").outcome is Outcome.NOT_ATTEMPTED
    deploy(client, "kestrel-greeting", GREETING, role)
    report = lab.check("hello-1")
    assert isinstance(report, CheckReport) and report.passed
    assert "PASSED hello-1" in repr(lab.progress())
    assert lab.invoke("kestrel-greeting", {"customer": "Ada", "photos": 3}).payload["message"].startswith("Hello Ada")
    assert lab.logs("kestrel-greeting", last=2).invocations[-1].report is not None
    removed = repr(lab.clean())
    assert "1 function: kestrel-greeting" in removed and "1 role: r" in removed
    after = lab.check("hello-1")
    assert after.outcome is Outcome.NOT_ATTEMPTED and "you had deployed it" in repr(after)
    assert "PASSED hello-1" in repr(lab.progress())


def test_a_cloud_that_died_is_a_problem_of_the_lab_and_start_helps(own_cloud, capsys):
    lab, _client, _role = own_cloud
    lab._cloud.stop()
    report = lab.check("hello-1")
    assert report.outcome is Outcome.LAB_PROBLEM and "lab.start" in repr(report)
    assert "does not answer" in one_line(lab.invoke("f", {}))
    assert "does not answer" in one_line(lab.logs("f"))
    lab.start("01")
    assert lab.check("hello-1").outcome is Outcome.NOT_ATTEMPTED


def test_variables_of_the_kernel_do_not_matter_to_a_check(started, cloud):
    """What the learner's notebook patches in boto3's default session or environment reaches no check."""
    import boto3

    functions = cloud.client("lambda")
    if "kestrel-greeting" in [one["FunctionName"] for one in functions.list_functions()["Functions"]]:
        functions.delete_function(FunctionName="kestrel-greeting")  # another test's, in the cloud they share

    boto3.setup_default_session(region_name="nowhere-1")
    os.environ["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"
    assert started.check("hello-1").outcome is Outcome.NOT_ATTEMPTED


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda lab: lab.check("helo-1"), "Did you mean 'hello-1'?"),
        (lambda lab: lab.hint("helo-1"), "Did you mean 'hello-1'?"),
        (lambda lab: lab.solution("helo-1"), "Did you mean 'hello-1'?"),
        (lambda lab: lab.reset("helo-1"), "Did you mean 'hello-1'?"),
        (lambda lab: lab.answer("helo-q1", "a"), "Did you mean 'hello-q1'?"),
        (lambda lab: lab.quiz("01_helo"), "Did you mean '01_hello_lambda'?"),
        (lambda lab: lab.check(), "Use it as lab.check(exercise_id)."),
        (lambda lab: lab.check("hello-1", "more"), "Use it as lab.check(exercise_id)."),
        (lambda lab: lab.logs("f", count=2), "Use it as lab.logs(function_name, last=1)."),
        (lambda lab: lab.invoke("nowhere"), "ResourceNotFoundException: Function not found"),
        (lambda lab: lab.invoke("f", {1, 2}), "cannot be written as JSON"),
        (lambda lab: lab.invoke("not a name!", {}), "Invoke was refused"),
        (lambda lab: lab.logs("nowhere"), "There is no function 'nowhere'"),
        (lambda lab: lab.logs("nowhere", last=0), "Use 1 or more"),
        (lambda lab: lab.watch("nowhere-at-all"), "There is no bucket, queue, table or function "),
        (lambda lab: lab.watch("uploads", quiet="long"), "quiet='long' is not a number of seconds."),
        (lambda lab: lab.watch("uploads", second=1), "Use it as lab.watch(*names, seconds=60, quiet=2)."),
        (lambda lab: lab.cost(since="noon"), "since='noon' is no earlier cost. Keep one with before = lab.cost()"),
    ],
)
def test_wrong_input_is_answered_in_one_line(started, call, words):
    assert words in one_line(call(started))


def test_a_map_of_what_is_deployed(started, cloud):
    cloud.client("s3").create_bucket(Bucket="on-the-map")
    shown = started.map()
    assert ("bucket", "on-the-map") in {one.key for one in shown.resources}
    assert "on-the-map" in shown._repr_mimebundle_()["text/markdown"]


def test_a_watch_around_an_upload_shows_it_once_and_is_not_on_the_bill(started, cloud, capsys):
    cloud.client("s3").create_bucket(Bucket="watched-by-the-lab")
    before = started.cost()
    with started.watch("watched-by-the-lab", quiet=0.5):
        cloud.client("s3").put_object(Bucket="watched-by-the-lab", Key="a.jpg", Body=b"x")
    shown = capsys.readouterr().out
    assert shown.startswith("Watched bucket watched-by-the-lab (nothing happened for 0.5 seconds)")
    assert shown.count("a.jpg came (1 byte)") == 1
    assert [(line.price.service, line.quantity) for line in started.cost(since=before).lines] == [("S3", 1)]


def test_a_watch_that_cannot_begin_says_so_and_lets_the_work_go_on(started, capsys):
    done = []
    with started.watch("nowhere-at-all"):
        done.append(1)
    assert done == [1] and capsys.readouterr().out.startswith("There is no bucket, queue, table or function ")


def test_a_new_watch_ends_the_one_before(started, cloud):
    cloud.client("s3").create_bucket(Bucket="watched-twice")
    first = started.watch("watched-twice")
    second = started.watch("watched-twice", seconds=0.1)
    assert first.ended == "stopped" and second is not first
    second.stop()


def test_a_cloud_that_ran_before_is_billed_from_joining_on(lab, cloud, capsys):
    cloud.client("s3").create_bucket(Bucket="of-somebody-else")
    os.environ["LAB_ENDPOINT"] = cloud.endpoint
    lab.start("01")
    assert repr(lab.cost()).startswith("Nothing that AWS charges for was used since")
    cloud.client("s3").put_object(Bucket="of-somebody-else", Key="k", Body=b"x")
    lab.start("01")  # once more is harmless
    bill = lab.cost()
    assert [(line.price.service, line.quantity) for line in bill.lines] == [("S3", 1)]
    assert repr(lab.cost(since=bill)).startswith("Nothing that AWS charges for was used since")
    capsys.readouterr()


def test_a_fault_of_ours_is_one_line_and_its_details_are_in_a_file(started, monkeypatch, place):
    def broken(*_arguments, **_options):
        raise ZeroDivisionError("in our code")

    monkeypatch.setattr(session, "check_and_record", broken)
    line = one_line(started.check("hello-1"))
    assert line.startswith("■ LAB PROBLEM in lab.check (ours, not yours): ZeroDivisionError. Details are in ")
    path = Path(line.rpartition("Details are in ")[2])
    assert path.parent == place / "home" / "logs" and "in our code" in path.read_text()


def test_a_fault_of_ours_in_start_stops_with_one_line(lab, monkeypatch):
    monkeypatch.setattr(session.catalog, "find_lesson", lambda name: 1 / 0)
    with pytest.raises(LabStopped, match="LAB PROBLEM in lab.start"):
        lab.start("01")


def test_an_interrupted_check_is_one_line_and_not_recorded(started, monkeypatch):
    def interrupted(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(session, "check_and_record", interrupted)
    with pytest.raises(LabStopped, match="lab.check was interrupted; nothing was recorded."):
        started.check("hello-1")


def test_a_check_that_takes_long_says_so_unless_it_is_told_to_be_quiet(started, monkeypatch, capsys):
    def slow(*_arguments):
        time.sleep(0.3)

    monkeypatch.setattr(session, "check_and_record", slow)
    monkeypatch.setattr(session, "_STILL_CHECKING_SECONDS", 0.1)
    started.check("hello-1")
    assert "Still checking hello-1" in capsys.readouterr().out
    monkeypatch.setenv("LAB_QUIET", "1")
    started.check("hello-1")
    assert capsys.readouterr().out == ""


def test_reset_goes_to_the_folder_of_the_exercise_s_own_lesson(started, place, monkeypatch):
    seen = []
    monkeypatch.setattr(session.Guidance, "reset", lambda self, name, work: seen.append(work) or "done")
    started.reset("start-1")
    assert seen == [place / "work" / "00"]


def test_a_progress_file_that_was_damaged_is_said_beside_the_answer(started, place, capsys):
    (place / "home").mkdir(exist_ok=True)
    (place / "home" / "progress.json").write_text("{")
    assert "0 %" in repr(started.progress())
    assert "was damaged. It is kept as" in capsys.readouterr().out


# --- the address of an API


def test_the_address_of_an_api_is_a_path_of_the_cloud(started, cloud):
    assert started.api_url("abc123") == f"{cloud.endpoint}/_aws/execute-api/abc123/prod"
    assert started.api_url("abc123", "test").endswith("/abc123/test")


def test_before_the_start_there_is_no_address(lab):
    with pytest.raises(LabStopped, match="lab.api_url needs a started lesson"):
        lab.api_url("abc123")


def test_the_tape_of_an_api_that_is_not_there_is_a_line(started):
    assert "There is no REST API 'kestrel-shop'. lab.tape wants an API's id" in started.tape("kestrel-shop").text
