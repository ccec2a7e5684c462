"""Facial-emotion recognition to learn from and to use: data, Viola-Jones, CNN training and a live webcam pipeline."""

__version__ = "0.1.0"
