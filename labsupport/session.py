"""The ``lab`` object of a notebook: a thin façade over targets, exercises and insight.

Nothing here raises into a notebook, with one exception: ``LabStopped``, a single line without a traceback, for what
must stop *Run All* (no cloud means that the cells below could do nothing right).
"""

from __future__ import annotations

import sys

#: Before the imports below, which an older Python cannot even read.
if sys.version_info < (3, 11):  # noqa: UP036

    class _OldPython(ImportError):
        def _render_traceback_(self):  # type: ignore[no-untyped-def]
            return [str(self)]

    raise _OldPython(
        "Lambda Lab needs Python 3.11 or newer; this kernel runs "
        + ".".join(str(number) for number in sys.version_info[:3])
        + " from "
        + sys.executable
        + ". Close JupyterLab and start it with: make lab"
    )

import contextlib
import os
import platform
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from . import __version__
from .api_address import api_address
from .exercises import catalog
from .exercises.guidance import Guidance
from .exercises.model import CheckReport, Exercise, Lesson
from .exercises.probe import cloud_client
from .exercises.progress import Progress
from .exercises.runner import check_and_record
from .exercises.view import Shown, notice
from .insight.cost import Cost, make_cost
from .insight.deployment_map import DeploymentMap
from .insight.invocation import InvocationResult, invoke
from .insight.log_table import LogTable, read_logs
from .insight.map_reading import read_map
from .insight.tape import LAST as TAPED
from .insight.tape import Tape, read_tape
from .insight.timeline import LAST, Timeline, read_timeline
from .insight.usage import Usage
from .insight.watch import Watch
from .insight.watch_choice import watch
from .lab_home import lab_home, log_folder
from .learner_facing import LabStopped, NotStarted, learner_facing, line_about, usable_with
from .start import NoCourse, find_course
from .targets.cleaning import remove_all
from .targets.environment import NOWHERE, point_to
from .targets.local import CloudProblem, LocalCloud

_DEFAULT_REGION = "us-east-1"
_STILL_CHECKING_SECONDS = 10.0


