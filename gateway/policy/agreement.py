"""The compiled agreement as ``svc_consent`` explains it: written by the build, never at run time.

It goes into ``svc_consent/explanations/agreement.json`` together with the golden access table, and
carries the policy's version, so that an explanation is never of another agreement than the one in
force.
"""

from typing import Any

import orjson

from gateway.policy.access_table import AccessTable
from infra.vocabulary import Category

_FREE = (Category.STRUCTURE, Category.CATALOGUE)


def agreement_json(table: AccessTable) -> bytes:
    """Return the agreement: cells, purposes, labels, and what a column is refused besides."""
    matrix, labels = table.matrix, table.labels
    governed = {
        coordinate: sorted((label.category.value, label.form.value) for label in required)
        for coordinate, required in labels.fields.items()
        if any(label.category not in _FREE for label in required)
    }
    document: dict[str, Any] = {
        "version": table.version,
        "cells": {
            column: {
                category.value: [cell.kind.value, cell.grounds, cell.form and cell.form.value]
                for category, cell in cells.items()
            }
            for column, cells in matrix.columns.items()
        },
        "purposes": {
            column: sorted(purpose.value for purpose in matrix.purposes_of(column))
            for column in matrix.columns
        },
        "labels": {".".join(coordinate): named for coordinate, named in governed.items()},
        "refused": {
            column: sorted(
                ".".join(coordinate)
                for coordinate in table.view(column, has_person_purpose=True).refused
                if coordinate in governed
            )
            for column in matrix.columns
        },
    }
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2) + b"\n"
