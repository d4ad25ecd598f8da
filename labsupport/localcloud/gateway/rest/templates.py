"""Mapping templates, as far as they are text with variables in it.

Source: API Gateway Developer Guide, "Mapping template transformations for REST APIs in API Gateway". Templates are
written in the Velocity Template Language. Of that, variables and ``$input.body``, ``.params('name')``, ``.json('$.path')``
and ``.path('$.path')`` are understood; directives (``#if``, ``#foreach``, ``#set``) and ``$util`` are refused, never passed on
as if they were text.
"""

from __future__ import annotations

import json
import re
from typing import Any

from .errors import GatewayError
from .exchange import Exchange
from .mapping import context_value, in_json, value_of

_NAME = r"(context|stageVariables)\.([A-Za-z0-9_.-]*[A-Za-z0-9_-])"
#: A brace at the end belongs to the variable only when there is one at its beginning.
_VARIABLE = re.compile(rf"\$!?(?:\{{{_NAME}\}}|{_NAME})")
_INPUT = re.compile(
    r"\$!?(?:\{input\.body\}|input\.body)(?![\w.\[(])|"
    r"\$!?input\.(params|json|path)\(\s*(?:'([^']*)'|\"([^\"]*)\")\s*\)(?![\w\[(]|\.\w)"
)
_LOGIC = re.compile(
    r"#(set|if|else|elseif|end|foreach|macro|define|parse|include|break|stop)\b|#\{|##|#\*|\$!?\{?[a-zA-Z]"
)


def render(template: str, exchange: Exchange, body: str) -> str:
    """The template with its variables replaced; ``body`` is what ``$input`` is about. Raises GatewayError (501) when the
    template needs more of VTL."""
    rest = _INPUT.sub("", _VARIABLE.sub("", template))
    if _LOGIC.search(rest):
        raise GatewayError(
            "API_CONFIGURATION_ERROR",
            "The local cloud understands mapping templates that are text with $context, $stageVariables, $input.body, "
            "$input.params, $input.json and $input.path in it, and no other parts of VTL.",
            status=501,
            log="Execution failed due to configuration error: the mapping template needs VTL",
        )
    parts: list[str] = []
    end = 0
    for match in _INPUT.finditer(template):
        parts += [substitute(template[end : match.start()], exchange), _input(match, exchange, body)]
        end = match.end()
    return "".join(parts) + substitute(template[end:], exchange)


def _input(match: re.Match[str], exchange: Exchange, body: str) -> str:
    function, name = match[1], match[2] or match[3] or ""
    if function is None:
        return body
    if function == "params":  # in the order that AWS looks
        for place in ("path", "querystring", "header"):
            value = value_of(f"method.request.{place}.{name}", exchange)
            if value is not None:
                return value
        return ""
    found = in_json(body or "{}", name.removeprefix("$").lstrip("."))
    if function == "json":
        return json.dumps(found, separators=(",", ":"), ensure_ascii=False) if found is not None else '""'
    return _as_java(found)


def _as_java(value: Any) -> str:
    """As a Java object turns into text: maps in their own way, lists as JSON, text without quotation marks."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}={_as_java(item)}" for name, item in value.items()) + "}"
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def substitute(template: str, exchange: Exchange) -> str:
    """Gateway responses know no more than this: ``$context.name`` and ``$stageVariables.name`` become their values, and
    what has no value becomes nothing."""

    def value(match: re.Match[str]) -> str:
        source, name = match[1] or match[3], match[2] or match[4]
        found = exchange.stage.variables.get(name) if source == "stageVariables" else context_value(exchange, name)
        return "" if found is None else str(found)

    return _VARIABLE.sub(value, template)


def template_for(templates: dict[str, str | None], media_type: str | None) -> tuple[str, str] | None:
    """Media type and text of the template for a Content-Type (``application/json`` when there is none); None when no
    template is for it."""
    wanted = (media_type or "application/json").partition(";")[0].strip().lower()
    for name, text in templates.items():
        if name.lower() in (wanted, "$default"):
            return name, text or ""
    return None
