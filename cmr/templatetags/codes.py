"""How long a code that was mailed is good."""

from __future__ import annotations

from allauth.account import app_settings
from django import template
from django.template import Context

register = template.Library()

#: By the page that asks for the code; in seconds.
GOOD_FOR = {
    "account_email_verification_sent": app_settings.EMAIL_VERIFICATION_BY_CODE_TIMEOUT,
    "account_confirm_login_code": app_settings.LOGIN_BY_CODE_TIMEOUT,
    "account_confirm_password_reset_code": app_settings.PASSWORD_RESET_BY_CODE_TIMEOUT,
}


@register.simple_tag(takes_context=True)
def minutes_of_code(context: Context) -> int:
    return int(GOOD_FOR[context["request"].resolver_match.url_name] // 60)
