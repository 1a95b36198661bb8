"""Reading a mailbox from the person's mail server, with an app password that is never stored."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST

from cmr import mailbox, rate_limits
from cmr.mailbox import (
    BadCertificate,
    BrokenMailServer,
    ImapProblem,
    MailCollector,
    MailServerAccess,
    NoConnection,
    NoSuchHost,
    ReadPosition,
    WrongPassword,
)
from cmr.models import Consumer, ScanSource
from cmr.portal.long_requests import one_at_a_time
from cmr.portal.upload_mailbox import describe_result

PROBLEMS = {
    NoSuchHost: gettext_lazy("No mail server has this name. Look it up at your mail provider."),
    NoConnection: gettext_lazy(
        "This server does not answer at port 993, the one of IMAP with TLS. Look its name up at "
        "your mail provider."
    ),
    BadCertificate: gettext_lazy(
        "The certificate of this server is not valid, so we sent it no password. Check its name."
    ),
    WrongPassword: gettext_lazy(
        "The server refused the user name or the password. Most providers want an app password "
        "here, which you create in their settings."
    ),
    BrokenMailServer: gettext_lazy(
        "The server stopped in between. What was read until then counts. Try again later."
    ),
}


class MailServerForm(forms.Form):
    """The mail server, and how far it was read before."""

    host = forms.CharField(max_length=253)
    user = forms.CharField(max_length=320)
    password = forms.CharField(max_length=500, strip=False)
    folder = forms.CharField(max_length=1_000, required=False, strip=False)
    validity = forms.IntegerField(min_value=0, max_value=2**32, required=False)
    uid = forms.IntegerField(min_value=0, max_value=2**32, required=False)

    def clean(self) -> None:
        """Refuse line breaks, which would end a command of IMAP."""
        values = [self.cleaned_data.get(name) or "" for name in ("user", "password", "folder")]
        if not all(each.isprintable() for each in values):
            raise forms.ValidationError("not printable")

    def build_access(self) -> MailServerAccess:
        """Return the server with user name and password."""
        data = self.cleaned_data
        return MailServerAccess(data["host"].lower(), data["user"], data["password"])

    def build_position(self) -> ReadPosition:
        """Return where to go on."""
        data = self.cleaned_data
        return ReadPosition(data["folder"], data["validity"] or 0, data["uid"] or 0)


@sensitive_post_parameters("password")
@require_POST
@one_at_a_time
def read_imap(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """Read the headers of the mailbox. If there are more than fit into a minute, offer to go on."""
    form = MailServerForm(request.POST)
    if not form.is_valid():
        problem = _("Enter the name of the mail server, your user name and an app password.")
        return _render_form(request, problem)
    attempt = rate_limits.count_attempt("mailbox sign-in", request=request, account=consumer.pk)
    try:
        return _read_mailbox(request, consumer, form, attempt)
    except ImapProblem as error:
        return _render_form(request, str(PROBLEMS[type(error)]))


@sensitive_variables("form")
def _read_mailbox(
    request: HttpRequest,
    consumer: Consumer,
    form: MailServerForm,
    attempt: rate_limits.CountedAttempt,
) -> HttpResponse:
    """Read the mailbox.

    Raises:
        ImapProblem
    """
    now = timezone.now()
    scan = mailbox.begin_scan(consumer, ScanSource.IMAP, now=now)
    # Only the wanted headers are read, so there is nothing to verify a signature with.
    collector = MailCollector(scan, now=now, are_blocks_whole=False)
    try:
        progress = mailbox.read_mail_server(
            form.build_access(), collector.add_block, position=form.build_position()
        )
    finally:
        result = collector.finish()
        if result.mails:
            messages.success(request, describe_result(result))
        else:
            scan.delete()
    attempt.give_back()
    if progress.position is None:
        if not result.mails:
            messages.info(request, _("This mailbox has no mails."))
        return redirect("find-companies")
    problem = _("There are more mails. Enter the password again to go on where we stopped.")
    return _render_form(request, problem, position=progress.position, status=200)


def _render_form(
    request: HttpRequest, problem: str, *, position: ReadPosition | None = None, status: int = 422
) -> HttpResponse:
    """Return a page with the form, filled in but for the password."""
    typed: dict[str, Any] = {name: request.POST.get(name, "")[:320] for name in ("host", "user")}
    context = {"imap_problem": problem, "imap_typed": typed, "imap_position": position}
    return render(request, "cmr/imap.html", context, status=status)
