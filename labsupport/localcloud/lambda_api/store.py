"""What the control plane keeps: functions with their versions and aliases, layers, event source
mappings, per region, in memory.

``Configuration`` is what a version is made of and never changes; a new configuration replaces the old one. ``Version``
and ``Function`` are the records that operations change; after a change that invocations must see, an operation calls
``Function.forget_specifications``.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..functions.specification import FunctionSpecification
from .names import ACCOUNT_ID, function_arn

LATEST = "$LATEST"


def now() -> str:
    """This moment in the form of LastModified: ``2026-01-01T00:00:00.000+0000``."""
    moment = datetime.now(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def new_revision_id() -> str:
    """A RevisionId."""
    return str(uuid.uuid4())


@dataclass(frozen=True)
class Logging:
    """LoggingConfig; the levels are None with the text format."""

    log_format: str
    log_group: str
    application_log_level: str | None = None
    system_log_level: str | None = None


@dataclass(frozen=True)
class Configuration:
    """Everything of a version that CreateFunction and the two updates set. Sizes: MB, code in bytes; time: seconds."""

    runtime: str
    handler: str
    role: str
    description: str
    timeout: int
    memory_size: int
    ephemeral_storage: int
    #: None when Environment was never sent: then it is not shown either.
    variables: dict[str, str] | None
    layers: tuple[str, ...]
    code_sha256: str
    code_size: int
    architecture: str
    tracing_mode: str
    logging: Logging
    snap_start: str = "None"
    dead_letter_target: str | None = None
    kms_key_arn: str | None = None
    #: As it was sent: accepted and shown, without effect.
    vpc: dict[str, Any] | None = None
    #: Differs for every configuration ever made, equal values or not: environments are not shared between them.
    generation: int = field(init=False, compare=False, default_factory=itertools.count(1).__next__)


@dataclass
class Version:
    """``$LATEST`` or a published version, with its state."""

    number: str
    configuration: Configuration
    last_modified: str
    revision_id: str = field(default_factory=new_revision_id)
    state: str = "Active"
    state_reason: str | None = None
    state_reason_code: str | None = None
    last_update_status: str | None = "Successful"
    last_update_status_reason: str | None = None
    last_update_status_reason_code: str | None = None
    update_runtime_on: str = "Auto"
    pinned_runtime_version_arn: str | None = None
    #: What invocations run while an update is in progress.
    running: Configuration | None = None

    @property
    def to_run(self) -> Configuration:
        """The configuration that an invocation of this moment runs."""
        return self.running or self.configuration


@dataclass
class Alias:
    """A name for a version; ``weights`` gives a share of invocations to another one."""

    name: str
    version: str
    description: str = ""
    weights: dict[str, float] = field(default_factory=dict)
    revision_id: str = field(default_factory=new_revision_id)


@dataclass(frozen=True)
class EventInvokeConfig:
    """Settings of asynchronous invocation for one qualifier. Age in seconds; destinations are ARNs."""

    last_modified: datetime
    maximum_retry_attempts: int | None = None
    maximum_event_age: int | None = None
    on_success: str | None = None
    on_failure: str | None = None


@dataclass
class Function:
    """A function with all that hangs on it. Keys of the per-qualifier dictionaries: ``$LATEST``, a version, an alias."""

    name: str
    region: str
    versions: dict[str, Version]
    aliases: dict[str, Alias] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    next_version: int = 1
    #: What ``$LATEST`` was when a version was last published, and that version's number.
    last_published: tuple[Configuration, str] | None = None
    reserved_concurrency: int | None = None
    recursive_loop: str = "Terminate"
    event_invoke: dict[str, EventInvokeConfig] = field(default_factory=dict)
    #: Resource policies: see permissions.py.
    policies: dict[str, Any] = field(default_factory=dict)
    #: Function URLs: see function_urls.py.
    urls: dict[str, Any] = field(default_factory=dict)
    #: Provisioned concurrency: see provisioned.py.
    provisioned: dict[str, Any] = field(default_factory=dict)
    _specifications: dict[str | None, FunctionSpecification] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """Unqualified ARN."""
        return function_arn(self.region, self.name)

    @property
    def latest(self) -> Version:
        """``$LATEST``."""
        return self.versions[LATEST]

    @property
    def published(self) -> list[Version]:
        """Published versions, oldest first."""
        return [version for number, version in self.versions.items() if number != LATEST]

    def resolve(self, qualifier: str | None) -> Version | None:
        """The version behind a qualifier (None is ``$LATEST``; an alias leads to its main version), or None."""
        if qualifier in self.aliases:
            qualifier = self.aliases[qualifier].version
        return self.versions.get(qualifier or LATEST)

    def forget_specifications(self) -> None:
        """Something changed that invocations must see."""
        self._specifications.clear()

    def specification(self, qualifier: str | None) -> FunctionSpecification | None:
        """What runs under this qualifier now, prepared once; None when there is no such version or alias."""
        found = self._specifications.get(qualifier)
        if found is None:
            version = self.resolve(qualifier)
            if version is None:
                return None
            found = self._specifications[qualifier] = self._prepare(qualifier, version)
        return found

    def revisions(self) -> set[str]:
        """Which revisions may run now: environments of any other are of no more use."""
        return {_revision(version) for version in self.versions.values()}

    def _prepare(self, qualifier: str | None, version: Version) -> FunctionSpecification:
        what = version.to_run
        invoke = self.event_invoke.get(qualifier or LATEST)
        alias = self.aliases.get(qualifier) if qualifier else None
        return FunctionSpecification(
            account_id=ACCOUNT_ID,
            region=self.region,
            name=self.name,
            version=version.number,
            runtime=what.runtime,
            handler=what.handler,
            role=what.role,
            timeout=what.timeout,
            memory_size=what.memory_size,
            ephemeral_storage=what.ephemeral_storage,
            variables=dict(what.variables or {}),
            layers=what.layers,
            code_sha256=what.code_sha256,
            architecture=what.architecture,
            log_format=what.logging.log_format,
            application_log_level=what.logging.application_log_level,
            system_log_level=what.logging.system_log_level,
            log_group=what.logging.log_group,
            reserved_concurrency=self.reserved_concurrency,
            retry_attempts=invoke.maximum_retry_attempts if invoke else None,
            maximum_event_age=invoke.maximum_event_age if invoke else None,
            revision=_revision(version),
            alias_weights=dict(alias.weights) if alias else {},
            dead_letter_target=what.dead_letter_target,
            on_success=invoke.on_success if invoke else None,
            on_failure=invoke.on_failure if invoke else None,
            recursive_loop=self.recursive_loop,
        )


def _revision(version: Version) -> str:
    """Two versions or configurations never share an execution environment: this tells them apart."""
    return f"{version.number}:{version.to_run.generation}"


@dataclass
class Region:
    """Functions by name, layers by name and event source mappings by UUID of one region."""

    name: str
    functions: dict[str, Function] = field(default_factory=dict)
    #: Layers: see layers.py.
    layers: dict[str, Any] = field(default_factory=dict)
    #: Event source mappings: see mapping_records.py.
    mappings: dict[str, Any] = field(default_factory=dict)


class Store:
    """All regions of the cloud; a region comes into being when it is first asked for."""

    def __init__(self) -> None:
        self._regions: dict[str, Region] = {}
        #: Ids of all function URLs there have been: one that is no more answers otherwise than one that never was.
        self.url_ids: set[str] = set()

    def region(self, name: str) -> Region:
        found = self._regions.get(name)
        if found is None:
            found = self._regions[name] = Region(name)
        return found

    def __iter__(self) -> Iterator[Region]:
        return iter(list(self._regions.values()))
