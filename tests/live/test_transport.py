"""What the Live page sets of aiortc, with aiortc itself."""

import asyncio
from itertools import count

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection
from aiortc.contrib.media import MediaRelay
from streamlit_webrtc.process import AsyncMediaProcessTrack

from emotion.live.transport import tune


class Burst(MediaStreamTrack):
    """Frames that all come at once, and then no more."""

    kind = "video"

    def __init__(self, frames: int) -> None:
        MediaStreamTrack.__init__(self)
        self._left, self._pts = frames, count()

    async def recv(self) -> av.VideoFrame:
        if not self._left:
            await asyncio.sleep(3600)
        self._left -= 1
        frame = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="bgr24")
        frame.pts = next(self._pts)
        return frame


class DrawnBurst(Burst, AsyncMediaProcessTrack):
    """The same as they come from the processor."""


async def received(track: MediaStreamTrack) -> list[int]:
    """The numbers of the frames that come within a moment of one another."""
    frames = []
    while True:
        try:
            frames.append((await asyncio.wait_for(track.recv(), 0.3)).pts)
        except TimeoutError:
            return frames


def test_no_frame_of_a_burst_from_the_browser_is_lost() -> None:
    async def run() -> list[int]:
        relay = MediaRelay()
        tune(relay)
        return await received(relay.subscribe(Burst(5)))

    assert asyncio.run(run()) == [0, 1, 2, 3, 4]


def test_on_the_way_back_the_newest_frame_wins() -> None:
    async def run() -> list[int]:
        relay = MediaRelay()
        tune(relay)
        return await received(relay.subscribe(DrawnBurst(5)))

    assert asyncio.run(run()) == [4]


def test_the_browser_is_told_how_much_to_send() -> None:
    async def answer() -> str:
        browser, server = (RTCPeerConnection(RTCConfiguration([])) for _ in range(2))
        browser.addTransceiver("video")
        await server.setRemoteDescription(await browser.createOffer())
        text = (await server.createAnswer()).sdp
        await browser.close()
        await server.close()
        return text

    tune(MediaRelay())
    assert "x-google-start-bitrate=1000;x-google-min-bitrate=500" in asyncio.run(answer())
