"""The part of the seam that waits with a part of moto until it is used: what is not imported takes no memory."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_MOCKING = "moto.core.models"
#: What moto's server part takes from there at start.
_STAND_INS = ("MockAWS", "ProxyModeMockAWS", "ServerModeMockAWS", "patch_client", "patch_resource")


def leave_out_mocking() -> None:
    """Call it before anything imports moto: what moto needs to mock AWS inside a test's own process (``moto.core.models``
    with responses, yaml, unittest) is loaded when something asks for a name that only it has.

    boto3 waits, too. requests works without charset_normalizer, which only guesses the character sets of answers.
    """
    sys.meta_path.insert(0, _MockingFinder())
    if "boto3" not in sys.modules:
        sys.modules["boto3"] = _Boto3()
    if "charset_normalizer" not in sys.modules:
        sys.modules["charset_normalizer"] = None  # type: ignore[assignment]
        warnings.filterwarnings("ignore", "Unable to find acceptable character detection dependency")


class _Boto3(ModuleType):
    """Stands for boto3 until somebody uses it: moto takes the name Session of it at start, for a question that
    ``moto_seam_regions`` answers."""

    def __init__(self) -> None:
        super().__init__("boto3")
        spec = PathFinder.find_spec("boto3")
        assert spec
        #: A module of the package (boto3.dynamodb.types) can be imported without the rest.
        self.__path__ = spec.submodule_search_locations or []

    def __getattr__(self, name: str) -> object:
        if name == "Session":
            return _session
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(_real_boto3(), name)


def _real_boto3() -> ModuleType:
    if isinstance(sys.modules.get("boto3"), _Boto3):
        del sys.modules["boto3"]
    return importlib.import_module("boto3")


def _session(*args: object, **options: object) -> object:
    return _real_boto3().Session(*args, **options)


class _Mocking(ModuleType):
    """Stands for ``moto.core.models``."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        found = _finders_spec(_MOCKING)
        spec = importlib.util.spec_from_file_location("moto.core.models_as_they_are", found.origin)
        assert spec and spec.loader
        real = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(real)
        self.__dict__.update({key: value for key, value in vars(real).items() if not key.startswith("__")})
        return getattr(real, name)


class _MockingFinder(MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        return ModuleSpec(name, _MockingLoader()) if name == _MOCKING else None


class _MockingLoader(Loader):
    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return _Mocking(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        from moto.core.base_backend import BackendDict
        from moto.core.config import default_user_config

        for name in _STAND_INS:
            setattr(module, name, type(name, (), {}))
        vars(module).update(
            DEFAULT_ACCOUNT_ID="123456789012", BackendDict=BackendDict, default_user_config=default_user_config
        )


def _finders_spec(name: str) -> ModuleSpec:
    """Where a module of moto really is."""
    import moto.core

    spec = PathFinder.find_spec(name, moto.core.__path__)
    assert spec
    return spec


def after_import(name: str, action: Callable[[], None]) -> None:
    """Call ``action`` once the module ``name`` has been imported, before whoever imports it gets it; at once when it is
    imported already."""
    if name in sys.modules:
        action()
    else:
        sys.meta_path.insert(0, _Finder(name, action))


class _Finder(MetaPathFinder):
    def __init__(self, name: str, action: Callable[[], None]) -> None:
        self._name = name
        self._action = action

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != self._name:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            sys.meta_path.remove(self)
            spec.loader = _Loader(spec.loader, self._action)
        return spec


class _Loader(Loader):
    def __init__(self, loader: Loader, action: Callable[[], None]) -> None:
        self._loader = loader
        self._action = action

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        self._action()
