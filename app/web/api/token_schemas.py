"""What is told about tokens of the API."""

from __future__ import annotations

from marshmallow import Schema, fields


class TokenAnswer(Schema):
    """A token without its secret. `last_used_at` is true to the minute."""

    name = fields.String()
    role = fields.String()
    teams = fields.List(fields.String())
    created_at = fields.AwareDateTime()
    created_by = fields.String()
    last_used_at = fields.AwareDateTime(allow_none=True)
    expires_at = fields.AwareDateTime(allow_none=True)
    revoked_at = fields.AwareDateTime(allow_none=True)
    revoked_by = fields.String(allow_none=True)


class TokensAnswer(Schema):
    """All tokens that there ever were."""

    tokens = fields.List(fields.Nested(TokenAnswer))
