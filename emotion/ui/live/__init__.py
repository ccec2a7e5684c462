"""The Live page: the camera and what stands around it, photos and video files, one's own model, a game."""
