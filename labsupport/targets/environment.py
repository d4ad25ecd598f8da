"""The environment variables that make plain boto3 talk to the local cloud, and to nothing else."""

from __future__ import annotations

import os
from collections.abc import MutableMapping

#: Nothing listens there: calls before the cloud is up, or after it could not start, fail instead of reaching AWS.
NOWHERE = "http://127.0.0.1:9"
_LOOPBACK = ("127.0.0.1", "localhost")


def point_to(endpoint: str, region: str, variables: MutableMapping[str, str]) -> None:
    """Point boto3 at ``endpoint``, with credentials that are worth nothing.

    Every AWS_… variable goes first: one of them (AWS_PROFILE, AWS_ENDPOINT_URL_S3,
    AWS_IGNORE_CONFIGURED_ENDPOINT_URLS, ...) would be enough to send a call to the real AWS. Source: AWS SDKs and
    Tools Reference Guide, "Settings reference".
    """
    for name in [name for name in variables if name.startswith("AWS_") or name == "BOTO_CONFIG"]:
        del variables[name]
    variables.update(
        AWS_ENDPOINT_URL=endpoint,
        AWS_ACCESS_KEY_ID="testing",
        AWS_SECRET_ACCESS_KEY="testing",
        AWS_DEFAULT_REGION=region,
        AWS_REGION=region,
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
    )
    for name in ("NO_PROXY", "no_proxy"):  # a proxy of the user's must not get loopback calls; both spellings are read
        hosts = [host for host in variables.get(name, "").split(",") if host.strip()]
        variables[name] = ",".join([*hosts, *(host for host in _LOOPBACK if host not in hosts)])


def without_aws(variables: MutableMapping[str, str]) -> dict[str, str]:
    """A copy of the environment for the local cloud itself: no AWS settings, module paths made absolute."""
    kept = {name: value for name, value in variables.items() if not name.startswith("AWS_")}
    if kept.get("PYTHONPATH"):
        kept["PYTHONPATH"] = os.pathsep.join(os.path.abspath(path) for path in kept["PYTHONPATH"].split(os.pathsep))
    # The learner's folder may hold a json.py or a queue.py; the cloud must not import it in place of Python's own.
    kept["PYTHONSAFEPATH"] = "1"
    return kept
