"""In a real Chromium, with a real server."""
