"""What runs first inside an execution environment.

It puts the import path in AWS's order, tells botocore where the local cloud is without a variable that AWS would not
have, and hands over to awslambdaric, or to ``runtime_loop`` where awslambdaric cannot be installed. Standard library
only, and as little of it as possible: every import here is part of each cold start.
"""

import os
import sys

_DIRECTIONS = "_LABSUPPORT_BOOTSTRAP"


def _take_directions():  # type: ignore[no-untyped-def]
    # Fields are separated by the unit separator: reading them needs no json import before the function's own.
    fields = os.environ.pop(_DIRECTIONS).split("\x1f")
    return dict(field.split("=", 1) for field in fields)


class _BotocoreFinder:
    """Lets botocore load as usual, then sets what an AWS account would decide: the endpoint.

    ``~/.aws`` is switched off too: without the sandbox a function would find the files of whoever runs the lab.
    """

    def __init__(self, endpoint):  # type: ignore[no-untyped-def]
        self._endpoint = endpoint

    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]
        if name != "botocore.configprovider":
            return None
        for finder in sys.meta_path:
            if finder is self:
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                spec.loader = _BotocoreLoader(spec.loader, self._endpoint)  # type: ignore[assignment]
                return spec
        return None


class _BotocoreLoader:
    def __init__(self, loader, endpoint):  # type: ignore[no-untyped-def]
        self._loader = loader
        self._endpoint = endpoint

    def __getattr__(self, name):  # type: ignore[no-untyped-def]
        return getattr(self._loader, name)

    def create_module(self, spec):  # type: ignore[no-untyped-def]
        return self._loader.create_module(spec)

    def exec_module(self, module):  # type: ignore[no-untyped-def]
        self._loader.exec_module(module)
        endpoint = self._endpoint
        provide = module.ConfiguredEndpointProvider.provide
        module.ConfiguredEndpointProvider.provide = lambda provider: provide(provider) or endpoint
        variables = getattr(module, "BOTOCORE_DEFAUT_SESSION_VARIABLES", {})
        for key in ("config_file", "credentials_file"):
            if key in variables:
                name, environment, _default, convert = variables[key]
                variables[key] = (name, environment, os.devnull, convert)


def _end_with_cloud(lifeline):  # type: ignore[no-untyped-def]
    """Without a sandbox nothing else ends this process when the cloud is killed: wait for the pipe to close."""
    import threading

    def wait():  # type: ignore[no-untyped-def]
        os.read(lifeline, 1)
        os.killpg(0, 9)

    threading.Thread(target=wait, daemon=True, name="lifeline").start()


def _set_limits(limits):  # type: ignore[no-untyped-def]
    import resource

    for limit in limits.split():
        name, soft, hard = limit.split(":")
        number = getattr(resource, f"RLIMIT_{name}")
        try:
            resource.setrlimit(number, (int(soft), int(hard) if hard else resource.getrlimit(number)[1]))
        except (OSError, ValueError):  # a lower limit is set already
            pass


def main():  # type: ignore[no-untyped-def]
    directions = _take_directions()
    sys.path[:] = directions["sys_path"].split("\x1e")
    sys.meta_path.insert(0, _BotocoreFinder(directions["endpoint"]))
    if directions["tmp"]:
        sys.dont_write_bytecode = True
        import tempfile

        tempfile.tempdir = directions["tmp"]
    if directions["lifeline"]:
        _end_with_cloud(int(directions["lifeline"]))
    if directions["limits"]:
        _set_limits(directions["limits"])
    if directions["client"] == "awslambdaric":
        from awslambdaric.__main__ import main as run

        run(["bootstrap.py", os.environ["_HANDLER"]])
    else:
        from runtime_loop import main as run_loop  # type: ignore[import-not-found]

        run_loop()
