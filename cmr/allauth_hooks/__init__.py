"""What django-allauth calls: adapters, forms and signals."""

# The receivers in these two listen once they are imported.
from cmr.allauth_hooks import signals, verification
from cmr.allauth_hooks.account_forms import AddressFormField
from cmr.allauth_hooks.adapter import reencrypt_factors

__all__ = ["AddressFormField", "reencrypt_factors", "signals", "verification"]
