"""The shape of the configuration file: every key, its type and its default. `docs/configuration.md` explains them."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from marshmallow import ValidationError, fields

from app.config.windows import TIME_OF_DAY, Window
from app.domain.policy import AtOnce, Daily, ItemStatus, Phase
from app.toml_schema import Choice, Flag, Named, Seconds, StrictSchema, Text, Texts, Whole, is_, message

NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}"
"""Names of connections, stores and sites: they stand in URLs and in logs."""
_URL_EXPECTED = "a URL that begins with https:// (or http://), without query, fragment or password"
_MEANINGS = [phase.value for phase in Phase if phase is not Phase.UNKNOWN]
_ITEM_MEANINGS = [status.value for status in ItemStatus if status is not ItemStatus.UNKNOWN]


class Zone(fields.Field[ZoneInfo]):
    """An IANA time zone."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> ZoneInfo:
        try:
            return ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
            raise ValidationError(message(is_(value), 'Write an IANA time zone, as "Europe/Madrid".')) from None


def _env(*, required: bool = False) -> Text:
    # Whoever writes the secret itself here must not find it in a log.
    return Text(
        pattern=r"[A-Za-z_][A-Za-z0-9_]*",
        expected="the name of an environment variable that holds it",
        secret=True,
        required=required,
    )


def _url(**kwargs: Any) -> Text:
    # A password in it is no secret any more, so it is refused, and not repeated.
    return Text(pattern=r"https?://[^\s?#@]+", expected=_URL_EXPECTED, secret=True, **kwargs)


class ConnectionSchema(StrictSchema):
    """``[bluecherry.<name>]``"""

    base_url = _url(required=True)
    key_env = _env(required=True)
    code_env = _env(required=True)
    profile = Text(load_default="default")
    calls_at_a_time = Whole(least=1, most=256, load_default=16)
    calls_per_second = Whole(least=1, most=1000)
    timeout_seconds = Seconds(load_default=timedelta(seconds=10))


class PolicySchema(StrictSchema):
    """``[stores.<name>.policy]``"""

    freight = Choice(["never", "all_back"], load_default="never")
    fees = Choice(["beside", "on_memo"], load_default="beside")
    rejected_goods = Choice(["journal", "send_back"], load_default="journal")
    uneven_exchange = Choice(["full_value"], load_default="full_value")
    not_received_days = Whole(least=1, most=3650, load_default=30)
    closed_period = Choice(["next_open", "exception"], load_default="next_open")
    verdict_conflict = Choice(["both", "accepted"], load_default="both")


class PostingSchema(StrictSchema):
    """``[stores.<name>.posting]``"""

    return_authorisation = Window(load_default=AtOnce)
    inventory_journal = Window(load_default=AtOnce)
    exchange_order = Window(load_default=AtOnce)
    credit_memo = Window(load_default=lambda: Daily((time(20),)))


class GradeSchema(StrictSchema):
    """``[stores.<name>.grades.<grade>]``"""

    accepts = Flag()
    location = Text()
    lot = Text()
    reject_reason = Text(load_default="defect")


class PlaceSchema(StrictSchema):
    """``[sites.<name>.grades.<grade>]``"""

    location = Text(required=True)
    lot = Text()


class RulesSchema(StrictSchema):
    """What of ``[stores.<name>]`` decides which documents are due."""

    time_zone = Zone(required=True)
    default_site = Text()
    judge = Choice(["reveni", "warehouse"], load_default="reveni")
    warehouse_feed = Flag(load_default=True)
    policy = fields.Nested(PolicySchema, load_default=lambda: PolicySchema().load({}))
    posting = fields.Nested(PostingSchema, load_default=lambda: PostingSchema().load({}))
    reasons = Named(Text(), load_default=dict)
    statuses = Named(Choice(_MEANINGS), load_default=dict)
    item_statuses = Named(Choice(_ITEM_MEANINGS), load_default=dict)
    grades = Named(GradeSchema, load_default=dict)


