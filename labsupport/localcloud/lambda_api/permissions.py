"""AddPermission, RemovePermission, GetPolicy; and whether a service may invoke a function.

A policy belongs to the function, to one version or to one alias: ``Function.policies`` has the qualifier as key, and
``$LATEST`` for the function's own.
"""

from __future__ import annotations

import re
from typing import Any

from . import errors
from .names import function_arn, is_version
from .operations import Call, operation
from .principals import principal_element
from .resource_policy import POLICY_BYTES, Caller, Grant, ResourcePolicy, allows
from .store import LATEST, Function, Store

_NO_RESOURCE = "The resource you requested does not exist."
_INVOKE, _INVOKE_URL = "lambda:InvokeFunction", "lambda:InvokeFunctionUrl"
#: What an alias may be called: other qualifiers can only be a version that does not exist.
_ALIAS_NAME = re.compile("[a-zA-Z0-9-_]+")


@operation("AddPermission")
async def add_permission(call: Call) -> dict[str, Any]:
    """Answers with the new statement as JSON text."""
    named = call.named()
    if named.qualifier == LATEST:
        raise errors.invalid_parameter("We currently do not support adding policies for $LATEST.")
    function = call.region.functions.get(named.name)
    if function is None:
        raise errors.function_not_found(function_arn(call.region_name, named.name))
    _check_qualifier(function, named.qualifier)
    key = named.qualifier or LATEST
    policy = function.policies.get(key)
    _check_revision(call, policy, _revision_without_policy(function, named.qualifier))
    grant = _grant(call, function_arn(call.region_name, named.name, named.qualifier))
    function.policies[key] = extended(policy, grant)
    return {"Statement": grant.text()}


@operation("RemovePermission")
async def remove_permission(call: Call) -> dict[str, Any]:
    named = call.named()
    function = call.region.functions.get(named.name)
    if function is None:
        raise errors.not_found(f"No policy found for: {function_arn(call.region_name, named.name)}")
    _check_qualifier(function, named.qualifier)
    key = named.qualifier or LATEST
    policy = function.policies.get(key)
    if policy is None:
        raise no_policy()
    _check_revision(call, policy)
    left = reduced(policy, call.parameters["StatementId"])
    if left is None:
        del function.policies[key]
    else:
        function.policies[key] = left
    return {}


@operation("GetPolicy")
async def get_policy(call: Call) -> dict[str, Any]:
    named = call.named()
    function = call.region.functions.get(named.name)
    policy = function.policies.get(named.qualifier or LATEST) if function else None
    if policy is None:
        raise errors.not_found(_NO_RESOURCE)
    return {"Policy": policy.text(), "RevisionId": policy.revision_id}


def may_invoke(store: Store, region: str, name: str, qualifier: str | None, caller: Caller) -> bool:
    """Whether the resource policy of exactly this qualifier lets ``caller`` invoke it; False when nothing is there.

    For a service: ``Caller(service="s3.amazonaws.com", source_arn=BUCKET_ARN, source_account=OWNER)``.
    """
    function = store.region(region).functions.get(name)
    return function is not None and allows(function.policies.get(qualifier or LATEST), _INVOKE, caller)


def extended(policy: ResourcePolicy | None, grant: Grant) -> ResourcePolicy:
    """The policy with one statement more. Raises LambdaError when its id is taken or the policy grows too large."""
    if policy is not None and policy.find(grant.statement_id):
        raise errors.conflict(
            f"The statement id ({grant.statement_id}) provided already exists. Please provide a new statement id, or "
            "remove the existing statement."
        )
    larger = policy.with_grant(grant) if policy else ResourcePolicy((grant,))
    size = len(larger.text())
    if size > POLICY_BYTES:
        raise errors.LambdaError(
            400,
            "PolicyLengthExceededException",
            f"The final policy size ({size}) is bigger than the limit ({POLICY_BYTES}).",
        )
    return larger


def reduced(policy: ResourcePolicy, statement_id: str) -> ResourcePolicy | None:
    """The policy without a statement, None when it was the last. Raises LambdaError when it has no such statement."""
    if policy.find(statement_id) is None:
        raise errors.not_found(f"Statement {statement_id} is not found in resource policy.")
    return policy.without(statement_id)


def no_policy() -> errors.LambdaError:
    """404 where a policy is wanted and there is none."""
    return errors.not_found("No policy is associated with the given resource.")


def _check_qualifier(function: Function, qualifier: str | None) -> None:
    if qualifier is None or qualifier in function.versions or qualifier in function.aliases:
        return
    arn = function_arn(function.region, function.name, qualifier)
    if _ALIAS_NAME.fullmatch(qualifier) and not is_version(qualifier):
        raise errors.not_found(f"Cannot find alias arn: {arn}")
    raise errors.function_not_found(arn)


def _revision_without_policy(function: Function, qualifier: str | None) -> str:
    alias = function.aliases.get(qualifier) if qualifier else None
    return alias.revision_id if alias else function.versions[qualifier or LATEST].revision_id


def _check_revision(call: Call, policy: ResourcePolicy | None, otherwise: str | None = None) -> None:
    """A RevisionId must be the policy's; while there is none, that of the function, version or alias."""
    wanted = call.get("RevisionId")
    if wanted is not None and wanted != (policy.revision_id if policy else otherwise):
        raise errors.precondition_failed("GetPolicy")


def _grant(call: Call, resource: str) -> Grant:
    action = call.parameters["Action"]
    if call.get("FunctionUrlAuthType") is not None and action != _INVOKE_URL:
        raise errors.invalid_parameter("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action")
    if call.get("InvokedViaFunctionUrl") and action != _INVOKE:
        raise errors.invalid_parameter("InvokedViaFunctionUrl is only supported for lambda:InvokeFunction action")
    principal = principal_element(call.parameters["Principal"])
    if principal is None:
        raise errors.invalid_parameter("The provided principal was invalid. Please check the principal and try again.")
    return Grant(
        statement_id=call.parameters["StatementId"],
        principal=principal,
        action=action,
        resource=resource,
        source_arn=call.get("SourceArn"),
        source_account=call.get("SourceAccount"),
        event_source_token=call.get("EventSourceToken"),
        organization=call.get("PrincipalOrgID"),
        function_url_auth_type=call.get("FunctionUrlAuthType"),
        invoked_via_function_url=bool(call.get("InvokedViaFunctionUrl")),
    )
