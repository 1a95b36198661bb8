"""Mails and text messages, sent at once or by an outbox that is committed with the change."""

from cmr.messages.mail import send_mail_now
from cmr.messages.outbox import (
    SEND_TASK,
    NewMessage,
    add_messages,
    delete_messages_to,
    measure_waiting_messages,
    send_next_message,
)
from cmr.messages.sms import is_sms_possible, send_sms_now
from cmr.messages.smtp import CannotReach, CannotSendNow, check_reachable

__all__ = [
    "SEND_TASK",
    "CannotReach",
    "CannotSendNow",
    "NewMessage",
    "add_messages",
    "check_reachable",
    "delete_messages_to",
    "is_sms_possible",
    "measure_waiting_messages",
    "send_mail_now",
    "send_next_message",
    "send_sms_now",
]
