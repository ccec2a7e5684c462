"""How frames travel between the browser and the pipeline: what streamlit-webrtc and aiortc leave to be set."""

from aiortc import MediaStreamTrack
from aiortc.codecs import CODECS
from aiortc.contrib.media import MediaRelay
from streamlit_webrtc.process import AsyncMediaProcessTrack

# In kbit/s. A busy server answers unevenly, which aiortc takes for a narrow line: of itself the browser then sends
# 320 × 240 pixels at a twentieth of this, and small faces are lost.
_BITRATES = {"x-google-start-bitrate": 1000, "x-google-min-bitrate": 500}


def tune(relay: MediaRelay) -> None:
    """Set what the next stream takes; ``relay`` is streamlit-webrtc's. Call it before each stream, it is quick."""
    for codec in CODECS["video"]:
        if codec.mimeType == "video/VP8":
            codec.parameters |= _BITRATES

    def subscribe(track: MediaStreamTrack, buffered: bool = True) -> MediaStreamTrack:
        # On the way to the browser the newest frame wins. Streamlit-webrtc queues without limit where encoding takes
        # longer than a frame lasts: on two busy cores the video was thirty seconds late after a minute.
        # Frames from the browser come in bursts, of which all but the last would be lost uncounted. They may queue,
        # because the processor takes all that wait and works on the newest.
        return MediaRelay.subscribe(relay, track, buffered=not isinstance(track, AsyncMediaProcessTrack))

    relay.subscribe = subscribe  # type: ignore[method-assign]
