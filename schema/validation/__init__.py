"""Limits of documents as validation rules, one rule per module."""
