"""The app and Chromium as the browser tests have them."""

from tests.browser.conftest import camera_file, chromium, launch

__all__ = ["camera_file", "chromium", "launch"]
