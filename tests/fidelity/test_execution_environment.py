"""Inside a function: variables, context, files, import path, credentials, and how environments are reused."""

from __future__ import annotations

import json
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from .deployment import ACCOUNT, PYTHON, Answer, CloudUnderTest, Function, unique_name, zip_of

TRACE = r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=[01](;Lineage=.+)?"

ASKING = """
    import os, sys

    COUNT = -1

    def handler(event, context):
        global COUNT
        COUNT += 1
        return eval(event)
"""


@pytest.fixture(scope="module")
def asking(cloud: CloudUnderTest) -> Function:
    """A function that evaluates the expression it gets."""
    return cloud.deploy(ASKING, Environment={"Variables": {"TEST_KEY": "TEST_VAL"}}, MemorySize=1024, Timeout=7)


# --- variables -----------------------------------------------------------------------------------------------------


def test_F045_the_complete_environment_of_a_python_function(cloud, asking):
    """Exactly AWS's variables, with AWS's values. Recorded from AWS. Two values are different here by design:
    AWS_LAMBDA_RUNTIME_API names a loopback port (169.254.100.1:9001 on AWS) and the runtime is this interpreter's."""
    answer = asking.invoke("[dict(os.environ), context.log_stream_name]")
    variables, stream = answer.payload
    assert re.fullmatch(r"127\.0\.0\.1:\d+", variables.pop("AWS_LAMBDA_RUNTIME_API"))
    assert re.fullmatch(r"ASIA[0-9A-Z]{16}", variables.pop("AWS_ACCESS_KEY_ID"))
    assert variables.pop("AWS_SECRET_ACCESS_KEY")
    assert variables.pop("AWS_SESSION_TOKEN")
    assert re.fullmatch(TRACE, variables.pop("_X_AMZN_TRACE_ID"))
    assert variables == {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{PYTHON}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_FUNCTION_NAME": asking.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{asking.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "AWS_REGION": "us-east-1",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1:2000",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LANG": "en_US.UTF-8",
        "LC_CTYPE": "C.UTF-8",
        "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "PWD": "/var/task",
        "PYTHONPATH": "/var/runtime",
        "SHLVL": "0",
        "TEST_KEY": "TEST_VAL",
        "TZ": ":UTC",
        "_AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
        "_HANDLER": "app.handler",
    }


def test_F045_neighbour_a_child_process_inherits_the_variables(asking):
    """A child process of the function sees the same. Lambda Developer Guide, "Working with Lambda environment
    variables"."""
    asked = "__import__('subprocess').check_output(['/usr/bin/env', '-0'], text=True)"
    lines = [line for line in asking.invoke(asked).payload.split("\0") if line]
    child = dict(line.split("=", 1) for line in lines)
    assert child == {**asking.invoke("dict(os.environ)").payload, "_X_AMZN_TRACE_ID": child["_X_AMZN_TRACE_ID"]}


def test_F045_neighbour_variables_of_the_learner_win_where_aws_lets_them(cloud):
    """LANG, TZ, PATH and their like may be set by the function's configuration; what is odd in a value arrives as it
    is. Lambda Developer Guide, "Working with Lambda environment variables" (defined runtime variables)."""
    given = {
        "TZ": "Europe/Zurich",
        "LANG": "de_CH.UTF-8",
        "TEXT": "a=b c\n'\"$HOME é 鷹",
        "EMPTY_NO": "0",
        "HOME": "/tmp",
    }
    function = cloud.deploy(ASKING, Environment={"Variables": given})
    variables = function.invoke("dict(os.environ)").payload
    assert {name: variables[name] for name in given} == given


def test_F045_neighbour_variables_of_a_version(cloud):
    """A published version knows its number. Recorded from AWS."""
    function = cloud.deploy(ASKING)
    cloud.client("lambda").publish_version(FunctionName=function.name)
    answer = function.invoke("[os.environ['AWS_LAMBDA_FUNCTION_VERSION'], context.log_stream_name]", Qualifier="1")
    version, stream = answer.payload
    assert version == "1"
    assert "/[1]" in stream


