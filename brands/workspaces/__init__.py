"""Workspaces of companies: creation, proof of the domain, and connected brands."""

from brands.workspaces.connected_brands import (
    find_connected_brands,
    find_ever_connected_brands,
    is_brand_connected,
)
from brands.workspaces.domain_proof import (
    DomainNotProven,
    DomainProofBusy,
    build_proof_url,
    build_txt_name,
    build_txt_value,
    prove_domain,
)
from brands.workspaces.lifecycle import (
    BadDomain,
    DomainTaken,
    adopt_live_brand,
    begin_workspace,
    close_brands,
    copy_notices,
    copy_topics,
    find_proven_domain,
    read_domain,
)

__all__ = [
    "BadDomain",
    "DomainNotProven",
    "DomainProofBusy",
    "DomainTaken",
    "adopt_live_brand",
    "begin_workspace",
    "build_proof_url",
    "build_txt_name",
    "build_txt_value",
    "close_brands",
    "copy_notices",
    "copy_topics",
    "find_connected_brands",
    "find_ever_connected_brands",
    "find_proven_domain",
    "is_brand_connected",
    "prove_domain",
    "read_domain",
]
