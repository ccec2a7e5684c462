"""The detector inside, against OpenCV and scikit-image."""
