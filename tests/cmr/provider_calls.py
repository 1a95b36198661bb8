"""What mail providers post when somebody unsubscribes or complains, as their documents have it.

Each is signed as the provider signs, where it does, with a key of its own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from brands.webhooks.signing import Signer, generate_secret

#: When the person did it.
AT = datetime(2026, 1, 20, 9, 30, tzinfo=UTC)
SECONDS = int(AT.timestamp())
SENDGRID = ec.generate_private_key(ec.SECP256R1())
RESEND = generate_secret()
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Call:
    """One POST of a provider's."""

    body: bytes
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


def sendgrid_key() -> str:
    """The public half, as SendGrid shows it: base64 of DER."""
    der = SENDGRID.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(der).decode()


#: What a brand would give us; providers that are not here sign nothing.
KEYS = {
    "mailersend": "ms-signing-secret",
    "mailgun": "mg-signing-key",
    "mailgun_route": "mg-signing-key",
    "mailtrap": "mt-signature-key",
    "mandrill": "md-webhook-key",
    "resend": RESEND,
    "sendgrid": sendgrid_key(),
    "sendgrid_parse": sendgrid_key(),
    "twilio": "tw-auth-token",
    "vonage": "vg-signature-secret",
}


def _json(said: Any, **headers: str) -> Call:
    return Call(json.dumps(said).encode(), headers=headers)


def _hex(key: str, signed: bytes) -> str:
    return hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()


def mailgun(event: str, email: str, name: str, tag: str) -> Call:
    data = {
        "event": event,
        "timestamp": SECONDS + 0.0,
        "id": "W3X4JOhFT-OZidZGKKr9iA",
        "log-level": "info",
        "recipient": email,
        "tags": [tag],
        "campaigns": [],
        "user-variables": {"user": "7"},
        "client-info": {"client-type": "browser", "user-agent": "Mozilla/5.0"},
        "message": {"headers": {"message-id": "20260120.18666.16540@acme.example"}},
    }
    return _json({"signature": mailgun_signature(name), "event-data": data})


def mailgun_signature(name: str, sent_at: datetime | None = None) -> dict[str, str]:
    token = hashlib.sha256(name.encode()).hexdigest()[:50]
    timestamp = str(int((sent_at or datetime.now(UTC)).timestamp()))
    signature = _hex(KEYS["mailgun"], f"{timestamp}{token}".encode())
    return {"timestamp": timestamp, "token": token, "signature": signature}


def sendgrid(event: str, email: str, name: str, tag: str) -> Call:
    said = {
        "email": email,
        "timestamp": SECONDS,
        "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
        "event": event,
        "category": [tag],
        "sg_event_id": name,
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
    }
    body = json.dumps([said]).encode()
    return Call(body, headers=sendgrid_signature(body))


def sendgrid_signature(body: bytes) -> dict[str, str]:
    timestamp = str(SECONDS)
    signature = SENDGRID.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    }


def postmark(event: str, email: str, name: str, tag: str) -> Call:
    same = {"RecordType": event, "MessageStream": "broadcast", "Tag": tag, "MessageID": name}
    if event == "SubscriptionChange":
        changed = {"ChangedAt": AT.isoformat(), "Recipient": email, "Origin": "Recipient"}
        suppressed = {"SuppressSending": True, "SuppressionReason": "ManualSuppression"}
        return _json({**same, **changed, **suppressed, "ServerID": 123456, "Metadata": {}})
    bounced = {"BouncedAt": AT.isoformat(), "Email": email, "From": "news@acme.example"}
    return _json({**same, **bounced, "ID": 42, "Type": event, "TypeCode": 100001, "Details": ""})


def amazon_ses(event: str, email: str, name: str, tag: str) -> Call:
    said: dict[str, Any] = {
        "eventType": event,
        "mail": {
            "timestamp": AT.isoformat(),
            "source": "news@acme.example",
            "messageId": "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000",
            "destination": [email],
            "headers": [{"name": "X-Tag", "value": tag}],
        },
    }
    if event == "Complaint":
        said["complaint"] = {
            "complainedRecipients": [{"emailAddress": email}],
            "timestamp": AT.isoformat(),
            "feedbackId": "0100017c8a4f62bd",
            "complaintFeedbackType": "abuse",
        }
    if event == "Subscription":
        wants = {"unsubscribeAll": True, "topicSubscriptionStatus": []}
        said["subscription"] = {
            "contactList": "news",
            "timestamp": AT.isoformat(),
            "source": "UnsubscribeHeader",
            "newTopicPreferences": wants,
            "oldTopicPreferences": {**wants, "unsubscribeAll": False},
        }
    return sns("Notification", name, Message=json.dumps(said))


