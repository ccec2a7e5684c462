"""Facial-emotion recognition to learn from and to use: data, Viola-Jones, CNN training and a live webcam pipeline."""

import os

__version__ = "0.1.0"

MEGAPIXELS_AT_MOST = 40
"""The largest picture that is decoded: a small file may claim to be gigabytes."""

# OpenCV reads its limit once, when it is loaded, and so before any module that imports it.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(MEGAPIXELS_AT_MOST * 10**6))
