"""The package works when it is installed from a wheel, without the course folder around it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

COURSE = Path(__file__).parents[1]


def test_the_wheel_installs_into_an_empty_environment_and_its_cloud_runs(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(COURSE)],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("labsupport-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert not [name for name in names if name.startswith(("tests/", "solutions/", "notebooks/"))]
    assert "labsupport/jupyter_config/jupyter_lab_config.json" in names

    room = tmp_path / "venv"
    venv.create(room, with_pip=True)
    python = room / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", wheel], check=True)
    # The dependencies are those of this environment, so that the test needs no network.
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    dependencies = tmp_path / "dependencies"
    dependencies.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if "labsupport" not in entry.name:
            (dependencies / entry.name).symlink_to(entry)
    Path(site, "dependencies.pth").write_text(f"{dependencies}\n")

    where = subprocess.run(
        [python, "-c", "import labsupport; print(labsupport.__file__)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert where.stdout.startswith(str(room)), "it must be the wheel's copy"
    help_text = subprocess.run([room / "bin" / "labsupport", "--help"], capture_output=True, text=True, cwd=tmp_path)
    assert help_text.returncode == 0 and "Lambda Lab" in help_text.stdout
    cloud = subprocess.Popen(
        [room / "bin" / "labsupport", "cloud", "--owner-pid", str(os.getpid())], stdout=subprocess.PIPE, cwd=tmp_path
    )
    try:
        assert json.loads(cloud.stdout.readline())["endpoint"].startswith("http://127.0.0.1:")
    finally:
        cloud.terminate()
        cloud.wait(20)
        cloud.stdout.close()
