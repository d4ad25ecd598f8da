"""The lab in real Jupyter kernels: starting, restarting, interrupting, and every way a kernel can end."""

from __future__ import annotations

import os
import signal
import time

START = 'from labsupport import lab\nlab.start("01")'
PID = """
import json, os, urllib.request
json.load(urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/_labsupport/health"))["pid"]
"""
ROLE = """
import boto3, io, json, zipfile
iam, client = boto3.client("iam"), boto3.client("lambda")
statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
def deploy(name, code, **options):
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", code)
    client.create_function(FunctionName=name, Runtime="python3.13", Role=role, Handler="app.handler",
                           Code={"ZipFile": package.getvalue()}, **options)
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05})
"""
SLEEPER = 'deploy("sleeper", "import time\\ndef handler(e, c):\\n    time.sleep(e.get(\'s\', 0))", Timeout=60)'


def test_plain_boto3_works_after_start_and_writefile_lands_in_the_work_folder(kernel, place):
    ran = kernel.run(START)
    assert ran.status == "ok" and "Healthy: the local cloud answers." in ran.text and ran.error is None
    assert kernel.run("%%writefile hello.py\nx = 1").status == "ok"
    assert (place / "work" / "01" / "hello.py").read_text() == "x = 1\n"
    kernel.run(ROLE)
    kernel.run(SLEEPER)
    assert kernel.run('client.invoke(FunctionName="sleeper", Payload="{}")["StatusCode"]').text == "200"
    shown = kernel.run('lab.invoke("sleeper")')
    assert "answered" in shown.text and shown.html.startswith("<div")
    report = kernel.run('lab.check("hello-1")')
    assert report.text.startswith("○ NOT ATTEMPTED hello-1") and "NOT ATTEMPTED" in report.html


def test_a_stopped_start_shows_one_line_and_no_traceback(kernel):
    ran = kernel.run('import os\nos.environ["LAB_TARGET"] = "aws"\n' + START)
    assert ran.status == "error" and ran.error[0] == "LabStopped"
    assert len(ran.error[2]) == 1 and "LAB_TARGET=aws" in ran.error[2][0] and "session.py" not in ran.error[2][0]


def test_a_restart_gives_a_clean_cloud_and_leaves_no_process(kernel, gone):
    kernel.run(START)
    kernel.run(ROLE)
    kernel.run(SLEEPER)
    kernel.run('client.invoke(FunctionName="sleeper", Payload="{}")')
    first = kernel.processes()
    assert len(first) > 2, "the kernel, the cloud and more"
    kernel.client.stop_channels()
    kernel.manager.restart_kernel(now=False)
    kernel.connect()
    assert gone(first) == []
    assert kernel.run(START).status == "ok"
    assert kernel.run('import boto3\nboto3.client("lambda").list_functions()["Functions"]').text == "[]"


def test_killing_the_kernel_in_the_middle_of_an_invocation_leaves_no_process(kernel, gone):
    kernel.run(START)
    kernel.run(ROLE)
    kernel.run(SLEEPER)
    kernel.run('client.invoke(FunctionName="sleeper", Payload="{}")')
    warm = kernel.processes()
    kernel.client.execute('client.invoke(FunctionName="sleeper", Payload=json.dumps({"s": 50}))')
    time.sleep(0.5)
    processes = {*warm, *kernel.processes()}
    assert len(processes) > 2, "the kernel, the cloud and more"
    os.kill(kernel.pid, signal.SIGKILL)
    assert gone(processes) == []


def test_killing_the_kernel_while_the_cloud_starts_leaves_no_process(kernel, gone):
    kernel.client.execute(START)
    processes = []
    deadline = time.monotonic() + 10
    while len(processes) < 2 and time.monotonic() < deadline:
        processes = kernel.processes()
    os.kill(kernel.pid, signal.SIGKILL)
    # The cloud looks for its owner once it is up, which takes long where the machine is busy.
    assert len(processes) >= 2 and gone(processes, 40.0) == []


def test_an_interrupt_stops_the_check_in_one_line_and_not_the_cloud(kernel):
    kernel.run(START)
    kernel.run(ROLE)
    kernel.run('deploy("kestrel-greeting", "import time\\ndef handler(e, c):\\n    time.sleep(30)", Timeout=60)')
    before = kernel.run(PID).text
    import threading

    threading.Timer(1.5, kernel.manager.interrupt_kernel).start()
    began = time.monotonic()
    ran = kernel.run('lab.check("hello-1")')
    assert time.monotonic() - began < 15
    assert ran.error[0] == "LabStopped" and ran.error[2] == ["lab.check was interrupted; nothing was recorded."]
    time.sleep(0.5)
    assert kernel.run(PID).text == before
    assert "0 of 2 points)" in kernel.run("lab.progress()").text


def test_a_fork_of_the_kernel_keeps_the_cloud_and_shutting_down_leaves_no_process(kernel, gone):
    kernel.run(START)
    kernel.run(
        "import multiprocessing\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "    print(pool.map(abs, [-1, -2]))"
    )
    assert kernel.run('import boto3\nlen(boto3.client("lambda").list_functions()["Functions"])').text == "0"
    processes = kernel.processes()
    kernel.manager.shutdown_kernel(now=False)
    assert gone(processes) == []


def test_two_kernels_have_clouds_of_their_own_unless_one_joins_the_other(kernel, place):
    from jupyter_client.manager import KernelManager

    kernel.run(START)
    endpoint = kernel.run("import os; print(os.environ['AWS_ENDPOINT_URL'])").text.strip()
    second = type(kernel)(KernelManager(kernel_name="python3"))
    second.manager.start_kernel(env=dict(os.environ), cwd=str(place / "here"))
    try:
        second.connect()
        second.run(START)
        assert second.run("import os; print(os.environ['AWS_ENDPOINT_URL'])").text.strip() != endpoint
        assert second.run(f"os.environ['LAB_ENDPOINT'] = {endpoint!r}\n" + START).status == "ok"
        assert second.run("import os; print(os.environ['AWS_ENDPOINT_URL'])").text.strip() == endpoint
    finally:
        second.client.stop_channels()
        second.manager.shutdown_kernel(now=False)
        second.manager.cleanup_resources()
    assert kernel.run(PID).status == "ok", "the first kernel's cloud goes on"
