"""The brand's inlets: opening, signing keys, closing, and counts of what they received."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cmr import inbound
from cmr.console.access import WorkspaceAccess, for_members
from cmr.console.forms import CountryForm, InletForm, SigningKeyForm
from cmr.console.keys import sure_in_live_mode
from cmr.inbound import SIGNATURES
from cmr.models import Inlet, InletOutcome
from core.problem_details import write_sentence

#: Outcomes in words for people. Those that a brand should check say what to check.
OUTCOMES = {
    InletOutcome.TAKEN: "choices taken",
    InletOutcome.UNKNOWN_ADDRESS: "choices of addresses that you have not registered",
    InletOutcome.NO_CHOICE: "other events or messages",
    InletOutcome.BAD_ADDRESS: "choices without a valid address: nothing is recorded",
    InletOutcome.UNREADABLE: "not understood: is it the right provider?",
    InletOutcome.NOT_SIGNED: "refused for their signature: is it the right signing key?",
}


@require_safe
@for_members
def inlets(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    mine = inbound.list_inlets(access.brand).order_by("created_at").prefetch_related("counts")
    context = {
        "access": access,
        "page": "inlets",
        "inlets": [_build_context(each) for each in mine],
    }
    return render(request, "console/inlets.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sure_in_live_mode  # whoever has the URL can refuse for the brand's people
@for_members
def open_inlet(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    """Open another inlet. Its URL is shown once."""
    form = InletForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            inlet, url = inbound.open_inlet(access.brand, **form.cleaned_data)
        except inbound.BadKey as error:
            form.add_error("signing_key", write_sentence(error))
        except inbound.ProviderHasNoNumbers as error:
            form.add_error("country", write_sentence(error))
        except inbound.TooManyInlets as error:
            form.add_error(None, write_sentence(error))
        else:
            context = {
                "access": access,
                "page": "inlets",
                "inlet": _build_context(inlet),
                "url": url,
            }
            return render(request, "console/inlet_url.html", context)
    return _form(request, access, form, "Open an inlet")


@require_http_methods(["GET", "HEAD", "POST"])
@sure_in_live_mode
@for_members
def set_key(request: HttpRequest, access: WorkspaceAccess, inlet_id: uuid.UUID) -> HttpResponse:
    """Set another signing key, or none."""
    inlet = _find(access, inlet_id)
    form = SigningKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            inbound.set_signing_key(inlet, form.cleaned_data["signing_key"])
        except inbound.BadKey as error:
            form.add_error("signing_key", write_sentence(error))
        else:
            messages.success(request, "The signing key is changed.")
            return _back(access)
    return _form(request, access, form, f"The signing key of {_name(inlet)}")


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def set_country(request: HttpRequest, access: WorkspaceAccess, inlet_id: uuid.UUID) -> HttpResponse:
    """Set the country of numbers without `+`, or that they have their country code."""
    inlet = _find(access, inlet_id)
    if not inbound.has_numbers(inlet.provider):
        raise Http404
    form = CountryForm(request.POST or None, initial={"country": inlet.country})
    if request.method == "POST" and form.is_valid():
        inbound.set_country(inlet, form.cleaned_data["country"])
        messages.success(request, "The country is changed.")
        return _back(access)
    return _form(request, access, form, f"The numbers of {_name(inlet)}")


@require_POST
@for_members
def close(request: HttpRequest, access: WorkspaceAccess, inlet_id: uuid.UUID) -> HttpResponse:
    inbound.close_inlet(access.brand, _find(access, inlet_id).pk, now=timezone.now())
    messages.success(request, "The inlet is closed: what comes to its address is refused.")
    return _back(access)


def _build_context(inlet: Inlet) -> dict[str, object]:
    """Return the template's values of an inlet."""
    counts = [(each, OUTCOMES[InletOutcome(each.outcome)]) for each in inbound.list_counts(inlet)]
    return {
        "inlet": inlet,
        "name": _name(inlet),
        "has_numbers": inbound.has_numbers(inlet.provider),
        "verifies": inbound.verifies_signatures(inlet),
        "takes_key": inlet.provider in SIGNATURES,
        "counts": counts,
    }


def _name(inlet: Inlet) -> str:
    return inbound.PROVIDERS[inlet.provider].name


def _find(access: WorkspaceAccess, inlet_id: uuid.UUID) -> Inlet:
    inlet = inbound.list_inlets(access.brand).filter(pk=inlet_id).first()
    if inlet is None:
        raise Http404
    return inlet


def _form(request: HttpRequest, access: WorkspaceAccess, form: Form, heading: str) -> HttpResponse:
    context = {"access": access, "page": "inlets", "form": form, "heading": heading}
    status = 422 if form.errors else 200
    return render(request, "console/inlet_form.html", context, status=status)


def _back(access: WorkspaceAccess) -> HttpResponse:
    return redirect("console-inlets", workspace=access.workspace.slug, mode=access.mode)
