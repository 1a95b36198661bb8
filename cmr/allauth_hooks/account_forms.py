"""allauth's forms that take an address: each takes it in any spelling, and keeps our own one."""

from __future__ import annotations

from typing import Any

from allauth.account import fields, forms
from django.core.exceptions import ValidationError
from django.forms import CharField, Form, TextInput
from django.utils.translation import gettext as _

from cmr import messages
from consent import identity

#: Not `type=email`: with it browsers refuse addresses that are not ASCII before the @.
ATTRIBUTES = {"inputmode": "email", "autocomplete": "email", "autocapitalize": "none"}


class AddressField(fields.EmailField):  # type: ignore[misc]
    """An address, in the form in which it is kept.

    One that is *mailed* is refused where our mail server cannot send to it.
    """

    default_validators: list[Any] = []  # Django's know no address that is not ASCII before the @

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
    """Put an `AddressField` in place of the form's field of that name."""
    old = form.fields[name]
    form.fields[name] = AddressField(mailed=mailed, label=old.label, required=old.required)


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
