"""What the Live page sets of aiortc, with aiortc itself."""

import asyncio
from itertools import chain, count, repeat

import av
import numpy as np
import pytest
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.contrib.media import MediaRelay
from aiortc.mediastreams import VIDEO_TIME_BASE, MediaStreamError
from streamlit_webrtc.process import AsyncVideoProcessTrack

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
        frame.pts, frame.time_base = next(self._pts), VIDEO_TIME_BASE
        return frame


class DrawnBurst(Burst, AsyncVideoProcessTrack):
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


class Repeated(AsyncVideoProcessTrack):
    """One picture after the other, each given again under later times, as streamlit-webrtc does until the next."""

    kind = "video"

    def __init__(self, pictures: int, times: int) -> None:
        MediaStreamTrack.__init__(self)
        self._moments = count()
        self._given = chain.from_iterable(repeat(picture(number), times) for number in range(pictures))

    async def recv(self) -> av.VideoFrame:
        await asyncio.sleep(0.005)
        frame = next(self._given, None)
        if frame is None:
            raise MediaStreamError
        frame.pts, frame.time_base = next(self._moments) * 3000, VIDEO_TIME_BASE
        return frame


def picture(number: int) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.full((48, 64, 3), 20 * number, np.uint8), format="bgr24")


def test_a_picture_that_is_given_again_is_encoded_once() -> None:
    async def run() -> list[int]:
        relay, encoder, moments = MediaRelay(), Vp8Encoder(), []
        tune(relay)
        track = relay.subscribe(Repeated(5, 4))
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return moments
            await asyncio.sleep(0.008)  # The encoder's thread is busy, and meanwhile the picture's time goes on.
            payloads, moment = encoder.encode(frame)
            assert payloads
            moments.append(moment)

    moments = asyncio.run(run())
    assert len(moments) == 5 and moments == sorted(set(moments))


@pytest.mark.parametrize(
    ("size", "form"), [((48, 64), "yuv420p"), ((48, 64), "bgr24"), ((47, 63), "bgr24"), ((47, 63), "yuv420p")]
)
def test_what_is_encoded_is_nobody_else_s(size: tuple[int, int], form: str) -> None:
    class Drawn(AsyncVideoProcessTrack):
        kind = "video"

        def __init__(self) -> None:
            MediaStreamTrack.__init__(self)
            grey = av.VideoFrame.from_ndarray(np.full((*size, 3), 100, np.uint8), format="bgr24")
            self.frame = grey.reformat(format=form)
            self.frame.pts, self.frame.time_base = 3000, VIDEO_TIME_BASE

        async def recv(self) -> av.VideoFrame:
            await asyncio.sleep(0.01)
            return self.frame

    async def run() -> tuple[av.VideoFrame, av.VideoFrame]:
        relay, drawn = MediaRelay(), Drawn()
        tune(relay)
        return drawn.frame, await relay.subscribe(drawn).recv()

    given, encoded = asyncio.run(run())
    given.pts = 7
    assert (encoded.pts, encoded.time_base, encoded.format.name) == (3000, VIDEO_TIME_BASE, "yuv420p")
    assert (encoded.height, encoded.width) == size
    assert np.abs(encoded.to_ndarray(format="rgb24").astype(int) - 100).max() <= 6


class Backwards(MediaStreamTrack):
    """Frames whose time runs backwards, at which the encoder fails."""

    kind = "video"
    _moments = count(90_000, -3000)

    async def recv(self) -> av.VideoFrame:
        await asyncio.sleep(0.02)
        frame = picture(3)
        frame.pts, frame.time_base = next(self._moments), VIDEO_TIME_BASE
        return frame


def test_a_sender_that_fails_says_so_and_can_be_stopped(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        browser, server = (RTCPeerConnection(RTCConfiguration([])) for _ in range(2))
        browser.addTransceiver("video", "recvonly")
        server.addTrack(Backwards())
        await browser.setLocalDescription(await browser.createOffer())
        await server.setRemoteDescription(browser.localDescription)
        await server.setLocalDescription(await server.createAnswer())
        await browser.setRemoteDescription(server.localDescription)
        for _ in range(200):
            if "The video was not sent on" in caplog.text:
                break
            await asyncio.sleep(0.05)
        await asyncio.wait_for(asyncio.gather(server.close(), browser.close()), 10)

    tune(MediaRelay())
    asyncio.run(run())
    assert "The video was not sent on" in caplog.text


def test_who_stops_the_way_back_leaves_the_relay() -> None:
    async def run() -> tuple[str, str]:
        relay = MediaRelay()
        tune(relay)
        track = relay.subscribe(Repeated(5, 4))
        await track.recv()
        track.stop()
        with pytest.raises(MediaStreamError):
            await track.recv()
        return track.readyState, track._track.readyState

    assert asyncio.run(run()) == ("ended", "ended")


def test_not_more_is_sent_back_than_two_sessions_can_bear() -> None:
    tune(MediaRelay())
    for encoder in (Vp8Encoder(), H264Encoder()):
        encoder.target_bitrate = 5_000_000
        assert encoder.target_bitrate == 700_000


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
    assert "x-google-start-bitrate=1000;x-google-min-bitrate=500;x-google-max-bitrate=1000" in asyncio.run(answer())
