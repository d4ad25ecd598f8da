"""The floor and the lab really invoke, and leave nothing behind."""

from __future__ import annotations

import sys

import psutil
import pytest

from . import peers, processes
from .contender import CannotMeasure, Contender
from .contenders import ECHO, FloorServer, Lab, ServerlessOffline, bare_python, invoke, runtime_packages
from .floor import milliseconds_to_first_next
from .raw_http import Call, all_at_once
from .run import Run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="awslambdaric is for Linux only")


@pytest.mark.parametrize("kind", [FloorServer, Lab])
def test_a_contender_answers_boto3_and_leaves_no_process_and_no_file(kind, tmp_path):
    contender = kind(tmp_path)
    try:
        contender.start(
            {"echo": ECHO, "other": "def handler(event, context):\n    return [event, context.aws_request_id]\n"}
        )
        assert invoke(contender.client(), "echo", b'{"a": 1}') == b'{"a": 1}'
        first, second = (invoke(contender.client(), "other", b"1") for _ in range(2))
        assert first != second, "every invocation has a request id of its own"
        family = [one.pid for one in processes.tree(contender.pid)]
        assert len(family) > 2, "functions are processes"
    finally:
        contender.stop()
    assert not [
        pid for pid in family if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    ]
    assert list(tmp_path.iterdir()) == []


async def _together(call):
    return await all_at_once(call, 3)


def test_the_floor_has_an_environment_for_each_concurrent_invocation(tmp_path):
    import asyncio

    floor = FloorServer(tmp_path)
    try:
        floor.start({"slow": "import time\n\ndef handler(event, context):\n    time.sleep(0.3)\n    return event\n"})
        before = len(processes.tree(floor.pid))
        asyncio.run(_together(Call.to(floor.invoke_url("slow"), b"{}")))
        assert len(processes.tree(floor.pid)) == before + 3
    finally:
        floor.stop()


def test_a_bare_runtime_client_asks_for_its_first_event(tmp_path):
    (tmp_path / "app.py").write_text(ECHO)
    assert milliseconds_to_first_next(str(bare_python(tmp_path)), runtime_packages(), tmp_path) > 0


def test_a_function_that_fails_is_no_measurement(tmp_path):
    lab = Lab(tmp_path)
    try:
        lab.start({"bad": "def handler(event, context):\n    raise ValueError('no')\n"})
        with pytest.raises(CannotMeasure, match="ValueError"):
            invoke(lab.client(), "bad", b"{}")
    finally:
        lab.stop()


def test_a_server_that_ends_at_once_is_named_with_its_last_words(tmp_path):
    class Broken(Contender):
        key, label = "broken", "broken"

        def command(self, functions):
            return [sys.executable, "-c", "import sys; sys.exit('no port for me')"]

    broken = Broken(tmp_path)
    try:
        with pytest.raises(CannotMeasure, match="broken ended while it started: no port for me"):
            broken.start({})
    finally:
        broken.stop()


def test_a_peer_that_is_not_installed_is_left_out_with_the_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(peers, "FOLDER", tmp_path / "nothing")
    run = Run(tmp_path)
    assert run.left_out["ministack"] == "not installed (make bench-peers)"
    with run.running(("ministack",), {"echo": ECHO}) as contenders:
        assert contenders == []


def test_a_peer_in_another_version_is_not_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(peers, "FOLDER", tmp_path)
    (peers.CHALICE.folder / "lib/python3.11/site-packages/chalice-1.0.0.dist-info").mkdir(parents=True)
    assert peers.CHALICE.problem() == "installed in another version, {'chalice': '1.0.0'} (make bench-peers)"


def test_serverless_offline_is_told_to_stay_at_home(tmp_path):
    variables = ServerlessOffline(tmp_path).variables(tmp_path)
    assert variables["SLS_TELEMETRY_DISABLED"] == variables["SLS_TRACKING_DISABLED"] == "1"
    assert variables["SLS_NOTIFICATIONS_MODE"] == "off"
    assert not [name for name in variables if name.startswith("AWS_")]


def test_contenders_take_turns_and_none_is_always_first(tmp_path):
    run = Run(tmp_path, seed=5)
    contenders = [FloorServer(tmp_path), Lab(tmp_path)]
    turns = list(run.turns(contenders, 20))
    assert [number for number, _ in turns] == [number for number in range(20) for _ in contenders]
    firsts = {contender.key for _, contender in turns[::2]}
    assert firsts == {"lab", "floor"}
    assert Run(tmp_path, seed=5).event() == Run(tmp_path, seed=5).event()
