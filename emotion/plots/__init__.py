"""Plotly figures: data in, figure out."""

# Plotly asks pandas about its data as soon as another thread has begun to load it, and fails where that is not through.
import pandas  # noqa: F401
