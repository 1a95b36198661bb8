"""allauth's forms with an address field. Each accepts any spelling and returns the stored one."""

from __future__ import annotations

from typing import Any

from allauth.account import fields, forms
from django.core.exceptions import ValidationError
from django.forms import CharField, Form, TextInput
from django.utils.translation import gettext as _

from cmr import messages
from consent import identity

#: Not `type=email`: browsers would refuse addresses with non-ASCII characters before the @.
ATTRIBUTES = {"inputmode": "email", "autocomplete": "email", "autocapitalize": "none"}


class AddressFormField(fields.EmailField):  # type: ignore[misc]
    """A field for an e-mail address, which it returns in the stored spelling.

    If *mailed*, it refuses addresses that our mail server cannot send to.
    """

    default_validators: list[Any] = []  # Django's refuse non-ASCII before the @

    def __init__(self, *, mailed: bool = True, **kwargs: Any) -> None:
        self.mailed = mailed
        super().__init__(**{"widget": TextInput(attrs=ATTRIBUTES)} | kwargs)

    def clean(self, value: Any) -> str:
        text: str = CharField.clean(self, value)
        if not text:
            return text
        try:
            address = identity.normalise_email(text)
            if self.mailed:
                messages.check_reachable(address)
        except identity.InvalidAddress as error:
            raise ValidationError(_("This is not an e-mail address.")) from error
        except messages.CannotReach as error:
            raise ValidationError(_("Our mail server cannot send to this address.")) from error
        return address


def take_any_spelling(form: Form, name: str, *, mailed: bool = True) -> None:
    """Replace the field of that name with an `AddressFormField`."""
    old = form.fields[name]
    form.fields[name] = AddressFormField(mailed=mailed, label=old.label, required=old.required)


class LoginForm(forms.LoginForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        take_any_spelling(self, "login", mailed=False)


class RequestLoginCodeForm(forms.RequestLoginCodeForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        take_any_spelling(self, "email")


class ResetPasswordForm(forms.ResetPasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        take_any_spelling(self, "email")


class AddEmailForm(forms.AddEmailForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        take_any_spelling(self, "email")


class ChangeEmailForm(forms.ChangeEmailForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        take_any_spelling(self, "email")
