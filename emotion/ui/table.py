"""Tables: what a reader takes out of one goes into a spreadsheet, so that no cell may be a formula."""

from typing import Any

import pandas as pd
import streamlit as st

from emotion.names import cell


def data_table(rows: Any, **settings: Any) -> Any:
    """``st.dataframe`` of columns by name, or of a list of rows; texts that look like a formula get an apostrophe."""
    table = pd.DataFrame(rows).rename(columns=_safe).map(_safe)
    return st.dataframe(table, **{"placeholder": "–", **settings})


def _safe(value: Any) -> Any:
    return cell(value) if isinstance(value, str) else value