def test_F046_neighbour_changed_variables_hold_from_the_next_invoke_on(cloud):
    """After UpdateFunctionConfiguration the next invoke runs in a new environment with the new values. Lambda Developer
    Guide, "Lambda execution environment lifecycle"."""
    function = cloud.deploy(ASKING, Environment={"Variables": {"PAPER": "matt"}})
    assert function.invoke("[os.environ['PAPER'], COUNT]").payload == ["matt", 0]
    client = cloud.client("lambda")
    client.update_function_configuration(FunctionName=function.name, Environment={"Variables": {"PAPER": "gloss"}})
    client.get_waiter("function_updated_v2").wait(FunctionName=function.name, WaiterConfig={"Delay": 0.05})
    assert function.invoke("[os.environ['PAPER'], COUNT]").payload == ["gloss", 0]


def test_F047_x_amzn_trace_id_changes_each_invoke(asking):
    """The trace id has the X-Ray header's form and is different each time. Runtime client's output."""
    first, second = (asking.invoke("os.environ['_X_AMZN_TRACE_ID']").payload for _ in range(2))
    assert re.fullmatch(TRACE, first)
    assert re.fullmatch(TRACE, second)
    assert first != second


def test_F047_neighbour_the_trace_of_the_caller_goes_on(cloud, asking):
    """A trace header of the caller gives the root. X-Ray Developer Guide, "Tracing header"."""
    root = "1-5759e988-bd862e3fe1be46a994272793"
    header = {"X-Amzn-Trace-Id": f"Root={root};Parent=53995c3f42cd8ad8;Sampled=0"}
    response, body = cloud.raw_invoke(asking.name, b"\"os.environ['_X_AMZN_TRACE_ID']\"", header)
    assert json.loads(body).startswith(f"Root={root};")
    assert response.getheader("X-Amzn-Trace-Id").startswith(f"Root={root};")


# --- context -------------------------------------------------------------------------------------------------------


def test_F048_context_object_fields(cloud):
    """Every field of the context, with its type. Recorded from AWS."""
    source = """
        def handler(event, context):
            fields = ("function_name", "function_version", "invoked_function_arn", "memory_limit_in_mb",
                      "aws_request_id", "log_group_name", "log_stream_name", "client_context", "tenant_id")
            return {
                **{name: getattr(context, name) for name in fields},
                "identity": [context.identity is None, context.identity.cognito_identity_id,
                             context.identity.cognito_identity_pool_id],
                "remaining": context.get_remaining_time_in_millis(),
            }
    """
    function = cloud.deploy(source, Timeout=5)
    answer = function.invoke({})
    fields = answer.payload
    remaining = fields.pop("remaining")
    assert isinstance(remaining, int)
    assert 4000 < remaining <= 5000
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", fields.pop("log_stream_name"))
    assert fields == {
        "function_name": function.name,
        "function_version": "$LATEST",
        "invoked_function_arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{function.name}",
        "memory_limit_in_mb": "128",
        "aws_request_id": answer.request_id,
        "log_group_name": f"/aws/lambda/{function.name}",
        "client_context": None,
        "tenant_id": None,
        "identity": [False, None, None],
    }


def test_F048_neighbour_the_remaining_time_goes_down_and_starts_anew(cloud):
    """The clock runs while the handler does, and each invoke has the whole timeout. Recorded from AWS."""
    source = """
        import time

        def handler(event, context):
            first = context.get_remaining_time_in_millis()
            time.sleep(0.3)
            return [first, context.get_remaining_time_in_millis()]
    """
    function = cloud.deploy(source, Timeout=5)
    for _ in range(2):
        first, second = function.invoke({}).payload
        assert 4500 < first <= 5000
        assert 280 <= first - second < 1000


def test_F049_log_stream_name(cloud, asking):
    """Date (UTC), version and 32 hexadecimal digits; one for an environment, kept from invoke to invoke, and the stream
    in CloudWatch Logs has that name. Seen in production output."""
    first, second = (asking.invoke("context.log_stream_name").payload for _ in range(2))
    assert first == second
    day, _, rest = first.rpartition("/")
    assert abs((datetime.now(UTC) - datetime.strptime(day, "%Y/%m/%d").replace(tzinfo=UTC)).days) <= 1
    assert re.fullmatch(r"\[\$LATEST\][0-9a-f]{32}", rest)
    assert first in asking.log_streams()


