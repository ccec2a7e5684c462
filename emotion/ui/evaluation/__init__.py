"""The Evaluation page's views, each with ``show``."""