class Lab:
    """What a notebook calls. Values it returns show themselves in JupyterLab and print as plain text."""

    def __init__(self) -> None:
        self._origin = Path.cwd()  # the notebook's own folder: start() changes to the work folder
        self._cloud: LocalCloud | None = None
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._watch: Watch | None = None
        #: What a cloud that ran already had counted when this notebook joined it, and when that was.
        self._used_by_others: tuple[Usage, datetime] | None = None
        self._lesson: Lesson | None = None
        self._work: Path | None = None
        self._guide: Guidance | None = None
        self._progress_file: Progress | None = None

    def __repr__(self) -> str:
        if self._lesson is None or self._cloud is None:
            return 'Lambda Lab: not started. Call lab.start("01") with the number of your lesson.'
        return f"Lambda Lab: lesson {self._lesson.number}, local cloud at {self._cloud.identity.endpoint}"

    # --- starting ----------------------------------------------------------------------------------------------

    def start(self, lesson: str | int, cpu: str | None = None) -> None:
        """Start the local cloud (or join the one in ``LAB_ENDPOINT``), point boto3 at it and change to the work folder.

        Calling it again is harmless: the same cloud goes on. ``cpu`` "full" lets functions use this machine as they
        can, "scaled" gives them CPU in proportion to their memory as on AWS; without it a new cloud is "full". Raises
        LabStopped when the lesson cannot start.
        """
        self._stopping("lab.start", lambda: self._start(lesson, cpu))

    def _start(self, lesson_name: str | int, cpu: str | None) -> None:
        if cpu not in (None, "full", "scaled"):
            raise LabStopped(f"cpu={cpu!r} is neither 'full' nor 'scaled'. Choose one of them and run this cell again.")
        # First of all, so that no call of a later cell can reach the real AWS, whatever goes wrong below.
        if self._cloud is None:
            point_to(NOWHERE, _DEFAULT_REGION, os.environ)
        _refuse_other_targets()
        lesson = catalog.find_lesson(lesson_name)
        cloud, remark = self._running_cloud(cpu or "full", lesson.time_scale)
        identity = cloud.identity
        if cpu and identity.cpu != cpu:
            raise LabStopped(
                f"The local cloud at {identity.endpoint} runs already, with cpu={identity.cpu!r}. For {cpu!r} start a "
                f"new one: {'restart the kernel' if cloud.owned else f'labsupport cloud --cpu {cpu}'}."
            )
        if identity.version != __version__:
            raise LabStopped(
                f"The local cloud at {identity.endpoint} is version {identity.version}, this notebook's lab is "
                f"{__version__}. "
                "Start the cloud again with: labsupport cloud"
            )
        point_to(identity.endpoint, identity.region, os.environ)
        import boto3

        boto3.DEFAULT_SESSION = None  # a session made before would still know other credentials
        work, where = self._prepare_work(lesson)
        if self._cloud is None or self._cloud.identity != identity:
            self._used_by_others = None if cloud.owned else (Usage.from_wire(cloud.usage()), datetime.now(UTC))
        self._cloud, self._lesson, self._work = cloud, lesson, work
        for line in (
            f"Lesson {lesson.number}: {lesson.title}",
            f"Target: local cloud at {identity.endpoint}",
            f"Region: {identity.region}",
            f"Versions: labsupport {__version__}, Python {platform.python_version()}, boto3 {boto3.__version__}, "
            f"runtime client {identity.runtime_client}, sandbox {identity.sandbox}",
            f"Healthy: the local cloud answers. Files you write go to {where}",
            *_about_waits(identity.time_scale, lesson.time_scale),
            *remark,
        ):
            print(line)

    def _running_cloud(self, cpu: str, time_scale: float) -> tuple[LocalCloud, list[str]]:
        """The cloud to use, healthy; and lines to add about it. Raises CloudProblem."""
        wanted = os.environ.get("LAB_ENDPOINT")
        if wanted:
            return LocalCloud.join(wanted), []
        had = self._cloud
        if had and had.owned and had.is_healthy():
            return had, []
        if had and had.owned:
            had.stop()
        launched = LocalCloud.launch(_log_file(), cpu, time_scale)
        import boto3  # noqa: F401  (a third of a second, spent while the cloud starts)

        cloud = launched.ready(say=_say_while_waiting)
        if had and had.owned:
            return cloud, ["The earlier local cloud had ended; this one is empty: deploy your functions again."]
        return cloud, []

    def _prepare_work(self, lesson: Lesson) -> tuple[Path, str]:
        """Make the lesson's folder and change to it; returns it and how to call it. Raises LabStopped."""
        chosen = os.environ.get("LAB_WORK")
        course = self._course()
        if chosen:
            parent = self._origin / Path(chosen).expanduser()
        elif course:
            parent = course / "notebooks" / "work"
        else:
            parent = self._origin / "work"
        work = parent / lesson.number
        try:
            work.mkdir(parents=True, exist_ok=True)
            _try_to_write(work)
            os.chdir(work)
        except OSError as problem:
            raise LabStopped(
                f"Your files cannot be written to {work}: {problem.strerror or problem}. Free some space or "
                "choose another "
                "folder: run %env LAB_WORK=/path/of/a/folder in a new cell, then this cell again."
            ) from None
        return work, f"work/{lesson.number}" if chosen or course else f"{work} (no course folder around this notebook)"

    @property
    def work(self) -> Path:
        """The lesson's folder for handler files. Raises LabStopped before lab.start."""
        if self._work is None:
            raise LabStopped(_not_started("lab.work"))
        return self._work

    def api_url(self, api_id: str, stage: str = "prod") -> str:
        """The address of this stage of a REST API: put a path behind it, such as /orders. Raises LabStopped before
        lab.start."""
        if self._cloud is None:
            raise LabStopped(_not_started("lab.api_url"))
        identity = self._cloud.identity
        return api_address(api_id, stage, region=identity.region, endpoint=identity.endpoint)

    # --- exercises ---------------------------------------------------------------------------------------------

    @learner_facing
    def check(self, exercise_id: str) -> CheckReport | Shown:
        """Check what is deployed for this exercise, with new inputs. Reports, never raises."""
        exercise = catalog.find_exercise(exercise_id)
        cloud = self._started("lab.check").identity
        with _still_checking(exercise):
            return check_and_record(exercise, cloud.endpoint, cloud.region, self._progress)

    @learner_facing
    def hint(self, exercise_id: str) -> Shown:
        """The next hint of this exercise."""
        return self._guidance.hint(exercise_id)

    @learner_facing
    def solution(self, exercise_id: str, yes: bool = False) -> Shown:
        """The solution of this exercise, after asking once."""
        return self._guidance.solution(exercise_id, sure=yes)

    @learner_facing
    def reset(self, exercise_id: str) -> Shown:
        """The starter of this exercise again; your files are copied first."""
        catalog.find_exercise(exercise_id)
        if self._work is None:
            raise NotStarted(_not_started("lab.reset"))
        try:
            return self._guidance.reset(exercise_id, self._lesson_folder(exercise_id))
        except OSError as problem:
            return notice(
                f"{exercise_id} was not reset: {problem.filename or 'a file'}: {problem.strerror or problem}."
            )

    @learner_facing
    def progress(self) -> Shown:
        """The map of the course: what is passed, what is open."""
        return self._guidance.progress()

    @learner_facing
    def quiz(self, lesson: str | int | None = None) -> Shown:
        """The questions of a lesson (default: the one that is started)."""
        if lesson is None and self._lesson is None:
            raise NotStarted(_not_started("lab.quiz"))
        return self._guidance.quiz(catalog.find_lesson(lesson) if lesson is not None else cast(Lesson, self._lesson))

    @learner_facing
    def answer(self, question_id: str, choice: str = "?") -> Shown:
        """Answer a quiz question; the explanation of the chosen option comes back."""
        return self._guidance.answer(question_id, choice)

    @learner_facing
    def predict(self, prediction_id: str, choice: str = "?") -> Shown:
        """Write down what you think will happen."""
        return self._guidance.predict(prediction_id, choice)

    @learner_facing
    def reveal(self, prediction_id: str) -> Shown:
        """Compare what you predicted with what happens."""
        return self._guidance.reveal(prediction_id)

    # --- looking at functions ----------------------------------------------------------------------------------

    @learner_facing
    def invoke(self, function_name: str, event: Any = None, qualifier: str | None = None) -> InvocationResult | Shown:
        """Invoke a function synchronously and show all that came back. ``event`` is any JSON value (default: {})."""
        self._started("lab.invoke")
        return invoke(self._client("lambda"), function_name, {} if event is None else event, qualifier)

    @learner_facing
    def logs(self, function_name: str, last: int = 1) -> LogTable | Shown:
        """The log of the function's ``last`` invocations as a table."""
        self._started("lab.logs")
        return read_logs(self._client("lambda"), self._client("logs"), function_name, last)

    @learner_facing
    def timeline(self, function_name: str, last: int = LAST) -> Timeline | Shown:
        """The function's ``last`` invocations as bars, a row for each execution environment, with a table."""
        self._started("lab.timeline")
        return read_timeline(self._client("lambda"), self._client("logs"), function_name, last)

    @learner_facing
    def map(self) -> DeploymentMap | Shown:
        """What is deployed now and how it is wired, as a diagram and in words."""
        region = self._started("lab.map").identity.region
        return read_map(self._client, region)

    @learner_facing
    def cost(self, since: Cost | None = None) -> Cost | Shown:
        """What this notebook's work would have cost on AWS so far; with an earlier ``lab.cost()`` only since then."""
        cloud = self._started("lab.cost")
        if since is not None and not isinstance(since, Cost):
            return notice(
                f"lab.cost: since={since!r} is no earlier cost. Keep one with before = lab.cost(), do your work, then "
                "run lab.cost(since=before)."
            )
        after = (since.counter, since.counted) if since else self._used_by_others
        return make_cost(Usage.from_wire(cloud.usage()), cloud.identity.region, after=after)

    @usable_with
    @learner_facing
    def watch(self, *names: str, seconds: float = 60, quiet: float = 2) -> Watch | Shown:
        """Follow buckets, queues, tables and functions of these names (without any: all), and the functions wired to
        them, in a live display. It ends ``quiet`` seconds after the last thing that happened, or after ``seconds``.
        """
        region = self._started("lab.watch").identity.region
        if self._watch is not None:
            self._watch.stop()
        self._watch = watch(self._client, region, names, seconds=seconds, quiet=quiet, live=_can_show_live())
        return self._watch

    @learner_facing
    def tape(self, api_id: str, last: int = TAPED) -> Tape | Shown:
        """The ``last`` requests to an API: what came in, the event its function saw, what went back, and how long it
        took."""
        return read_tape(self._client("apigateway"), self._started("lab.tape").identity.endpoint, api_id, last)

    @learner_facing
    def clean(self) -> Shown:
        """Remove the functions, layers, buckets, queues, tables, log groups, roles and policies you made; says which."""
        self._started("lab.clean")
        return notice(remove_all(self._client).text)

    # --- inside ------------------------------------------------------------------------------------------------

    @property
    def _progress(self) -> Progress:
        path = lab_home()
        if self._progress_file is None or self._progress_file.path.parent != path:
            self._progress_file, self._guide = Progress(path), None
        return self._progress_file

    @property
    def _guidance(self) -> Guidance:
        progress = self._progress
        if self._guide is None:
            self._guide = Guidance(progress, self._course())
        return self._guide

    def _course(self) -> Path | None:
        try:
            return find_course(self._origin)
        except NoCourse:
            return None

    def _lesson_folder(self, exercise_id: str) -> Path:
        """The work folder of the exercise's lesson, beside that of the started one."""
        return self.work.parent / catalog.find_exercise(exercise_id).lesson

    def _started(self, call: str) -> LocalCloud:
        if self._cloud is None:
            raise NotStarted(_not_started(call))
        return self._cloud

    def _client(self, service: str) -> Any:
        identity = self._started("this").identity
        key = (service, identity.endpoint, identity.region)
        if key not in self._clients:
            self._clients[key] = cloud_client(*key)
        return self._clients[key]

    def _tell_about_progress(self) -> None:
        for line in self._progress_file.take_notices() if self._progress_file else ():
            print(line)

    @staticmethod
    def _stopping(call: str, action: Callable[[], None]) -> None:
        """Like ``learner_facing``, for what must stop *Run All*."""
        try:
            action()
        except LabStopped:
            raise
        except KeyboardInterrupt:
            raise LabStopped(f"{call} was interrupted. Run this cell again.") from None
        except (CloudProblem, catalog.UnknownId) as problem:
            raise LabStopped(str(problem)) from None
        except Exception as problem:  # noqa: BLE001
            raise LabStopped(line_about(problem, call.removeprefix("lab."))) from None