# --- files ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def boxed(cloud: CloudUnderTest) -> CloudUnderTest:
    """A cloud whose functions run in a sandbox. Without one /var/task is only a folder of the lab, as the doctor says."""
    if cloud.sandbox != "bwrap":
        pytest.skip("functions run without a sandbox here")
    return cloud


def test_F050_working_directory_and_user(boxed, asking):
    """The directory is /var/task and the user sbx_user1051. Recorded from AWS. On AWS the folders belong to root and
    uname names AWS's kernel; here the modes are the same, owner and kernel are the machine's."""
    assert asking.invoke("os.getcwd()").payload == "/var/task"
    assert asking.invoke("__import__('pwd').getpwuid(os.getuid()).pw_name").payload == "sbx_user1051"
    whoami = "__import__('subprocess').check_output(['whoami'], text=True)"
    assert asking.invoke(whoami).payload == "sbx_user1051\n"
    system, machine = asking.invoke("[os.uname().sysname, os.uname().machine]").payload
    assert (system, machine) in (("Linux", "x86_64"), ("Linux", "aarch64"))
    modes = "[__import__('stat').filemode(os.stat(p).st_mode) for p in ('/var/task', '/opt', '/tmp')]"
    assert asking.invoke(modes).payload == ["drwxr-xr-x", "drwxr-xr-x", "drwxrwxrwt"]


def test_F050_neighbour_the_files_of_the_host_are_not_there(boxed, asking):
    """A function sees its own files and the runtime, not the learner's. Lambda Developer Guide, "Lambda execution
    environment"."""
    assert (
        asking.invoke("[os.path.exists(p) for p in ('/root', '/home', '/work', '/etc/shadow')]").payload == [False] * 4
    )
    assert asking.invoke("sorted(os.listdir('/var/task'))").payload == ["app.py"]
    processes = "[p for p in os.listdir('/proc') if p.isdigit()]"
    assert len(asking.invoke(processes).payload) < 5


WRITES = [
    ("open('/var/task/x', 'w')", "'/var/task/x'"),
    ("open('x', 'w')", "'x'"),
    ("os.mkdir('/var/task/d')", "'/var/task/d'"),
    ("os.remove('/var/task/app.py')", "'/var/task/app.py'"),
    ("os.rename('/var/task/app.py', '/var/task/b.py')", "'/var/task/app.py' -> '/var/task/b.py'"),
    ("os.chmod('/var/task/app.py', 0o777)", "'/var/task/app.py'"),
    ("open('/opt/x', 'w')", "'/opt/x'"),
    ("open('/var/runtime/x', 'w')", "'/var/runtime/x'"),
    ("open('/usr/x', 'w')", "'/usr/x'"),
    ("open('/x', 'w')", "'/x'"),
    ("os.makedirs('/home/sbx_user1051/.aws')", "'/home'"),
]


@pytest.mark.parametrize(("attempt", "shown"), WRITES, ids=[attempt for attempt, _ in WRITES])
def test_F051_task_root_is_read_only(boxed, asking, attempt, shown):
    """Nothing outside /tmp can be written: OSError with errno 30. Seen in production output (the first two; the others
    are neighbours)."""
    answer = asking.invoke(attempt)
    assert answer.function_error == "Unhandled"
    assert answer.payload["errorType"] == "OSError"
    assert answer.payload["errorMessage"] == f"[Errno 30] Read-only file system: {shown}"


def test_F051_neighbour_a_file_of_the_package_cannot_be_changed(boxed, asking):
    """On AWS this is errno 30 too. Here the mode of the file forbids it first, with errno 13."""
    answer = asking.invoke("open('/var/task/app.py', 'a')")
    assert answer.payload["errorType"] in ("PermissionError", "OSError")
    assert answer.payload["errorMessage"].endswith(": '/var/task/app.py'")


