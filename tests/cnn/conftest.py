"""What the tests of networks share."""

import pytest

from emotion.cnn.architectures import build
from emotion.cnn.bundle import Bundle
from emotion.cnn.formats import SCALINGS
from emotion.cnn.model_files import import_model_files


@pytest.fixture(scope="session")
def small_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle of the smallest network with weights as drawn, to be read only: where any network will do."""
    folder = tmp_path_factory.mktemp("small")
    model = build("tiny_cnn", 2, 16)
    (folder / "model.json").write_text(model.to_json(), encoding="utf-8")
    model.save(folder / "weights.h5")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOTION_HOME", str(folder))
        return import_model_files(folder / "model.json", folder / "weights.h5", ("a", "b"), SCALINGS[1], "small")
