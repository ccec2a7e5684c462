"""Pipeline and stream, with real frames and connections."""
