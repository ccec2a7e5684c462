"""What happens to a picture of people: find the faces, follow them, ask the models, draw. Film, photo and camera alike.

``pipeline`` is the middle: ``detection``, ``tracking`` and ``annotate`` are its parts. ``stream`` joins it to the
webcam, ``video`` and ``still`` to files. ``taking`` hands frames to ``recorder``, ``log`` and ``history``.
"""
