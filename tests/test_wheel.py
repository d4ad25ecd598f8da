"""The package works when it is installed from a wheel, without the course folder around it."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

from .requirements import distributions_needed

COURSE = Path(__file__).parents[1]


def put_into(site: Path, distribution: importlib.metadata.Distribution) -> None:
    """Link a distribution's files, but not its scripts, into another site-packages."""
    for file in distribution.files or ():
        if ".." in file.parts:
            continue
        target = site / file
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            continue
        try:
            os.link(file.locate(), target)
        except OSError:  # another disk
            shutil.copy2(file.locate(), target)


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
    venv.create(room)
    python = room / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python]
    subprocess.run([*pip, "install", "-q", "--no-deps", "--no-index", wheel], check=True)
    # Only what the wheel's metadata asks for, extras left out: what only the tests install must not be missed here. The
    # files are those of this environment, so that the test needs no network.
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    dependencies = distributions_needed("labsupport")
    assert "moto" in dependencies and "pytest" not in dependencies
    for name in dependencies:
        put_into(Path(site), importlib.metadata.distribution(name))

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
    doctor = subprocess.run([room / "bin" / "labsupport", "doctor"], capture_output=True, text=True, cwd=tmp_path)
    assert doctor.stdout.endswith("The lab is healthy.\n"), doctor.stdout + doctor.stderr
