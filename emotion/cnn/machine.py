"""What this machine computes in."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_TENSORFLOW = {
    "TF_CPP_MIN_LOG_LEVEL": "2",  # Its notes about GPUs would hide the epochs.
    # Under Linux it leaves oneDNN off on processors without VNNI, AMX or bfloat16, where oneDNN's kernels train the
    # networks here 1.2 to 1.6 times as fast too.
    "TF_ENABLE_ONEDNN_OPTS": "1",
}
_ADAPTERS = ("sklearn", "pandas")
"""Keras imports these where they are installed, to adapt itself to them."""
_AMPERE = 8.0  # The first NVIDIA GPUs with bfloat16 have the compute capability 8.0.
_SECONDS = 20
_NVIDIA = shutil.which("nvidia-smi")


def has_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether this processor has bfloat16 arithmetic (AVX-512-BF16 or AMX); elsewhere it would be emulated, slowly."""
    flags = cpuinfo.read_text(encoding="utf-8").split() if cpuinfo.exists() else []
    return "avx512_bf16" in flags or "amx_bf16" in flags


def gpu_has_bfloat16(program: str | None = _NVIDIA) -> bool:
    """Whether every NVIDIA GPU has bfloat16 arithmetic, as ``nvidia-smi`` says; no where it can't be asked."""
    if program is None:
        return False
    query = [program, "--query-gpu=compute_cap", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, encoding="utf-8", errors="replace", timeout=_SECONDS)
        return min(map(float, answer.stdout.split())) >= _AMPERE
    except (ValueError, OSError, subprocess.TimeoutExpired):  # No GPU, or a driver too old for the question, or stuck.
        return False


def best_precision(gpu: bool) -> str:
    """The Keras dtype policy that trains fastest: bfloat16 where the ``gpu``, else the processor, computes in it."""
    return "mixed_bfloat16" if (gpu_has_bfloat16() if gpu else has_bfloat16()) else "float32"


def set_up_tensorflow() -> None:
    """Prepare this process's environment for the import of TensorFlow; what is set there already stays."""
    for name, value in _TENSORFLOW.items():
        os.environ.setdefault(name, value)


def import_keras() -> None:
    """Import Keras without its adapters for other libraries: they are not used here and take a third of the time."""
    hidden = [name for name in _ADAPTERS if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None there reads as “not installed”.
    try:
        import keras  # noqa: F401
    finally:
        for name in hidden:
            del sys.modules[name]
