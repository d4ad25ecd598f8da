"""S3 event notifications: which configurations an event fits, and its delivery.

Source: Amazon S3 User Guide, "Amazon S3 Event Notifications".
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote_plus

from ..access import Access
from ..control_plane import MotoControlPlane
from . import s3_errors, s3_records
from .push import ACCOUNT_ID, Push, Source
from .s3_configuration import Configuration, Malformed, Rule
from .s3_destinations import PRINCIPAL, Message, Outbox, Permissions
from .s3_errors import Answer, Ids, S3Error
from .s3_records import ObjectEvent
from .s3_validation import check, check_destinations


class S3Notifications:
    """One per cloud: keeps the configurations, hears of events, sends them on."""

    def __init__(self, push: Push, moto: MotoControlPlane, access: Access) -> None:
        self._push = push
        self._moto = moto
        self._access = access
        self._permissions = Permissions(push, access)
        self._outbox = Outbox(moto)
        self._configurations: dict[str, Configuration] = {}
        moto.on("s3_event", self._happened)
        moto.on("s3_bucket_deleted", self._forget)

    # --- for the front door ------------------------------------------------------------------------------------

    async def answer(
        self, method: str, bucket: str, headers: Mapping[str, str], body: bytes, ids: Ids
    ) -> Answer | None:
        """Answer a request to a bucket's ``?notification``; None when S3 itself (moto) is to answer."""
        if headers.get("x-amz-expected-bucket-owner", ACCOUNT_ID) != ACCOUNT_ID:
            return s3_errors.answer(S3Error(403, "AccessDenied", "Access Denied"), ids)
        if method == "PUT":
            try:
                return await self._put(bucket, headers, body, ids)
            except S3Error as problem:
                return s3_errors.answer(problem, ids)
        configuration = self._configurations.get(bucket)
        if method == "GET" and configuration:
            return s3_errors.document(configuration.text())
        return None

    async def _put(self, bucket: str, headers: Mapping[str, str], body: bytes, ids: Ids) -> Answer:
        region = await self._moto.ask("s3_region", bucket=bucket)
        if region is None:
            raise s3_errors.no_such_bucket(bucket)
        try:
            configuration = Configuration.read(body)
        except Malformed:
            raise s3_errors.malformed() from None
        check(configuration, region)
        bucket_arn = f"arn:aws:s3:::{bucket}"
        if headers.get("x-amz-skip-destination-validation", "").lower() != "true":
            await check_destinations(configuration, lambda rule: self._permissions.problem_of(rule, bucket_arn))
            # Functions are not called: for them the permission is enough.
            arns = dict.fromkeys(rule.arn for rule in configuration.rules if rule.kind != "CloudFunction")
            text = s3_records.test_event(bucket, ids, time.time())
            self._outbox.send([Message(arn, text) for arn in arns])
            await self._outbox.sent()
        rules = tuple(replace(rule, id=rule.id or str(uuid.uuid4())) for rule in configuration.rules)
        self._configurations[bucket] = replace(configuration, rules=rules)
        for value in [value for rule in rules for value in rule.values_that_fit_no_key()]:
            print(
                f"labsupport cloud: the filter {value!r} of {bucket_arn} fits no key: S3 compares it with URL-encoded "
                f"keys. Write {quote_plus(value, safe='/')!r}.",
                file=sys.stderr,
                flush=True,
            )
        await self._moto.ask("s3_watch", bucket=bucket, watched=bool(configuration))
        return s3_errors.document("")

    # --- events ------------------------------------------------------------------------------------------------

    def _forget(self, notice: dict[str, Any]) -> None:
        self._configurations.pop(notice["bucket"], None)

    def _happened(self, notice: dict[str, Any]) -> None:
        event = ObjectEvent(**notice)
        configuration = self._configurations.get(event.bucket)
        if configuration is None:
            return
        rules = [rule for rule in configuration.rules if rule.matches(event.name, event.key)]
        if rules:
            self._push.start(self._send(event, rules))
        if configuration.event_bridge and (entry := s3_records.event_bridge_entry(event, ACCOUNT_ID)):
            bus = f"arn:aws:events:{event.region}:{ACCOUNT_ID}:event-bus/default"
            self._outbox.send([Message(bus, entry=entry)])

    async def _send(self, event: ObjectEvent, rules: list[Rule]) -> None:
        user_id = await self._access.user_id(event.access_key) or s3_records.LEARNER
        for rule in rules:
            text = json.dumps(s3_records.record(event, rule.id, user_id), separators=(",", ":"))
            if rule.kind == "CloudFunction":
                await self._push.invoke(rule.arn, text.encode(), Source(PRINCIPAL, event.bucket_arn), event.trace)
            elif problem := await self._permissions.problem_of(rule, event.bucket_arn):
                print(f"labsupport cloud: a notification of {event.bucket_arn} is lost: {problem}.", file=sys.stderr)
            else:
                self._outbox.send([Message(rule.arn, text, event.trace)])

    async def close(self) -> None:
        """Send nothing more."""
        await self._outbox.close()
