"""What all figures have in common."""

import plotly.graph_objects as go

BLUE, ORANGE, GRAY = "#2F8FD8", "#D55E00", "#8A8A8A"  # Seen well on white and on near-black.


NAMES = {"type": "category"}
"""An axis of names: left to itself Plotly takes those of ages such as 00-02 for dates, and 1, 2, 10 for numbers."""


def finish(figure: go.Figure, height: int) -> go.Figure:
    """Give a figure its height in pixels, tight margins, and no ground of its own, for dark and light pages alike."""
    return figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 36, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "y": -0.2, "x": 0.5, "xanchor": "center"},
    )
