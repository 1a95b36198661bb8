"""Accounts, their addresses, and access to them."""

from cmr.accounts.access import (
    add_address,
    create_token,
    end_all_access,
    recover_account,
    remove_address,
    restore_address,
)
from cmr.accounts.contact_points import (
    CODE_LIFETIME,
    CannotSendSms,
    CodeTooSoon,
    WrongCode,
    begin_proof,
    prove_contact,
)
from cmr.accounts.first_day import FIRST_DAY, begin_first_day, go_past_step
from cmr.accounts.notices import AccountChange, build_notifications, notify_owner
from cmr.accounts.ownership import (
    AddressTaken,
    LastAddress,
    NotHeld,
    claim_subject,
    delete_expired_removals,
    delete_unproved_accounts,
    is_address_held,
    is_own_address,
    open_account,
)
from cmr.accounts.recovery_links import BadRecoveryLink, Recovery, read_recovery_link

__all__ = [
    "CODE_LIFETIME",
    "FIRST_DAY",
    "AccountChange",
    "AddressTaken",
    "BadRecoveryLink",
    "CannotSendSms",
    "CodeTooSoon",
    "LastAddress",
    "NotHeld",
    "Recovery",
    "WrongCode",
    "add_address",
    "begin_first_day",
    "begin_proof",
    "build_notifications",
    "claim_subject",
    "create_token",
    "delete_expired_removals",
    "delete_unproved_accounts",
    "end_all_access",
    "go_past_step",
    "is_address_held",
    "is_own_address",
    "notify_owner",
    "open_account",
    "prove_contact",
    "read_recovery_link",
    "recover_account",
    "remove_address",
    "restore_address",
]