def test_F051_tmp_is_writable_and_private(cloud):
    """/tmp takes files (512 MB by default), keeps them from invoke to invoke, and no other function sees them. Seen in
    production output; Lambda Developer Guide, "Lambda execution environment lifecycle"."""
    source = """
        import os, tempfile

        def handler(event, context):
            folder = tempfile.gettempdir()
            before = sorted(os.listdir(folder))
            with open(os.path.join(folder, event), "wb") as file:
                file.write(b"x" * (30 * 1024 * 1024))
            return before
    """
    one, other = cloud.deploy(source), cloud.deploy(source)
    assert one.invoke("a").payload == []
    assert one.invoke("b").payload == ["a"]
    assert other.invoke("c").payload == []
    if cloud.sandbox == "bwrap":
        assert (
            cloud.deploy("import tempfile\n\ndef handler(e, c): return tempfile.gettempdir()").invoke({}).payload
            == "/tmp"
        )


@pytest.mark.parametrize(("settings", "megabytes"), [({}, 512), ({"EphemeralStorage": {"Size": 600}}, 600)])
def test_F051_tmp_is_as_large_as_the_function_says(boxed, settings, megabytes):
    """512 MB unless EphemeralStorage says otherwise; then "No space left on device". Lambda API, EphemeralStorage."""
    source = """
        import os, shutil

        def handler(event, context):
            total = shutil.disk_usage("/tmp").total
            with open("/tmp/most", "wb") as file:
                os.posix_fallocate(file.fileno(), 0, total - 1024 * 1024)
            try:
                with open("/tmp/more", "wb") as file:
                    file.write(bytes(4 * 1024 * 1024))
            except OSError as problem:
                return [total, str(problem)]
            finally:
                os.remove("/tmp/most")
    """
    assert boxed.deploy(source, **settings).invoke({}).payload == [
        megabytes * 1024 * 1024,
        "[Errno 28] No space left on device",
    ]


def test_F051_neighbour_what_is_in_tmp_is_not_memory_of_the_function(boxed):
    """Files in /tmp do not count against MemorySize. Lambda Developer Guide, "Configure ephemeral storage"."""
    source = """
        def handler(event, context):
            with open("/tmp/large", "wb") as file:
                for _ in range(200):
                    file.write(bytes(1024 * 1024))
            return "written"
    """
    answer = boxed.deploy(source, MemorySize=128).invoke({})
    assert answer.payload == "written"
    assert answer.report.used < 128


def test_F051_neighbour_tmp_with_links_and_folders_outlives_a_crash(boxed):
    """What an earlier process left is all there after a crash, with modes and times. Lambda Developer Guide, "Lambda
    execution environment lifecycle"."""
    source = """
        import os, stat

        def handler(event, context):
            if event == "look":
                about = os.stat("/tmp/deep/er/file")
                return [
                    stat.S_IMODE(about.st_mode), about.st_mtime, about.st_uid == os.getuid(),
                    os.readlink("/tmp/link"), open("/tmp/link").read(), sorted(os.listdir("/tmp")),
                ]
            os.makedirs("/tmp/deep/er", exist_ok=True)
            with open("/tmp/deep/er/file", "w") as file:
                file.write("kept")
            os.chmod("/tmp/deep/er/file", 0o640)
            os.utime("/tmp/deep/er/file", (7, 7))
            os.symlink("deep/er/file", "/tmp/link")
            os._exit(1)
    """
    function = boxed.deploy(source)
    assert function.invoke("leave").payload["errorType"] == "Runtime.ExitError"
    for _ in range(2):
        assert function.invoke("look").payload == [0o640, 7.0, True, "deep/er/file", "kept", ["deep", "link"]]


def test_architecture_of_another_processor_is_run_and_remarked_on(cloud):
    """On AWS an arm64 function runs on arm64; here on the machine there is, and the log says so."""
    import platform

    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("on arm64 nothing has to be remarked")
    function = cloud.deploy("import platform\n\ndef handler(e, c): return platform.machine()", Architectures=["arm64"])
    assert function.invoke({}).payload == platform.machine()
    events = function.log_events()
    assert events[0].startswith("INIT_START ")
    assert events[1].startswith(
        "LAB NOTE: this function is set to arm64; this machine is x86_64 and runs it all the same."
    )


# --- import path ---------------------------------------------------------------------------------------------------


