"""Errors of the Lambda API in AWS's shape: a status, the code in a header, a JSON body."""

from __future__ import annotations

#: Most errors have a lower-case ``message`` in the body; these, by Lambda's service model, an upper-case one.
_WITH_CAPITAL_MESSAGE = frozenset(("ResourceNotFoundException", "ServiceException", "ResourceInUseException"))
#: Answers of the layer in front of Lambda's own code have no ``Type``.
_WITHOUT_TYPE = frozenset(("ValidationException", "AccessDeniedException", "SerializationException"))

REVISION_MISMATCH = (
    "The Revision Id provided does not match the latest Revision Id. Call the {call} API to retrieve the latest "
    "Revision Id"
)


class LambdaError(Exception):
    """An operation that AWS refuses. ``document`` is the body; ``code`` goes into ``x-amzn-ErrorType``."""

    def __init__(self, status: int, code: str, message: str, **more: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.document: dict[str, str] = dict(more)
        if code not in _WITHOUT_TYPE:
            self.document["Type"] = "Service" if status >= 500 else "User"
        self.document["Message" if code in _WITH_CAPITAL_MESSAGE else "message"] = message


def invalid_parameter(message: str) -> LambdaError:
    """400: a value that Lambda's own code refuses."""
    return LambdaError(400, "InvalidParameterValueException", message)


def validation(failures: list[str]) -> LambdaError:
    """400: values that the service model's constraints refuse, each ``Value … failed to satisfy constraint: …``."""
    count = f"{len(failures)} validation error{'s' if len(failures) > 1 else ''} detected: "
    return LambdaError(400, "ValidationException", count + "; ".join(failures))


def not_found(message: str) -> LambdaError:
    """404."""
    return LambdaError(404, "ResourceNotFoundException", message)


def function_not_found(arn: str) -> LambdaError:
    """404 with AWS's sentence; ``arn`` qualified or not, as the operation has it."""
    return not_found(f"Function not found: {arn}")


def conflict(message: str) -> LambdaError:
    """409: the name is taken, or the function's state forbids it."""
    return LambdaError(409, "ResourceConflictException", message)


def in_use(message: str) -> LambdaError:
    """400: an event source mapping in the middle of a change."""
    return LambdaError(400, "ResourceInUseException", message)


def update_in_progress(arn: str) -> LambdaError:
    """409 while an earlier update has not ended."""
    return conflict(f"The operation cannot be performed at this time. An update is in progress for resource: {arn}")


def wrong_state(state: str) -> LambdaError:
    """409 while a function is still being created."""
    return conflict(
        "The operation cannot be performed at this time. The function is currently in the following state: " + state
    )


def precondition_failed(call: str = "GetFunction/GetAlias") -> LambdaError:
    """412: a RevisionId that is not the latest; ``call`` names the operation that tells it."""
    return LambdaError(412, "PreconditionFailedException", REVISION_MISMATCH.format(call=call))


def access_denied(message: str) -> LambdaError:
    """403."""
    return LambdaError(403, "AccessDeniedException", message)


def too_large(message: str) -> LambdaError:
    """413."""
    return LambdaError(413, "RequestEntityTooLargeException", message)


def unreadable(message: str) -> LambdaError:
    """400: the body has JSON values of the wrong kind."""
    return LambdaError(400, "SerializationException", message)


def not_in_this_lab(what: str) -> LambdaError:
    """501: an operation or setting that AWS has and the local cloud does not. AWS has no such error; better than a
    success that does nothing."""
    return LambdaError(501, "NotImplementedException", f"The local cloud does not have {what}. On AWS it exists.")
