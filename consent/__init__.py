"""The record and the answer: subjects, relationships, the ledger, checks, metrics, reports.

Knows brands; never imports `cmr`.
"""