class Amazon:
    """A key that signs, and its certificate, which a test serves."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        #: Where the certificate is.
        self.url = ""

    def certificate(self, *, until: datetime | None = None) -> bytes:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder(name, name, self.key.public_key(), 7)
            .not_valid_before(now - timedelta(days=9))
            .not_valid_after(until or now + timedelta(days=9))
            .sign(self.key, hashes.SHA256())
        )
        return made.public_bytes(serialization.Encoding.PEM)

    def sign(self, said: dict[str, str], version: str) -> str:
        """Sign as the documentation of SNS says: names and values of some fields, a line each."""
        names = "Message MessageId Subject SubscribeURL Timestamp Token TopicArn Type".split()
        signed = "".join(f"{name}\n{said[name]}\n" for name in names if name in said)
        hashed = hashes.SHA1() if version == "1" else hashes.SHA256()
        return base64.b64encode(self.key.sign(signed.encode(), padding.PKCS1v15(), hashed)).decode()


AMAZON = Amazon()


def sns(kind: str, name: str, *, version: str = "2", **more: str) -> Call:
    """A message of Amazon's notification service."""
    said = {
        "Type": kind,
        "MessageId": name,
        "TopicArn": "arn:aws:sns:eu-central-1:123456789012:ses",
        "Timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        **more,
    }
    signed = {"SignatureVersion": version, "Signature": AMAZON.sign(said, version)}
    headers = {"x-amz-sns-message-type": kind, "x-amz-sns-message-id": name}
    body = json.dumps({**said, **signed, "SigningCertURL": AMAZON.url}).encode()
    return Call(body, "text/plain; charset=UTF-8", headers)


def mailjet(event: str, email: str, name: str, tag: str) -> Call:
    return _json(
        [
            {
                "event": event,
                "time": SECONDS,
                "MessageID": int(hashlib.sha256(name.encode()).hexdigest()[:12], 16),
                "Message_GUID": "1ab23cd4-e567-8901-2345-6789f0gh1i2j",
                "email": email,
                "mj_campaign_id": 7276,
                "mj_contact_id": 126,
                "customcampaign": tag,
                "CustomID": "helloworld",
                "Payload": "",
                "mj_list_id": 1,
                "geo": "FR",
            }
        ]
    )


def brevo(event: str, email: str, name: str, tag: str) -> Call:
    return _json(
        {
            "id": 26224,
            "event": event,
            "email": email,
            "subject": "Spring is here",
            "date": "2026-01-20 10:30:00",
            "ts": SECONDS,
            "ts_event": SECONDS,
            "ts_epoch": SECONDS * 1000,
            "message-id": f"<{name}@smtp-relay.mailin.fr>",
            "tags": [tag],
        }
    )


def sparkpost(event: str, email: str, name: str, tag: str) -> Call:
    kind = "message_event" if event == "spam_complaint" else "unsubscribe_event"
    said = {
        "type": event,
        "campaign_id": tag,
        "customer_id": "1",
        "event_id": name,
        "raw_rcpt_to": email,
        "rcpt_to": email,
        "rcpt_meta": {},
        "timestamp": str(SECONDS),
        "transmission_id": "65832150921904138",
    }
    return _json([{"msys": {kind: said}}])


def resend(event: str, email: str, name: str, tag: str) -> Call:
    said = {
        "type": event,
        "created_at": AT.isoformat(),
        "data": {
            "created_at": AT.isoformat(),
            "email_id": "56761188-7520-42d8-8898-ff6fc54ce618",
            "from": "Acme <news@acme.example>",
            "to": [email],
            "subject": "Spring is here",
            "headers": [{"name": "X-Tags", "value": json.dumps([tag])}],
        },
    }
    body = json.dumps(said).encode()
    return Call(body, headers=svix(name, datetime.now(UTC), body))


def svix(name: str, sent_at: datetime, body: bytes) -> dict[str, str]:
    made = Signer([RESEND]).build_headers(webhook_id=name, sent_at=sent_at, body=body)
    return {
        "svix-id": name,
        "svix-timestamp": made["webhook-timestamp"],
        "svix-signature": "v1,AAAA " + made["webhook-signature"],
    }


def mailersend(event: str, email: str, name: str, tag: str) -> Call:
    message = {"object": "message", "id": "62fb66bef54a112e920b5493"}
    recipient = {"object": "recipient", "id": "62c69be104270ee9c6074d32", "email": email}
    said = {
        "type": f"activity.{event}",
        "domain_id": "yv69oxl5kl785kw2",
        "created_at": AT.isoformat(),
        "webhook_id": "2351ndgwr4zqx8ko",
        "data": {
            "object": "activity",
            "id": name,
            "type": event,
            "created_at": AT.isoformat(),
            "email": {
                "object": "email",
                "id": "62f114f8165fe0d8db0288e3",
                "from": "news@acme.example",
                "tags": [tag],
                "message": message,
                "recipient": recipient,
            },
            "morph": {"object": "recipient_unsubscribe", "reason": "option_3"},
        },
    }
    body = json.dumps(said).encode()
    return Call(body, headers={"Signature": _hex(KEYS["mailersend"], body)})


