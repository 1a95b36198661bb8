"""Users who sign in by e-mail address: consumers, workspace members and administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from consent import identity

if TYPE_CHECKING:
    EmailField = models.EmailField[str, str]  # generic for type checkers only
else:
    EmailField = models.EmailField


def sign_in_name(text: str) -> str:
    """Return the address in the one spelling that accounts are stored under."""
    try:
        return identity.normalise_email(text)
    except identity.InvalidAddress:
        return text.strip().lower()


def _check_address(text: str) -> None:
    try:
        identity.normalise_email(text)
    except identity.InvalidAddress as error:
        raise ValidationError(_("This is not an e-mail address.")) from error


class AddressField(EmailField):
    """A model field for every address we can store. Django's refuses non-ASCII before the @."""

    default_validators = [_check_address]

    def deconstruct(self) -> Any:
        """Return the parts of a plain `EmailField`, because the database column is the same."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.EmailField", args, kwargs


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:
        """Create a user, with the address in its one spelling.

        Raises:
            identity.InvalidAddress
        """
        user = self.model(email=identity.normalise_email(email), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:
        """Create an administrator with a verified address, as anybody who can run this is trusted.

        Otherwise the first sign-in would need a mailed code, possibly before mail is set up.
        """
        from allauth.account.models import EmailAddress

        with transaction.atomic(using=self._db):
            user = self.create_user(email, password, is_staff=True, is_superuser=True, **extra)
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=sign_in_name(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """A sign-in: of a consumer, a member of a workspace or an administrator."""

    email = AddressField(max_length=320, unique=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)
    #: Part of the session hash: a new number ends all sessions.
    session_version = models.PositiveIntegerField(default=0)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            # Uniqueness must not depend on the spelling.
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="user_email_is_lower_case"
            ),
        ]

    def __str__(self) -> str:
        return f"user {self.pk}"

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Return the hash that Django compares with the session's; a difference ends the session.

        Overrides the one function by which Django hashes, with the current and with old secrets.
        """
        value = f"{self.password} {self.session_version}"
        return salted_hmac("cmr.session", value, secret=secret, algorithm="sha256").hexdigest()