def _not_started(call: str) -> str:
    return f"{call} needs a started lesson: run the notebook's first cell, lab.start(\"01\") with the lesson's number."


def _about_waits(time_scale: float, lessons: float) -> list[str]:
    """A line where AWS's waits are shortened, or where a lesson that counts on it has a cloud that does not."""
    if time_scale == lessons == 1.0:
        return []
    if time_scale == 1.0:
        return ["Waits: as long as on AWS (this cloud was not started by this lesson); a retry takes minutes"]
    return [f"Waits: what takes AWS a minute, such as a retry, takes {60 * time_scale:g} seconds here"]


def _refuse_other_targets() -> None:
    target = os.environ.get("LAB_TARGET", "local") or "local"
    if target == "aws":
        raise LabStopped(
            "LAB_TARGET=aws: this version of the lab has no real AWS target. Unset LAB_TARGET, or set it to local."
        )
    if target != "local":
        raise LabStopped(f"LAB_TARGET is {target!r}; the targets are: local. Unset it or correct it.")


def _say_while_waiting(line: str) -> None:
    """A line that depends on how fast this machine is. ``LAB_QUIET`` keeps it out of stored and compared outputs."""
    if not os.environ.get("LAB_QUIET"):
        print(line, flush=True)


def _can_show_live() -> bool:
    """In a Jupyter kernel whose outputs somebody looks at; not where they are stored or compared (``LAB_QUIET``)."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return hasattr(shell, "kernel") and not os.environ.get("LAB_QUIET")


def _log_file() -> Path:
    name = f"cloud-{os.getpid()}.log"
    try:
        folder = log_folder()
        _try_to_write(folder)
    except OSError:  # a read-only or full home: progress will say so; the cloud can still run
        folder = Path(tempfile.mkdtemp(prefix="labsupport-log-"))
    return folder / name


def _try_to_write(folder: Path) -> None:
    """Raise OSError when no file of a few kilobytes can be written here: a full disk still lets one make a folder."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".lab-") as file:
        file.write(bytes(4096))
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def _still_checking(exercise: Exercise) -> Iterator[None]:
    """Says a line when a check takes long: a function may run up to its own timeout, 15 minutes at most."""
    line = f"Still checking {exercise.id}: your function has not answered yet. To stop, interrupt the kernel (■)."
    timer = threading.Timer(_STILL_CHECKING_SECONDS, _say_while_waiting, [line])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


#: The one object a notebook uses.
lab = Lab()
