"""Request validators: required parameters, and bodies against the models of a method.

Source: API Gateway Developer Guide, "Request validation for REST APIs in API Gateway" (required parameters must be there
and not blank; models are JSON schema draft 4; a model under ``$default`` is for all content types that have none).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, unquote_plus

from ..http_message import HttpRequest
from .schema_messages import text_of

_KINDS = ("header", "path", "querystring")
_PARAMETER = re.compile(r"method\.request\.(header|path|querystring)\.(.+)")
#: ``$ref`` to another model: https://apigateway.amazonaws.com/restapis/API/models/NAME.
_MODEL_ADDRESS = re.compile(r"https?://apigateway[^/]*\.amazonaws\.com/restapis/[^/]+/models/([A-Za-z0-9]+)")
#: A large body takes long to check: that is done beside the event loop.
LONG_BODY_BYTES = 64 * 1024
_KEPT_MODELS = 200


class BadParameters(Exception):
    """The text is what the client gets with the 400."""


class BadBody(Exception):
    """ "Invalid request body" for the client; the text is ``$context.error.validationErrorString``."""


@dataclass(frozen=True)
class Validator:
    """A request validator as CreateRequestValidator made it."""

    parameters: bool = False
    body: bool = False


@dataclass(frozen=True)
class Models:
    """The models of an API. ``schemas`` are pairs of a model's name and its JSON text; models refer to each other by
    address."""

    schemas: tuple[tuple[str, str], ...] = ()


def check_parameters(
    required: Mapping[str, bool], request: HttpRequest, path_parameters: Mapping[str, str] | None
) -> None:
    """``required`` is the method's ``requestParameters``. Raises BadParameters with the names that are missing: headers
    first, then path parameters, then those of the query."""
    missing: list[str] = []
    wanted = [match.groups() for name, must in required.items() if must and (match := _PARAMETER.fullmatch(name))]
    given = {
        # API Gateway compares the names of headers as the client spelled them.
        "header": dict(request.headers),
        "path": {name: unquote(value) for name, value in (path_parameters or {}).items()},
        "querystring": _query(request.raw_query),
    }
    for kind in _KINDS:
        missing += [name for one, name in wanted if one == kind and not given[kind].get(name, "").strip()]
    if missing:
        raise BadParameters(f"Missing required request parameters: [{', '.join(missing)}]")


def _query(raw_query: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in raw_query.split("&") if pair)
    return {unquote_plus(name): unquote_plus(value) for name, _, value in pairs}


def model_for(models: Mapping[str, str], content_type: str | None) -> str | None:
    """The name of the model for a content type, out of the method's ``requestModels``; None when the body may be
    anything. A request without a content type counts as JSON."""
    kind = (content_type or "application/json").partition(";")[0].strip().lower()
    named = {key.lower(): name for key, name in models.items()}
    return named.get(kind) or named.get("$default")


def check_body(models: Models, name: str, body: bytes) -> None:
    """Whether ``body`` fits the model ``name``; an empty body counts as ``{}``. Raises BadBody."""
    checker = _checker(models.schemas, name)
    if checker is None:
        return
    try:
        document = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise BadBody("[Unable to parse the request body as JSON]") from None
    try:
        problems = checker(document)
    except RecursionError:
        raise BadBody("[The request body is nested too deeply]") from None
    if problems:
        raise BadBody(f"[{', '.join(problems)}]")


@lru_cache(maxsize=_KEPT_MODELS)
def _checker(schemas: tuple[tuple[str, str], ...], name: str) -> Callable[[Any], list[str]] | None:
    """A function that lists what is wrong with a document; None for a model that is not there or is no schema."""
    # A large package: loaded when the first body is checked.
    from jsonschema.validators import Draft4Validator, validator_for
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT4

    documents: dict[str, Any] = {}
    for one, text in schemas:
        try:
            documents[one] = json.loads(text)
        except ValueError:
            continue
    schema = documents.get(name)
    if not isinstance(schema, dict):
        return None

    def retrieve(address: str) -> Resource[Any]:
        match = _MODEL_ADDRESS.fullmatch(address)
        return DRAFT4.create_resource(documents.get(match[1], {}) if match else {})

    registry_of: Any = Registry  # its arguments are not typed
    validator = validator_for(schema, default=Draft4Validator)(schema, registry=registry_of(retrieve=retrieve))

    def check(document: Any) -> list[str]:
        found: list[str] = []
        for error in validator.iter_errors(document):
            text = text_of(error)
            if text not in found:  # jsonschema reports each missing property on its own
                found.append(text)
        return found

    return check
