"""How frames travel between the browser and the pipeline: what streamlit-webrtc and aiortc leave to be set."""

import logging
from typing import Any

from aiortc import MediaStreamTrack, RTCRtpSender
from aiortc.codecs import CODECS, h264, vpx
from aiortc.contrib.media import MediaRelay
from streamlit_webrtc.process import AsyncVideoProcessTrack

from emotion.live.recorder import own_copy

_log = logging.getLogger("emotion.live")

# In kbit/s. A busy server answers unevenly, which aiortc takes for a narrow line: of itself the browser then sends
# 320 × 240 pixels at a twentieth of this, and small faces are lost. Above it faces look no better, and each packet
# keeps the server's event loop busy.
_BITRATES = {"x-google-start-bitrate": 1000, "x-google-min-bitrate": 500, "x-google-max-bitrate": 1000}

_BACK_AT_MOST = 700_000  # Bits a second to the browser; aiortc's 1,500,000 cost two sessions a quarter of their frames.


def tune(relay: MediaRelay) -> None:
    """Set what the next stream takes; ``relay`` is streamlit-webrtc's. Call it before each stream, it is quick."""
    vpx.MAX_BITRATE = h264.MAX_BITRATE = h264.DEFAULT_BITRATE = _BACK_AT_MOST
    for codec in CODECS["video"]:
        if codec.mimeType == "video/VP8":
            codec.parameters |= _BITRATES

    def subscribe(track: MediaStreamTrack, buffered: bool = True) -> MediaStreamTrack:
        # Frames from the browser come in bursts, of which all but the last would be lost uncounted. They may queue,
        # because the processor takes all that wait and works on the newest.
        if not isinstance(track, AsyncVideoProcessTrack):
            return MediaRelay.subscribe(relay, track, buffered=True)
        # On the way to the browser the newest frame wins. Streamlit-webrtc queues without limit where encoding takes
        # longer than a frame lasts: on two busy cores the video was thirty seconds late after a minute.
        return _WithoutRepeats(MediaRelay.subscribe(relay, track, buffered=False))

    relay.subscribe = subscribe  # type: ignore[method-assign]
    # What aiortc 1.16 calls where an encoder fails, and does not have: its sender would end without a word, and whoever
    # stops it would wait for ever.
    RTCRtpSender._RTCRtpSender__log_warning = _say  # type: ignore[attr-defined]


def _say(sender: RTCRtpSender, what: str) -> None:
    _log.error("The video was not sent on: %s", what)


class _WithoutRepeats(MediaStreamTrack):
    """The frames of a track, each once and as a copy.

    Streamlit-webrtc gives a drawn frame again, under a later time, until the next is drawn. Encoding it again costs as
    much as a new one. And the encoder, on a thread of its own, counts a frame's time in other units: changed meanwhile,
    it runs backwards, at which the encoder fails and the video stands still for good.
    """

    kind = "video"

    def __init__(self, track: MediaStreamTrack) -> None:
        super().__init__()
        self._track = track
        self._last: Any = None

    async def recv(self) -> Any:
        frame: Any = await self._track.recv()
        while frame is self._last:
            frame = await self._track.recv()
        self._last = frame
        return own_copy(frame)

    def stop(self) -> None:
        super().stop()
        self._track.stop()
