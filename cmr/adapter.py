"""What django-allauth asks of us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import SignupForm
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from consent import identifiers

if TYPE_CHECKING:
    from allauth.account.models import EmailAddress

    from cmr.models import User


def called(user: User) -> str:
    """How the account's own pages and mails name its owner."""
    return user.email


class Site(NamedTuple):
    """What the account's mails call us; otherwise it would be the host that a request came to."""

    name: str
    domain: str


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        site = Site("CMR", settings.PUBLIC_URL)
        super().send_mail(template_prefix, email, {"current_site": site} | context)

    def clean_email(self, email: str) -> str:
        """In the one spelling in which the ledger, too, knows it."""
        try:
            return identifiers.normalise_email(email)
        except identifiers.InvalidAddress as error:
            raise ValidationError(_("This is not an e-mail address.")) from error

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """Addresses are removed on our own page, with the contact point."""
        return False


class SignUpForm(SignupForm):  # type: ignore[misc]
    """An address and nothing else: see `ACCOUNT_FORMS`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password1"]


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keeps second factors encrypted at rest."""

    def encrypt(self, text: str) -> str:
        return Fernet(settings.WEBHOOK_FERNET_KEY).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return Fernet(settings.WEBHOOK_FERNET_KEY).decrypt(encrypted_text.encode()).decode()
