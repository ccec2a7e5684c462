"""Measured comparisons: each with a peer, in the same run, as ratios."""
