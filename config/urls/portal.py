"""A person's pages."""

from django.urls import path, re_path

from cmr.portal import (
    addresses,
    choosing,
    confirming_by_code,
    directory,
    find_companies,
    first_day,
    forwarding,
    imap_mailbox,
    passed_on,
    past,
    permission_requests,
    proof,
    security,
    upload_mailbox,
    you,
)
from cmr.portal import brand as brand_page
from cmr.portal import company as company_page
from cmr.portal import data as own_data

urlpatterns = [
    path("brands", directory.brands, name="brands"),
    path("brands/<slug:slug>", brand_page.brand, name="brand"),
    path("brands/<slug:slug>/end", brand_page.end, name="end-relationship"),
    path("brands/<slug:slug>/contacted", brand_page.contacted, name="contacted"),
    path("welcome/", first_day.welcome, name="welcome"),
    path("welcome/you", first_day.you, name="welcome-you"),
    path("welcome/choices", first_day.for_all, name="welcome-choices"),
    path("welcome/companies", first_day.companies, name="welcome-companies"),
    path("welcome/passkey", first_day.passkey, name="welcome-passkey"),
    path("companies/passed-on", passed_on.passed_on, name="passed-on"),
    path("companies/find", find_companies.find_companies, name="find-companies"),
    path("companies/scan", find_companies.begin_scan, name="begin-scan"),
    path("companies/scan/<int:scan_id>/batch", find_companies.record_batch, name="scan-batch"),
    path("companies/scan/<int:scan_id>/end", find_companies.end_scan, name="end-scan"),
    path("companies/delete", find_companies.delete_mailbox, name="delete-mailbox"),
    # A domain has a dot, so that other pages under `companies/` need none.
    re_path(
        r"^companies/(?P<organisation>[^/]+\.[^/]+)/brand$",
        company_page.choose_brand,
        name="company-brand",
    ),
    re_path(
        r"^companies/(?P<organisation>[^/]+\.[^/]+)/delete$",
        company_page.delete_company,
        name="delete-company",
    ),
    re_path(r"^companies/(?P<organisation>[^/]+\.[^/]+)$", company_page.company, name="company"),
    path("companies/upload", upload_mailbox.upload_mailbox, name="upload-mailbox"),
    path("companies/imap", imap_mailbox.read_imap, name="read-imap"),
    path("companies/forward", forwarding.forwarding, name="forwarding"),
    path("choose", choosing.choose, name="choose"),
    path("undo", choosing.undo, name="undo"),
    path("explain", choosing.explain, name="explain"),
    path("add", directory.add, name="add"),
    path("asked", permission_requests.list_requests, name="asked"),
    path("asked/<uuid:request_id>", permission_requests.answer_request, name="answer"),
    path("history", past.changes, name="history"),
    path("history/<uuid:entry_id>", past.change, name="change"),
    path("history/<uuid:entry_id>/receipt", proof.receipt, name="receipt"),
    path("history/<uuid:entry_id>/receipt.jws", proof.download, name="receipt-download"),
    path("reported", past.reports, name="reports"),
    path("you", you.you, name="you"),
    path("you/addresses", addresses.addresses, name="addresses"),
    path("you/addresses/add", addresses.add_address, name="add-address"),
    path("you/addresses/prove/<int:pending_id>", addresses.prove_address, name="prove-address"),
    path("you/addresses/remove/<int:point_id>", addresses.remove_address, name="remove-address"),
    path(
        "you/addresses/restore/<int:removed_id>", addresses.restore_address, name="restore-address"
    ),
    path("you/confirm", confirming_by_code.confirm_by_code, name="confirm-by-code"),
    path("you/security", security.security, name="security"),
    path("you/security/end", security.sign_out_everywhere, name="sign-out-everywhere"),
    path("you/tokens", security.tokens, name="tokens"),
    path("you/tokens/<int:token_id>/revoke", security.revoke_token, name="revoke-token"),
    path("you/data", own_data.data, name="data"),
    path("you/data.json", own_data.download, {"form": "json"}, name="download-json"),
    path("you/data.zip", own_data.download, {"form": "zip"}, name="download-csv"),
    path("you/erase", own_data.erase, name="erase"),
]
