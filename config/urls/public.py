"""Pages that need no account, and signing in."""

from allauth.account import views as account
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from cmr.api import (
    forwarded_mail,
    inlets,
)
from cmr.portal import data as own_data
from cmr.portal import (
    home,
    proof,
    public,
    recovering,
)
from cmr.portal.answer_times import answer_at_full_step

urlpatterns = [
    path("", home.home, name="home"),
    path("u/<str:token>", public.unsubscribe, name="unsubscribe"),
    path("u/<str:token>/", public.unsubscribe),  # the form that some mail programs write
    path("p/<str:token>", public.preferences, name="preferences"),
    path("p/<str:token>/", public.preferences),
    path("inbound/mail/<slug:provider>/<str:secret>", inlets.receive, name="inlet"),
    path("inbound/sms/<slug:provider>/<str:secret>", inlets.receive, name="sms-inlet"),
    path(
        "inbound/mailbox/<slug:provider>/<str:secret>",
        forwarded_mail.receive_forwarded,
        name="forwarded-mail",
    ),
    path("link", answer_at_full_step(public.ask_for_link), name="link"),
    path("recover/<str:token>", recovering.recover, name="recover"),
    path("erased", own_data.erased, name="erased"),
    path("language", set_language, name="language"),
    path("account/login/", answer_at_full_step(account.login), name="account_login"),
    path(
        "account/login/code/",
        answer_at_full_step(account.request_login_code),
        name="account_request_login_code",
    ),
    path("account/signup/", answer_at_full_step(account.signup), name="account_signup"),
    path(
        "account/password/reset/",
        answer_at_full_step(account.password_reset),
        name="account_reset_password",
    ),
    path(
        "account/confirm-email/",
        answer_at_full_step(account.email_verification_sent),
        name="account_email_verification_sent",
    ),
    path("account/email/", RedirectView.as_view(pattern_name="addresses"), name="account_email"),
    path("account/", include("allauth.account.urls")),
    path("account/factors/", include("allauth.mfa.urls")),
    path("account/sessions/", include("allauth.usersessions.urls")),
    path("receipts/verify", proof.verify, name="verify-receipt"),
]
