"""What stands between the lab and a learner: whatever goes wrong in a call becomes one line, never a traceback of ours."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

from .exercises.catalog import UnknownId
from .exercises.view import Shown, notice
from .insight.invocation import NotJson
from .insight.log_table import NoLog
from .insight.tape import NoTape
from .insight.watch_choice import NotWatchable
from .lab_home import write_problem
from .targets.local import CloudProblem

_Method = TypeVar("_Method", bound=Callable[..., Any])


class TellsOfProgress(Protocol):
    """Whose methods are guarded: after each call it says what there is to say about the progress file."""

    def _tell_about_progress(self) -> None: ...


class LabStopped(Exception):
    """What a notebook shows when it cannot go on: one line."""

    def _render_traceback_(self) -> list[str]:
        # IPython asks an exception for this before it formats a traceback.
        return [str(self)]


class NotStarted(Exception):
    """A call that needs the cloud came before lab.start."""


def learner_facing(method: _Method) -> _Method:
    """Whatever goes wrong inside becomes a line for the learner; our traceback goes to a file."""
    name = method.__name__
    signature = inspect.signature(method)

    @functools.wraps(method)
    def guarded(self: TellsOfProgress, *arguments: Any, **options: Any) -> Any:
        try:
            bound = signature.bind(self, *arguments, **options)
        except TypeError as problem:
            return notice(f"lab.{name}: {problem}. Use it as lab.{name}({_usage(signature)}).")
        try:
            return method(*bound.args, **bound.kwargs)
        except LabStopped:
            raise
        except KeyboardInterrupt:
            raise LabStopped(f"lab.{name} was interrupted; nothing was recorded.") from None
        except (NotStarted, UnknownId, NoLog, NoTape, NotJson, NotWatchable, CloudProblem) as problem:
            return notice(str(problem))
        except Exception as problem:  # noqa: BLE001
            return notice(line_about(problem, name))
        finally:
            self._tell_about_progress()

    return cast(_Method, guarded)


@dataclass(frozen=True, repr=False)
class _Unwatched(Shown):
    """The line that a learner gets instead of a watch: the body of ``with`` runs all the same."""

    def __enter__(self) -> _Unwatched:
        self.wait()
        return self

    def __exit__(self, *_problem: object) -> None:
        pass

    def wait(self) -> None:
        print(self.text)


def usable_with(method: _Method) -> _Method:
    """What ``method`` says instead of its result can be used in ``with``, too."""

    @functools.wraps(method)
    def call(self: TellsOfProgress, *arguments: Any, **options: Any) -> Any:
        result = method(self, *arguments, **options)
        return _Unwatched(result.text, result.html) if isinstance(result, Shown) else result

    return cast(_Method, call)


def _usage(signature: inspect.Signature) -> str:
    """The parameters a learner gives: "exercise_id", "function_name, event=None"."""
    given = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()]
    return ", ".join(str(parameter) for parameter in given if parameter.name != "self")


def line_about(problem: Exception, name: str) -> str:
    """What went wrong in ``lab.{name}``: what AWS refused, that the cloud is gone, or a fault of ours with its file."""
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(problem, ClientError):
        error = problem.response.get("Error", {})
        return f"{problem.operation_name} was refused. {error.get('Code', '')}: {error.get('Message', '')}"
    if isinstance(problem, BotoCoreError):
        return f"The local cloud does not answer ({problem}). Run the lesson's first cell (lab.start) again."
    return (
        f"■ LAB PROBLEM in lab.{name} (ours, not yours): {type(problem).__name__}. "
        f"Details are in {write_problem(problem)}"
    )
