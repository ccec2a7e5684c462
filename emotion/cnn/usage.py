"""How a program of one's own uses an exported network: code for each format, and the README of a zip. No Keras here."""

from collections.abc import Iterable

from emotion.cnn.card import Card
from emotion.cnn.formats import FORMATS, NETWORK_OF_H5
from emotion.i18n import LANGUAGES, N_, catalogue

_BEGIN = """\
import cv2
import numpy as np
{imports}
CLASSES = {classes}
face = cv2.imread("face.png", cv2.IMREAD_GRAYSCALE)  # A face and little else, as Haar detection cuts it out.
face = cv2.resize(face, ({width}, {height}), interpolation=cv2.INTER_AREA)  # For one that is larger.
batch = face.astype(np.float32)[np.newaxis, :, :, np.newaxis]  # 0 to 255: the network scales it by itself.

"""
_END = """
for name, share in zip(CLASSES, answers):
    print(f"{name}: {share:.1%}")
"""
_TFLITE = """\
run = Interpreter("{file}").get_signature_runner()
(argument,) = run.get_input_details()
answers = run(**{{argument: batch}})["probabilities"][0]  # By name: the other output is the "embedding".
"""
_CODE = {
    "keras": ("import keras\n", 'answers = keras.models.load_model("{file}").predict(batch)[0]\n'),
    "h5": (
        "import keras\n",
        'with open("{network}", encoding="utf-8") as file:\n    model = keras.models.model_from_json(file.read())\n'
        'model.load_weights("{file}")\nanswers = model.predict(batch)[0]\n',
    ),
    "tflite": ("from ai_edge_litert.interpreter import Interpreter\n", _TFLITE),
    "tflite-dynamic": ("from ai_edge_litert.interpreter import Interpreter\n", _TFLITE),
    "onnx": (
        "import onnxruntime\n",
        'session = onnxruntime.InferenceSession("{file}")\n'
        "answers = session.run(None, {{session.get_inputs()[0].name: batch}})[0][0]\n",
    ),
}
"""What each format imports, and how it answers."""
_README = (
    N_(
        "“{name}” takes a gray face of {width} × {height} pixels, 0 to 255, and gives {count} probabilities. Do not "
        "divide by 255: the network does all it needs by itself."
    ),
    N_(
        "card.json, model.json, model.weights.h5 and model.tflite are the model as Emotion Lab keeps it; “Import” "
        "takes this zip in. The files below are for other programs: proofs.json says how far their answers lie from "
        "its own."
    ),
    N_("Terms of use: {terms}"),
)


def code(card: Card, format: str) -> str:
    """A Python program that reads the face in ``face.png`` with the file of one of ``FORMATS``."""
    imports, answers = _CODE[format]
    start = _BEGIN.format(imports=imports, classes=list(card.classes), width=card.input.width, height=card.input.height)
    return start + answers.format(file=FORMATS[format].file, network=NETWORK_OF_H5) + _END


def readme(card: Card, formats: Iterable[str]) -> str:
    """The README of an exported zip, in Markdown and every language: what the files are, and code for each format."""
    parts = [f"# {card.name}"]
    values = {
        "name": card.name, "width": card.input.width, "height": card.input.height, "count": len(card.classes),
        "terms": card.terms,
    }  # fmt: skip
    for language in LANGUAGES:
        parts += [catalogue(language).get(text, text).format(**values) for text in _README]
    for format in formats:
        parts += [f"## {FORMATS[format].file}", f"```python\n{code(card, format)}```"]
    return "\n\n".join(parts) + "\n"
