"""Airtable, spoken to through pyairtable: a table, and what it says when it refuses."""

from kingtui.services.airtable.errors import UNKNOWN_COLUMN, WRONG_VALUE, Barred, Rejected, Unreachable
from kingtui.services.airtable.table import BATCH, TYPES, AirtableTable, Place

__all__ = [
    "BATCH",
    "TYPES",
    "UNKNOWN_COLUMN",
    "WRONG_VALUE",
    "AirtableTable",
    "Barred",
    "Place",
    "Rejected",
    "Unreachable",
]