def mandrill(event: str, email: str, name: str, tag: str, url: str = "") -> Call:
    said = {
        "event": event,
        "ts": SECONDS,
        "_id": name,
        "msg": {
            "ts": SECONDS,
            "subject": "Spring is here",
            "email": email,
            "sender": "news@acme.example",
            "tags": [tag],
            "metadata": {"user_id": 111},
            "_id": name,
        },
    }
    events = json.dumps([said])
    signed = f"{url}mandrill_events{events}".encode()
    signature = hmac.new(KEYS["mandrill"].encode(), signed, hashlib.sha1).digest()
    return Call(
        urlencode({"mandrill_events": events}).encode(),
        "application/x-www-form-urlencoded",
        {"X-Mandrill-Signature": base64.b64encode(signature).decode()},
    )


def mailtrap(event: str, email: str, name: str, tag: str) -> Call:
    said = {
        "event": event,
        "sending_stream": "bulk",
        "category": tag,
        "custom_variables": {},
        "message_id": "36bb9f50-1a9e-11ef-0000-f1a3c0b4d0b5",
        "email": email,
        "event_id": name,
        "timestamp": SECONDS,
    }
    body = json.dumps({"events": [said]}).encode()
    return Call(body, headers={"Mailtrap-Signature": _hex(KEYS["mailtrap"], body)})


def twilio(url: str, said: dict[str, str]) -> Call:
    signed = url + "".join(f"{name}{said[name]}" for name in sorted(said))
    signature = hmac.new(KEYS["twilio"].encode(), signed.encode(), hashlib.sha1).digest()
    headers = {"X-Twilio-Signature": base64.b64encode(signature).decode()}
    return Call(urlencode(said).encode(), FORM, headers)


def vonage(said: dict[str, str], method: str = "sha256") -> Call:
    """As the SMS API signs a form."""
    parts = [f"&{name}={said[name].translate(UNDERSCORES)}" for name in sorted(said)]
    signed = hmac.new(KEYS["vonage"].encode(), "".join(parts).encode(), method).hexdigest()
    return Call(urlencode({**said, "sig": signed.upper()}).encode(), FORM)


UNDERSCORES = str.maketrans("&=", "__")


def vonage_message(said: dict[str, Any], *, alg: str = "HS256", about: bytes | None = None) -> Call:
    """As the Messages API signs JSON: by a JWT that names the digest of the body."""
    body = json.dumps(said).encode()
    claims = {
        "iat": int(datetime.now(UTC).timestamp()),
        "jti": "c5ba8f24-1a14-4c10-bfdf-3fbe8ce511b5",
        "iss": "Vonage",
        "payload_hash": hashlib.sha256(body if about is None else about).hexdigest(),
        "api_key": "a1b2c3d4",
    }
    parts = [_part(json.dumps(each).encode()) for each in ({"typ": "JWT", "alg": alg}, claims)]
    signature = hmac.new(KEYS["vonage"].encode(), ".".join(parts).encode(), hashlib.sha256)
    token = ".".join([*parts, _part(signature.digest())])
    return Call(body, headers={"Authorization": f"Bearer {token}"})


def _part(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def multipart(said: dict[str, bytes], **files: bytes) -> Call:
    """A form with its fields as they are, and with files."""
    parts = [
        f'--b0und\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value
        for name, value in said.items()
    ]
    parts += [
        f'--b0und\r\nContent-Disposition: form-data; name="{name}"; filename="{name}.png"\r\n'
        "Content-Type: image/png\r\n\r\n".encode()
        + value
        for name, value in files.items()
    ]
    body = b"\r\n".join([*parts, b"--b0und--\r\n"])
    return Call(body, "multipart/form-data; boundary=b0und")


#: By provider: what it posts, and its names for an unsubscribe, a complaint, and neither.
PROVIDERS: dict[str, tuple[Callable[..., Call], str, str, str]] = {
    "amazon_ses": (amazon_ses, "Subscription", "Complaint", "Send"),
    "brevo": (brevo, "unsubscribe", "spam", "hard_bounce"),
    "mailersend": (mailersend, "unsubscribed", "spam_complaint", "hard_bounced"),
    "mailgun": (mailgun, "unsubscribed", "complained", "failed"),
    "mailjet": (mailjet, "unsub", "spam", "bounce"),
    "mailtrap": (mailtrap, "unsubscribe", "spam", "bounce"),
    "mandrill": (mandrill, "unsub", "spam", "hard_bounce"),
    "postmark": (postmark, "SubscriptionChange", "SpamComplaint", "HardBounce"),
    "resend": (resend, "", "email.complained", "email.bounced"),
    "sendgrid": (sendgrid, "unsubscribe", "spamreport", "bounce"),
    "sparkpost": (sparkpost, "link_unsubscribe", "spam_complaint", "bounce"),
}
