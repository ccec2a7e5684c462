"""Model bundles: a folder with a network, its weights, its TFLite form, and a card that says what it is."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from emotion.cnn.card import CARD, HEAD, NETWORK, TFLITE, WEIGHTS, Card
from emotion.cnn.keras2 import LAYERS
from emotion.dataset.folder import clean_path
from emotion.errors import UserError
from emotion.homes import models_folders

_PARTS = frozenset({"Sequential", "Model", "Functional", "DTypePolicy", "__keras_tensor__"})
"""What stands in a model.json beside layers and their initialisers."""
# The Live page's choice when the reader has not chosen: the best that ships, then the deck's.
DEFAULTS = ("emotion", "emotion-deck")


@dataclass(frozen=True)
class Bundle:
    """A bundle on disk. Only ``read`` hands out its files, and never one whose hash is not the card's."""

    path: Path
    card: Card

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the card, which holds those of all files: another one where classes or a file are others."""
        return hashlib.sha256(json.dumps(self.card.to_json(), sort_keys=True).encode()).hexdigest()

    @property
    def network_digest(self) -> str:
        """SHA-256 of the TFLite network that is run, a head's base's: what the embedding depends on."""
        return str(self.card.base["sha256"] if self.card.base else self.card.files[TFLITE])

    def hash_of(self, name: str) -> str:
        """The SHA-256 that the card states for a file; UserError where the bundle has no such file."""
        if name not in self.card.files:
            raise UserError(
                "{name} is a head on the model {base} and has no {file}. Take {base}, or train a model of its own.",
                name=self.card.name,
                base=self.card.base.get("name", "–"),
                file=name,
            )
        return self.card.files[name]

    def network(self) -> bytes:
        """The TFLite network that is run: the bundle's own, or its base's. Raises UserError where it is gone."""
        if not self.card.base:
            return self.read(TFLITE)
        for bundle in scan_bundles()[0]:
            if bundle.card.files.get(TFLITE) == self.card.base["sha256"]:
                return bundle.read(TFLITE)
        raise UserError(
            "{name} reads the embedding of the model {base}, which is gone or was trained anew. Fit {name} again.",
            name=self.card.name,
            base=self.card.base["name"],
        )

    def head(self) -> tuple[np.ndarray, np.ndarray] | None:
        """A head bundle's weights float32 (D, K) and bias float32 (K,), None for a bundle with a network of its own.

        Raises UserError where the file is damaged.
        """
        if not self.card.base:
            return None
        try:
            with np.load(io.BytesIO(self.read(HEAD)), allow_pickle=False) as arrays:
                weights, bias = np.asarray(arrays["weights"], np.float32), np.asarray(arrays["bias"], np.float32)
        except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
            path = self.path / HEAD
            raise UserError("{path} is damaged ({reason}). Fit the model again.", path=path, reason=error) from None
        if weights.ndim != 2 or bias.shape != (len(self.card.classes),) or weights.shape[1:] != bias.shape:
            raise UserError("{path} does not fit its card. Fit the model again.", path=self.path / HEAD)
        return weights, bias

    def read(self, name: str) -> bytes:
        """The bytes of one of the bundle's files; UserError if it is missing or is not the one the card describes."""
        stated = self.hash_of(name)
        try:
            data = (self.path / name).read_bytes()
        except OSError:
            raise UserError("{path} is missing. Copy the whole bundle folder again.", path=self.path / name) from None
        if hashlib.sha256(data).hexdigest() != stated:
            raise UserError(
                "{path} is not the file its card describes (another SHA-256). Copy the whole bundle folder again.",
                path=self.path / name,
            )
        return data


def load_bundle(path: str | Path) -> Bundle:
    """Open a bundle and verify all of it.

    Raises UserError for a missing or damaged card or file, for a network with a layer that would run code, and where
    the number of classes is not the number of outputs.
    """
    bundle = read_card(path)
    if bundle.card.base:
        bundle.head()
        bundle.network()
        return bundle
    _refuse_code(bundle)
    bundle.read(WEIGHTS)
    _compare_with_network(bundle)
    return bundle


def read_card(path: str | Path) -> Bundle:
    """Open a bundle by its card alone, quickly; UserError for a card that is missing, damaged or incomplete."""
    card = Path(path) / CARD
    try:
        values = json.loads(card.read_text(encoding="utf-8"))
        return Bundle(Path(path).resolve(), Card.from_json(values))
    except OSError:
        raise UserError("{path} holds no {card}. Choose a model bundle's folder.", path=path, card=CARD) from None
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise UserError(
            "{path} is damaged ({reason}). Copy the bundle again or train a new one.", path=card, reason=error
        ) from None


