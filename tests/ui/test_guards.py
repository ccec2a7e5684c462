"""Options that people choose among: a browser answers by their text, so no two may be alike."""

from pathlib import Path
from types import SimpleNamespace

from emotion.ui.guards import bundle_names, distinct


def test_names_that_are_alike_are_told_apart() -> None:
    assert distinct({1: "faces", 2: "own", 3: "faces"}) == {1: "faces (1)", 2: "own", 3: "faces (3)"}


def test_bundles_of_one_name_in_two_folders_of_one_name() -> None:
    card = SimpleNamespace(accuracy=None, synthetic=False, measured={})
    paths = [Path("/home/kim/data/models/emotion"), Path("/opt/lab/models/emotion")]
    names = bundle_names([SimpleNamespace(path=path, card=card) for path in paths])  # type: ignore[misc]
    assert list(names) == [str(path) for path in paths] and len(set(names.values())) == 2
