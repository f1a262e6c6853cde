"""Ways by which an alert leaves the bridge: chat services, a signed webhook, e-mail."""

from app.ops.alerts.chat import Slack, Teams
from app.ops.alerts.mail import Mail
from app.ops.alerts.message import Alert, Channel, Message, NotDelivered, Why
from app.ops.alerts.webhook import Webhook

__all__ = ["Alert", "Channel", "Mail", "Message", "NotDelivered", "Slack", "Teams", "Webhook", "Why"]