def scan_bundles() -> tuple[list[Bundle], list[UserError]]:
    """All bundles by their cards, the user's newest first, then the ones that ship; and what is wrong with the rest."""
    bundles: list[Bundle] = []
    problems: list[UserError] = []
    for path in _bundle_folders():
        try:
            bundles.append(read_card(path))
        except UserError as error:
            problems.append(error)
    return bundles, problems


def find_bundle(name_or_path: str | None) -> Bundle:
    """The verified bundle of that name in the models folders, or at that path; without one, the best that ships.

    Raises UserError where there is none, and where it is damaged.
    """
    if name_or_path is None:
        best = default_bundle(scan_bundles()[0])
        name_or_path = str(best.path) if best else DEFAULTS[-1]
    folders = [path for path in _bundle_folders() if path.name == name_or_path]
    path = clean_path(name_or_path)
    if not folders and not (path / CARD).exists():
        raise UserError(
            "There is no model “{name}”. Expected one of {found}, or the path of a bundle folder.",
            name=name_or_path,
            found=", ".join(path.name for path in _bundle_folders()) or "–",
        )
    return load_bundle(folders[0] if folders else path)


def default_bundle(bundles: list[Bundle]) -> Bundle | None:
    """The bundle a person meets first: the best that ships, never one trained on drawn faces."""
    real = {bundle.path.name: bundle for bundle in bundles if not bundle.card.synthetic}
    return next((real[name] for name in DEFAULTS if name in real), None)


def interpreter(network: bytes, threads: int = 1) -> Interpreter:
    """A LiteRT interpreter of a TFLite file's bytes: from memory, because a path with Hangul fails under Windows."""
    return Interpreter(model_content=network, num_threads=threads)


def _compare_with_network(bundle: Bundle) -> None:
    """Refuse a card whose classes or input size are not those of the network."""
    try:
        runner = interpreter(bundle.read(TFLITE)).get_signature_runner()
        outputs = runner.get_output_details()["probabilities"]["shape_signature"][-1]
        _, height, width, channels = next(iter(runner.get_input_details().values()))["shape_signature"]
    except (ValueError, RuntimeError, LookupError, TypeError, StopIteration) as error:
        path = bundle.path / TFLITE
        raise UserError("{path} is no network that can be run ({reason}).", path=path, reason=error) from None
    spec = bundle.card.input
    if outputs != len(bundle.card.classes) or (height, width, channels) != (spec.height, spec.width, spec.channels):
        raise UserError(
            "{path}: the card names {classes} classes and {size} pixels, but the network has {outputs} outputs and "
            "takes {taken} pixels. Make the bundle again.",
            path=bundle.path,
            classes=len(bundle.card.classes),
            outputs=outputs,
            size=f"{spec.height}×{spec.width}",
            taken=f"{height}×{width}",
        )


def _bundle_folders() -> Iterator[Path]:
    for folder in models_folders():
        inside = folder.iterdir() if folder.is_dir() else ()
        # A name with a dot is a bundle in the making.
        found = [path for path in inside if path.name[0] != "." and (path / CARD).exists()]
        yield from sorted(found, key=lambda path: (path / CARD).stat().st_mtime, reverse=True)


def _refuse_code(bundle: Bundle) -> None:
    """Refuse a network with anything but Keras' own layers: a Lambda or a custom object would run code on loading."""
    try:
        network = json.loads(bundle.read(NETWORK))
        nodes = list(_nodes(network))
    except (ValueError, RecursionError) as error:
        raise UserError("{path} is damaged ({reason}).", path=bundle.path / NETWORK, reason=error) from None
    for node in nodes:
        if not _is_harmless(node):
            raise UserError(
                "{path} has the layer “{layer}”, which is none of those that are taken: one of another kind could run "
                "code of its own.",
                path=bundle.path / NETWORK,
                layer=node.get("class_name"),
            )


def _is_harmless(node: dict[str, Any]) -> bool:
    """Whether a node of model.json names a known layer of Keras, or a plain part of one.

    A list of what is known, not of what is dangerous: of Keras' public layers some read files (``StringLookup``), some
    unpickle (``TorchModuleWrapper``), and each version may bring others.
    """
    name, module = str(node.get("class_name")), str(node.get("module") or "keras")
    known = module in {"keras", "keras.layers"} and name in LAYERS | _PARTS
    part = re.fullmatch(r"keras\.(initializers|regularizers|constraints)", module) and name[:1] != "_"
    functional = (module, name) == ("keras.src.models.functional", "Functional")
    return bool(known or part or functional) and node.get("registered_name") in {None, name}


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "class_name" in value:
            yield value
        for part in value.values():
            yield from _nodes(part)
    elif isinstance(value, list):
        for part in value:
            yield from _nodes(part)