def layer(cloud: CloudUnderTest, files: dict[str, str | bytes]) -> str:
    made = cloud.client("lambda").publish_layer_version(
        LayerName=unique_name("layer"), Content={"ZipFile": zip_of(files)}, CompatibleRuntimes=[PYTHON]
    )
    return str(made["LayerVersionArn"])


def sys_path() -> list[str]:
    lang, opt = f"/var/lang/lib/{PYTHON}", ["/opt/python/lib/" + PYTHON + "/site-packages", "/opt/python"]
    between = [
        f"{lang}/site-packages",
        "/var/runtime",
        f"/var/lang/lib/{PYTHON.replace('.', '')}.zip",
        lang,
        f"{lang}/lib-dynload",
        f"{lang}/site-packages",
    ]
    return ["/var/task", *opt, *between, *opt]


def test_F052_sys_path_and_layers(boxed):
    """A module in a layer is found; sys.path is AWS's to the entry, three of them twice. Seen in production output.
    (Debian's own Python has no site-packages folder; there boto3 lies beside the runtime client.)"""
    source = """
        import sys

        def handler(event, context):
            import mylib
            return [mylib.NAME, mylib.__file__, sys.path]
    """
    function = boxed.deploy(source, Layers=[layer(boxed, {"python/mylib.py": "NAME = 'from the layer'"})])
    name, file, path = function.invoke({}).payload
    assert (name, file) == ("from the layer", "/opt/python/mylib.py")
    assert [entry for entry in path if entry != "/var/lang-site-packages"] == sys_path()


def test_F052_a_layer_has_two_folders_for_python(cloud):
    """A module in a layer is found under either name of its folder. Lambda Developer
    Guide, "Working with layers for Python Lambda functions"."""
    files: dict[str, str | bytes] = {
        "python/mylib.py": "NAME = 'plain'",
        f"python/lib/{PYTHON}/site-packages/other.py": "NAME = 'long'",
    }
    source = "import mylib, other\n\ndef handler(e, c): return [mylib.NAME, other.NAME]"
    assert cloud.deploy(source, Layers=[layer(cloud, files)]).invoke({}).payload == ["plain", "long"]


def test_F052_later_layers_overwrite_earlier_ones(cloud):
    """Layers are laid over one another in their order. Seen in production output."""
    first = layer(cloud, {"python/mylib.py": "NAME = 'first'", "python/only_first.py": "", "data/a.txt": "first"})
    second = layer(cloud, {"python/mylib.py": "NAME = 'second'", "python/only_second.py": ""})
    source = "import mylib, only_first, only_second\n\ndef handler(e, c): return mylib.NAME"
    assert cloud.deploy(source, Layers=[first, second]).invoke({}).payload == "second"
    assert cloud.deploy(source, Layers=[second, first]).invoke({}).payload == "first"


def test_F052_own_code_comes_before_layers(cloud):
    """The deployment package is first on the path. Seen in production output."""
    arn = layer(cloud, {"python/mylib.py": "NAME = 'layer'"})
    source = "import mylib\n\ndef handler(e, c): return mylib.NAME"
    assert cloud.deploy(source, files={"mylib.py": "NAME = 'own'"}, Layers=[arn]).invoke({}).payload == "own"


def test_F052_a_file_named_like_a_standard_module_shadows_it(cloud):
    """A random.py in the zip, or a colorsys.py in a layer, is what ``import`` finds. Seen in production output."""
    arn = layer(cloud, {"python/colorsys.py": "NAME = 'layer'"})
    function = cloud.deploy(
        "import colorsys, graphlib\n\ndef handler(e, c): return [graphlib.NAME, colorsys.NAME]",
        files={"graphlib.py": "NAME = 'own'"},
        Layers=[arn],
    )
    assert function.invoke({}).payload == ["own", "layer"]


def test_F052_json_py_in_the_zip_breaks_what_needs_json(cloud):
    """A learner's json.py takes json's place for everybody, the runtime client's log and answers included where it
    imports json later. What is sure: the learner's own import finds their file."""
    function = cloud.deploy(
        "import json\n\ndef handler(e, c): return json.NAME",
        files={"json.py": "NAME = 'own'\nclass JSONDecodeError(ValueError): pass\nclass JSONEncoder: pass\n"},
    )
    answer = function.invoke({})
    if answer.function_error is None:
        assert answer.payload == "own"
    else:  # the client could not start without the real one, as on AWS
        assert answer.payload["errorType"].startswith("Runtime.")


