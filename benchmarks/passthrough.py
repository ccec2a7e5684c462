"""The barest stream there is, to measure the Live page against: ``streamlit run benchmarks/passthrough.py``."""

from streamlit_webrtc import WebRtcMode, webrtc_streamer

webrtc_streamer(
    key="bare",
    mode=WebRtcMode.SENDRECV,
    rtc_configuration={"iceServers": []},
    media_stream_constraints={
        "video": {"width": {"ideal": 640}, "height": {"ideal": 480}, "frameRate": {"ideal": 30}},
        "audio": False,
    },
    video_frame_callback=lambda frame: frame,
    sendback_audio=False,
    translations={"start": "START", "stop": "STOP"},
)
