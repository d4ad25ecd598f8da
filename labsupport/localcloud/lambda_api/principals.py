"""Principals of AddPermission: which text means whom.

Source: IAM User Guide, "AWS JSON policy elements: Principal". AWS keeps a list of its services and refuses others.
"""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path

_ACCOUNT = re.compile(r"\d{12}")
_IAM_ARN = re.compile(r"arn:aws[a-zA-Z-]*:iam::\d{12}:(root|(user|role|federated-user)/[\w+=,.@/-]+)")
_SESSION_ARN = re.compile(r"arn:aws[a-zA-Z-]*:sts::\d{12}:(assumed-role|federated-user)/[\w+=,.@/-]+")
_SERVICE = re.compile(r"(?:[a-z0-9-]+\.)*(?P<name>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_REGIONAL = re.compile(r"(?P<name>[a-z0-9-]+)\.[a-z]{2}(?:-[a-z]+)+-\d\.amazonaws\.com(?:\.cn)?")
#: Alexa has a domain of its own (Alexa Skills Kit, "Host a Custom Skill as an AWS Lambda Function").
_ALEXA = frozenset(("alexa-appkit.amazon.com", "alexa-connectedhome.amazon.com"))
#: Principals that are called otherwise than the service in botocore.
_MORE_SERVICES = frozenset(
    (
        "codestar",
        "ecs-tasks",
        "edgelambda",
        "elasticloadbalancing",
        "elasticmapreduce",
        "iotanalytics",
        "iotevents",
        "lex",
        "lexv2",
        "monitoring",
        "opsworks",
        "states",
    )
)


def principal_element(text: str) -> str | dict[str, str] | None:
    """A statement's Principal for this parameter: ``"*"``, ``{"AWS": ARN}`` or ``{"Service": NAME}``; None when AWS
    has nobody of that name. Whether a user or role exists is not looked up."""
    if text == "*":
        return text
    if _ACCOUNT.fullmatch(text):
        return {"AWS": f"arn:aws:iam::{text}:root"}
    if _IAM_ARN.fullmatch(text) or _SESSION_ARN.fullmatch(text):
        return {"AWS": text}
    service = _REGIONAL.fullmatch(text) or _SERVICE.fullmatch(text)
    if text in _ALEXA or (service and service["name"] in _services()):
        return {"Service": text}
    return None


@cache
def _services() -> frozenset[str]:
    """Names of AWS's services: the folders of botocore's service models."""
    found = importlib.util.find_spec("botocore")
    if found is None or not found.submodule_search_locations:
        return _MORE_SERVICES
    data = Path(found.submodule_search_locations[0]) / "data"
    return _MORE_SERVICES | {entry.name for entry in data.iterdir() if entry.is_dir()}