def test_F052_pythonpath_of_the_function(boxed):
    """A function that sets PYTHONPATH itself loses the entries of the layers. Seen in production output."""
    function = boxed.deploy(
        "import sys\n\ndef handler(e, c): return sys.path", Environment={"Variables": {"PYTHONPATH": "/var/task/lib"}}
    )
    path = function.invoke({}).payload
    assert path[:2] == ["/var/task", "/var/task/lib"]
    assert not [entry for entry in path if entry.startswith("/opt/python")]


def test_F052_neighbour_other_files_of_a_layer(boxed):
    """Files of a layer that are not Python's are in /opt, and programs in /opt/bin are on the PATH. Lambda Developer
    Guide, "Packaging your layer content"."""
    arn = layer(boxed, {"data/prices.txt": "matt 2", "python/mylib.py": ""})
    function = boxed.deploy("def handler(e, c): return open('/opt/data/prices.txt').read()", Layers=[arn])
    assert function.invoke({}).payload == "matt 2"


def test_F053_boto3_is_already_there(cloud):
    """boto3 can be imported without packing it, and finds the cloud by itself: no endpoint in the code or in the
    variables. Lambda Developer Guide, "Building Lambda functions with Python" (runtime-included SDK)."""
    source = """
        import os

        import boto3

        def handler(event, context):
            boto3.client("s3").put_object(Bucket=event, Key="a", Body=b"from inside")
            table = boto3.resource("dynamodb").Table("no-such-table")
            return [boto3.client("lambda").meta.region_name, "AWS_ENDPOINT_URL" in os.environ, table.name]
    """
    bucket = unique_name("prints")
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=bucket)
    function = cloud.deploy(source, Role=cloud.role_that_may("s3:PutObject"), Timeout=20, MemorySize=256)
    assert function.invoke(bucket).payload == ["us-east-1", False, "no-such-table"]
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"from inside"


def test_F053_requests_is_not(cloud):
    """Libraries that are not part of the runtime have to be packed. Lambda Developer Guide, "Building Lambda functions
    with Python"; F014."""
    payload = cloud.deploy("import requests\n\ndef handler(e, c): return 1").invoke({}).payload
    assert payload["errorMessage"] == "Unable to import module 'app': No module named 'requests'"


def test_F053_neighbour_a_boto3_of_the_learners_own_wins(cloud):
    """A package in the zip comes before the runtime's. Follows from F052."""
    function = cloud.deploy("import boto3\n\ndef handler(e, c): return boto3.NAME", files={"boto3.py": "NAME = 'own'"})
    assert function.invoke({}).payload == "own"


# --- reuse ---------------------------------------------------------------------------------------------------------


def test_F054_warm_invoke_keeps_module_state(cloud):
    """A module-level counter starts at 0 and goes on in the same environment; a new environment starts at 0 again.
    Recorded from AWS."""
    function = cloud.deploy(ASKING)
    assert [function.invoke("COUNT").payload for _ in range(3)] == [0, 1, 2]
    cloud.client("lambda").update_function_configuration(FunctionName=function.name, Description="new environment")
    client = cloud.client("lambda")
    client.get_waiter("function_updated_v2").wait(FunctionName=function.name, WaiterConfig={"Delay": 0.05})
    assert function.invoke("COUNT").payload == 0


def test_F055_neighbour_a_warm_invoke_is_the_same_process(cloud, asking):
    """Process, log stream and open files are the same in the next invoke. Lambda Developer Guide, "Lambda execution
    environment lifecycle"."""
    first, second = (asking.invoke("[os.getpid(), context.log_stream_name, id(sys)]") for _ in range(2))
    assert first.payload == second.payload
    assert second.report.init is None