class StoreSchema(RulesSchema):
    """``[stores.<name>]``"""

    reveni_base_url = _url(load_default="https://api.reveni.io")
    reveni_store_id = Text(required=True)
    reveni_key_env = _env(required=True)
    reveni_next_key_env = _env()
    reveni_profile = Text(load_default="default")
    bluecherry = Text(required=True)
    sites = Texts(required=True)
    return_list = Flag(load_default=True)
    shadow = Flag(load_default=False)
    signature_tolerance_seconds = Seconds(load_default=timedelta(days=8))


class PlacesSchema(StrictSchema):
    """What of ``[sites.<name>]`` decides where goods go."""

    reveni_location_ids = Texts(load_default=list)
    location = Text(required=True)
    lot = Text()
    division = Text()
    quarantine = Text(required=True)
    quarantine_lot = Text()
    grades = Named(PlaceSchema, load_default=dict)


class SiteSchema(PlacesSchema):
    """``[sites.<name>]``"""

    secret_env = _env()
    next_secret_env = _env()


class MappingSchema(RulesSchema):
    """A mapping that was kept: a store's rules with its sites."""

    sites = Named(PlacesSchema, required=True)


class RetrySchema(StrictSchema):
    """``[retry]``"""

    tries = Whole(least=1, most=100, load_default=8)
    first_delay_seconds = Seconds(load_default=timedelta(seconds=1))
    longest_delay_seconds = Seconds(load_default=timedelta(minutes=10))
    lease_seconds = Seconds(load_default=timedelta(seconds=30))


class SweepSchema(StrictSchema):
    """``[sweep]``"""

    every_seconds = Seconds(load_default=timedelta(seconds=5))
    stalled_after_seconds = Seconds(load_default=timedelta(seconds=30))
    poll_every_seconds = Seconds(load_default=timedelta(seconds=60))
    quiet_hours = Whole(least=1, most=2160, load_default=24)
    quiet_per_minute = Whole(least=0, most=6000, load_default=60)
    reconcile_every_seconds = Seconds(load_default=timedelta(minutes=15))
    reconcile_days = Whole(least=1, most=400, load_default=35)


class AlertChannelSchema(StrictSchema):
    """``[alerts.channels.<channel>]``"""

    kind = Choice(["mail", "slack", "teams", "webhook"], required=True)
    to = Texts(load_default=list)
    url_env = _env()
    secret_env = _env()


class TeamAlertsSchema(StrictSchema):
    """``[alerts.teams.<team>]``"""

    channels = Texts(load_default=list)
    time_zone = Zone()
    quiet_from = Text(pattern=TIME_OF_DAY, expected='a time of day, as "20:00"')
    quiet_until = Text(pattern=TIME_OF_DAY, expected='a time of day, as "08:00"')
    quiet_days = Texts(load_default=list)
    escalation = Named(
        Texts(), pattern=r"[0-9]{1,4}[mhd]", remedy='Write a duration, as "30m", "4h" or "2d".', load_default=dict
    )


class AlertsSchema(StrictSchema):
    """``[alerts]``"""

    console_url = _url()
    webhook_url_env = _env()
    webhook_secret_env = _env()
    smtp_url_env = _env()
    email_to = Texts(load_default=list)
    email_from = Text()
    private_hosts = Texts(load_default=list)
    channels = Named(AlertChannelSchema, pattern=NAME, load_default=dict)
    teams = Named(TeamAlertsSchema, load_default=dict)


class TargetsSchema(StrictSchema):
    """``[targets]``"""

    receipt_to_journal_seconds = Seconds(load_default=timedelta(minutes=5))
    receipt_to_credit_seconds = Seconds(load_default=timedelta(days=1))


class FileSchema(StrictSchema):
    """The whole file."""

    bluecherry = Named(ConnectionSchema, pattern=NAME, required=True)
    stores = Named(StoreSchema, pattern=NAME, required=True)
    sites = Named(SiteSchema, pattern=NAME, required=True)
    retry = fields.Nested(RetrySchema, load_default=lambda: RetrySchema().load({}))
    sweep = fields.Nested(SweepSchema, load_default=lambda: SweepSchema().load({}))
    alerts = fields.Nested(AlertsSchema, load_default=lambda: AlertsSchema().load({}))
    targets = fields.Nested(TargetsSchema, load_default=lambda: TargetsSchema().load({}))
