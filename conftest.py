"""Loaded by pytest before any test."""

# isort: off
import emotion  # noqa: F401  # Before OpenCV, which reads its limits once: as in the app.

# TensorFlow brings symbols that make libsrtp crash the process if it is loaded after it. The app never has both in one
# process, the tests do: so WebRTC comes first.
import aiortc  # noqa: F401