def test_F055_neighbour_a_thread_stands_still_between_invokes(cloud):
    """The environment is frozen between invokes: a background thread makes no progress until the next one. Lambda
    Developer Guide, "Lambda execution environment lifecycle"."""
    source = """
        import threading, time

        TICKS = 0

        def tick():
            global TICKS
            while True:
                time.sleep(0.01)
                TICKS += 1

        threading.Thread(target=tick, daemon=True).start()

        def handler(event, context):
            return TICKS
    """
    function = cloud.deploy(source)
    before = function.invoke({}).payload
    time.sleep(0.7)
    assert function.invoke({}).payload - before < 35


MEETING = """
    import socket

    COUNT = -1

    def handler(event, context):
        global COUNT
        COUNT += 1
        with socket.create_connection(("127.0.0.1", event)) as line:
            line.recv(1)
        return [COUNT, context.log_stream_name]
"""


def invoke_at_once(function: Function, times: int) -> list[Answer]:
    """Invoke so often at the same time: no invocation ends before all have begun."""
    with socket.create_server(("127.0.0.1", 0), backlog=times) as meeting, ThreadPoolExecutor(times) as pool:
        meeting.settimeout(60)
        running = [pool.submit(function.invoke, meeting.getsockname()[1]) for _ in range(times)]
        lines = [meeting.accept()[0] for _ in range(times)]
        for line in lines:
            line.close()
        return [one.result() for one in running]


def test_F061_one_environment_handles_one_event_at_a_time(cloud):
    """Two invokes at the same moment run in two environments: both count from 0, in two log streams. Lambda Developer
    Guide, "Understanding Lambda function scaling"."""
    function = cloud.deploy(MEETING, Timeout=30)
    answers = [answer.payload for answer in invoke_at_once(function, 2)]
    assert [count for count, _stream in answers] == [0, 0]
    assert {stream for _count, stream in answers} == set(function.log_streams())
    assert len(function.log_streams()) == 2


def test_F061_neighbour_20_parallel_invokes(cloud):
    """Twenty invokes at once are twenty environments, which then stay warm for the next twenty. Lambda Developer Guide,
    "Understanding Lambda function scaling"."""
    function = cloud.deploy(MEETING, Timeout=60)
    cold, warm = invoke_at_once(function, 20), invoke_at_once(function, 20)
    assert all(answer.function_error is None for answer in cold + warm)
    assert [answer.payload[0] for answer in cold] == [0] * 20
    assert [answer.payload[0] for answer in warm] == [1] * 20
    assert (
        {answer.payload[1] for answer in cold} == {answer.payload[1] for answer in warm} == set(function.log_streams())
    )
    assert all(answer.report.init is not None for answer in cold)
    assert all(answer.report.init is None for answer in warm)
    assert len({answer.request_id for answer in cold + warm}) == 40
    for stream in function.log_streams():
        events = function.log_events(stream)
        assert [event.split()[0] for event in events] == ["INIT_START", *["START", "END", "REPORT"] * 2]


# --- credentials ---------------------------------------------------------------------------------------------------


def test_F062_credentials_inside_are_the_execution_roles(cloud):
    """GetCallerIdentity inside a function is the assumed execution role, the session named after the function.
    Recorded from AWS."""
    source = """
        import os

        import boto3

        def handler(event, context):
            identity = boto3.client("sts").get_caller_identity()
            return [identity["Arn"], identity["Account"], os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SESSION_TOKEN"]]
    """
    function = cloud.deploy(source, Timeout=20, MemorySize=256)
    arn, account, key, token = function.invoke({}).payload
    assert arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/{cloud.role_name}/{function.name}"
    assert account == ACCOUNT
    assert key.startswith("ASIA")
    assert token


def test_F063_resource_limits(boxed, asking):
    """The number of open files is 1024, soft and hard; 8 MB of stack, 64 KB of locked memory. Recorded from AWS. AWS's
    core files of 10 GB are switched off here, and its 742 processes need a kernel that counts them for each sandbox."""
    names = ("NOFILE", "MEMLOCK", "STACK")
    shown = "[list(__import__('resource').getrlimit(getattr(__import__('resource'), 'RLIMIT_' + n))) for n in %r]"
    files, locked, stack = asking.invoke(shown % (names,)).payload
    assert (files, locked, stack[0]) == ([1024, 1024], [65536, 65536], 8 * 1024 * 1024)
