"""Mapping templates, as far as they are text with variables in it.

Source: API Gateway Developer Guide, "Mapping template transformations for REST APIs in API Gateway". Templates are
written in the Velocity Template Language; its directives (``#if``, ``#foreach``, ``#set``) and ``$input``'s and ``$util``'s
functions are not understood here and refused, never passed on as if they were text.
"""

from __future__ import annotations

import re

from .errors import GatewayError
from .exchange import Exchange
from .mapping import context_value

_NAME = r"(context|stageVariables)\.([A-Za-z0-9_.-]*[A-Za-z0-9_-])"
#: A brace at the end belongs to the variable only when there is one at its beginning.
_VARIABLE = re.compile(rf"\$!?(?:\{{{_NAME}\}}|{_NAME})")
_BODY = re.compile(r"\$!?(?:\{input\.body\}|input\.body)")
_LOGIC = re.compile(
    r"#(set|if|else|elseif|end|foreach|macro|define|parse|include|break|stop)\b|#\{|##|#\*|\$!?\{?[a-zA-Z]"
)


def render(template: str, exchange: Exchange, body: str) -> str:
    """The template with its variables replaced; ``body`` is ``$input.body``. Raises GatewayError (501) when the template
    needs more of VTL."""
    rest = _BODY.sub("", _VARIABLE.sub("", template))
    if _LOGIC.search(rest):
        raise GatewayError(
            "API_CONFIGURATION_ERROR",
            "The local cloud understands mapping templates that are text with $context, $stageVariables and $input.body "
            "in it, and no other parts of VTL.",
            status=501,
            log="Execution failed due to configuration error: the mapping template needs VTL",
        )
    return substitute(_BODY.sub(lambda _: body, template), exchange)


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
