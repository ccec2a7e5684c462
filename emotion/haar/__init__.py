"""Viola–Jones: the integral image, the face detector, and the crop every other part takes of a face."""
