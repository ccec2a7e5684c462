"""Reads OpenCV's cascade files, and refuses what is none with a sentence."""

from xml.etree.ElementTree import Element, ParseError

import numpy as np
from defusedxml import DTDForbidden
from defusedxml.ElementTree import fromstring

from emotion.errors import UserError
from emotion.haar.integral import Rectangle
from emotion.haar.stages import CascadeFeature, Node, Stage, WeakClassifier, WeightedRectangle

# OpenCV lowers each threshold by this, for sums that rounding moved (cascadedetect.cpp, THRESHOLD_EPS).
_TOLERANCE = np.float32(1e-5)
_LARGEST_WINDOW = 1000
_LARGEST_NUMBER = 1e12

Contents = tuple[int, int, tuple[Stage, ...], tuple[CascadeFeature, ...]]


def parse_cascade(xml: bytes | str, name: str) -> Contents:
    """Width and height of the window, the stages and the features of a cascade file; ``name`` is for the messages.

    Thresholds and votes are rounded to float32, as OpenCV holds them. Raises UserError for a file that is no XML, that
    declares entities, that is no cascade, of the old format or of other features, or damaged.
    """
    cascade = _cascade_element(_root(xml, name), name)
    try:
        contents = _contents(cascade)
        _check(*contents)
    except (ValueError, IndexError, OverflowError):
        raise UserError("{name} is a damaged cascade. Get the file again from where it came from.", name=name) from None
    return contents


def _root(xml: bytes | str, name: str) -> Element:
    # An entity can name another file or grow without end; without a DOCTYPE there is none, and no cascade has one.
    try:
        return fromstring(xml, forbid_dtd=True)
    except DTDForbidden:
        raise UserError(
            "{name} declares a document type, which no cascade does. Choose another file.", name=name
        ) from None
    except (ParseError, ValueError, LookupError):  # The last two: an encoding that is not supported, or not known.
        raise UserError(
            "{name} is no complete XML file. Choose a cascade such as haarcascade_frontalface_default.xml.", name=name
        ) from None


def _cascade_element(root: Element, name: str) -> Element:
    cascade = next(iter(root), root)
    if cascade.get("type_id") == "opencv-haar-classifier":
        raise UserError(
            "{name} is a cascade in OpenCV's old format. Choose one of the newer format, which has features.",
            name=name,
        )
    kind = cascade.findtext("featureType", "").strip()
    if root.tag != "opencv_storage" or not kind:
        raise UserError("{name} is no cascade. Choose a file such as haarcascade_frontalface_default.xml.", name=name)
    if kind != "HAAR":
        raise UserError(
            "{name} is a cascade of {kind} features. Choose one of Haar features (HAAR).", name=name, kind=kind
        )
    return cascade


def _contents(cascade: Element) -> Contents:
    stages = tuple(_stage(element) for element in cascade.findall("stages/_"))
    features = tuple(_feature(element) for element in cascade.findall("features/_"))
    return int(cascade.findtext("width", "")), int(cascade.findtext("height", "")), stages, features


def _stage(element: Element) -> Stage:
    threshold = np.float32(_float32(_numbers(element, "stageThreshold")[0])) - _TOLERANCE
    return Stage(float(threshold), tuple(_weak(weak) for weak in element.findall("weakClassifiers/_")))


def _weak(element: Element) -> WeakClassifier:
    numbers = _numbers(element, "internalNodes")
    nodes = tuple(
        Node(int(feature), _float32(threshold), int(left), int(right))
        for left, right, feature, threshold in zip(*[iter(numbers)] * 4, strict=True)
    )
    return WeakClassifier(nodes, tuple(_float32(leaf) for leaf in _numbers(element, "leafValues")))


def _feature(element: Element) -> CascadeFeature:
    rectangles = []
    for line in element.findall("rects/_"):
        x, y, width, height, weight = map(float, (line.text or "").split())
        rectangles.append(WeightedRectangle(Rectangle(int(y), int(x), int(height), int(width)), _float32(weight)))
    return CascadeFeature(tuple(rectangles), element.findtext("tilted", "0").strip() == "1")


def _numbers(element: Element, tag: str) -> list[float]:
    return [float(word) for word in element.findtext(tag, "").split()]


def _float32(number: float) -> float:
    if not abs(number) < _LARGEST_NUMBER:
        raise ValueError
    return float(np.float32(number))


def _check(width: int, height: int, stages: tuple[Stage, ...], features: tuple[CascadeFeature, ...]) -> None:
    """Raise ValueError unless every number leads somewhere: OpenCV itself would read beside its arrays."""
    weak = [classifier for stage in stages for classifier in stage.weak]
    sound = (
        all(2 < side <= _LARGEST_WINDOW for side in (width, height))
        and all(stage.weak for stage in stages)
        and all(_leads_on(classifier, len(features)) for classifier in weak)
        and all(feature.rectangles and _lies_inside(feature, width, height) for feature in features)
    )
    if not (stages and sound):
        raise ValueError


def _leads_on(weak: WeakClassifier, features: int) -> bool:
    # A child after its parent, so that no path runs in a circle.
    return bool(weak.nodes) and all(
        0 <= node.feature < features
        and all(number < child < len(weak.nodes) or -len(weak.leaves) < child <= 0 for child in (node.left, node.right))
        for number, node in enumerate(weak.nodes)
    )


def _lies_inside(feature: CascadeFeature, width: int, height: int) -> bool:
    for (row, column, tall, wide), _weight in feature.rectangles:
        left, right = (column - tall, column + wide) if feature.tilted else (column, column + wide)
        bottom = row + tall + (wide if feature.tilted else 0)
        if min(row, left, tall, wide) < 0 or right > width or bottom > height:
            return False
    return True
