"""Tokens of DRF in the header that the load client sends."""

from __future__ import annotations

from rest_framework.authentication import TokenAuthentication


class BearerAuthentication(TokenAuthentication):
    """Authenticate by `Authorization: Bearer …`; DRF's own word is `Token`."""

    keyword = "Bearer"
