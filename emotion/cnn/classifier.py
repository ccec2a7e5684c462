"""Fast inference: a bundle's TFLite network on batches of gray faces."""

import threading

import numpy as np

from emotion.cnn.bundle import Bundle, interpreter
from emotion.errors import UserError

_BATCH = 64


class Classifier:
    """The network of a bundle; of a head bundle, its base's network and the head.

    LiteRT interpreters are not thread-safe, so that every calling thread gets one of its own. Raises UserError if the
    bundle's network is missing or is not the one its card describes.
    """

    def __init__(self, bundle: Bundle, threads: int = 1) -> None:
        self.bundle = bundle
        # Read once: the bundle may be replaced or deleted on disk while other threads still begin to use it.
        self._network = bundle.network()
        self._head = bundle.head()
        self._threads = threads
        self._local = threading.local()
        self._runner()
        if self._head and len(self._head[0]) != self._widths["embedding"]:
            raise UserError("{path} does not fit its base. Fit the model again.", path=bundle.path)

    def predict(self, faces: np.ndarray) -> np.ndarray:
        """Probabilities float32 (N, K) of gray faces uint8 (N, H, W) in the size of ``card.input``; N may be 0."""
        if self._head is None:
            return self._run(faces, "probabilities")
        weights, bias = self._head
        return softmax(self.embed(faces) @ weights + bias)

    def embed(self, faces: np.ndarray) -> np.ndarray:
        """The penultimate layer, float32 (N, D), of gray faces uint8 (N, H, W)."""
        return self._run(faces, "embedding")

    def _run(self, faces: np.ndarray, output: str) -> np.ndarray:
        spec = self.bundle.card.input
        if faces.dtype != np.uint8 or faces.shape[1:] != (spec.height, spec.width):
            raise ValueError(
                f"faces: expected uint8 (N, {spec.height}, {spec.width}), found {faces.dtype} {faces.shape}"
            )
        runner, argument, width = self._runner(), self._argument, self._widths[output]
        batches = [faces[start : start + _BATCH] for start in range(0, len(faces), _BATCH)]
        parts = [runner(**{argument: batch[..., np.newaxis].astype(np.float32)})[output] for batch in batches]
        return np.concatenate(parts) if parts else np.empty((0, width), np.float32)

    def _runner(self):  # LiteRT's SignatureRunner is not public.
        if not hasattr(self._local, "runner"):
            self._local.runner = runner = interpreter(self._network, self._threads).get_signature_runner()
            self._argument = next(iter(runner.get_input_details()))
            self._widths = {name: out["shape_signature"][-1] for name, out in runner.get_output_details().items()}
        return self._local.runner


def softmax(sums: np.ndarray) -> np.ndarray:
    """Probabilities (N, K) from a network's last sums (N, K).

    >>> softmax(np.array([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """
    powers = np.exp(sums - sums.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
