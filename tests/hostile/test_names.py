"""Names from anywhere stay one name in the folder they are meant for, on every system."""

import ntpath
from collections.abc import Callable
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from emotion.cli import main
from emotion.cnn.config import TrainConfig
from emotion.cnn.importing import free_bundle_folder
from emotion.dataset.collect import Collection, folder_name
from emotion.dataset.importers import free_name
from emotion.dataset.importers.kaggle import fetch_kaggle
from emotion.dataset.importers.tree import fit_name, plan_tree
from emotion.errors import UserError
from emotion.files import plain_name
from emotion.homes import REPOSITORY, datasets_folder, user_models_folder
from emotion.ui.evaluation import imports
from tests.conftest import write_faces
from tests.dataset.importers.sources import tree_files, zip_bytes
from tests.hostile.conftest import Files, zipped

AWAY = (
    "../../evil",
    "..\\..\\evil",
    "/tmp/evil",
    "C:\\evil",
    "\\\\host\\share",
    "..",
    ".",
    "a/../../evil",
    "evil\0.png",
)
RESERVED = {"con", "prn", "aux", "nul", "com1", "lpt1", "conin$", "com¹"}
HOSTILE = st.text(alphabet=st.characters() | st.sampled_from('./\\:*?"<>|\0 \n\t~$%'), max_size=80) | st.sampled_from(
    AWAY
)
CASES = settings(
    max_examples=1000, derandomize=True, database=None, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip


def insist_on_one_name(name: str) -> None:
    """``name`` is one step down from its folder, under Linux, macOS and Windows."""
    assert name and "\0" not in name and "/" not in name and "\\" not in name
    assert name not in {".", ".."} and name[0] != "." and name[-1] not in ". "
    assert len(name.encode("utf-8", "surrogatepass")) <= 255
    assert PurePosixPath("top", name).parent == PurePosixPath("top")
    assert PureWindowsPath("C:/top", name).parent == PureWindowsPath("C:/top")
    assert ntpath.splitdrive(name)[0] == "" and name.split(".")[0].strip().lower() not in RESERVED


@CASES
@given(HOSTILE)
@example("CON")
@example("con .txt")
@example("COM¹.h5")
def test_a_thousand_names_become_one_plain_name(text: str) -> None:
    if plain_name(text):
        insist_on_one_name(plain_name(text))
    insist_on_one_name(free_name(Path("nowhere"), text))
    insist_on_one_name(fit_name(text, ".png"))
    final = free_bundle_folder(text)
    insist_on_one_name(final.name)
    assert final.parent == user_models_folder()
    try:
        insist_on_one_name(folder_name(text))
        assert Collection(text).root.parent == datasets_folder()
    except UserError:
        assert not plain_name(text).strip()
    try:
        insist_on_one_name(TrainConfig("data", text).name)
    except UserError:
        assert plain_name(text) != text or not text


@CASES
@given(st.lists(st.lists(HOSTILE, min_size=1, max_size=4).map(lambda parts: "/".join([*parts, "x.png"])), max_size=6))
def test_a_thousand_lists_of_files_are_laid_out_in_their_folder(names: list[str]) -> None:
    try:
        tree = plan_tree(names, "a.zip")
    except UserError:
        return
    for _, folder, name in tree.files:
        for part in (*folder.split("/"), name):
            insist_on_one_name(part)
    assert len({(folder.casefold(), name.casefold()) for _, folder, name in tree.files}) == len(tree.files)


def everything_below(folder: Path, but: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*") if not path.is_relative_to(but)}


@pytest.mark.parametrize("name", AWAY)
def test_no_option_of_the_command_line_leads_out_of_the_data_folder(
    files: Files, tmp_path: Path, home: Path, name: str
) -> None:
    if "\0" in name:  # No command line can hold one.
        return
    data = write_faces(tmp_path / "faces", {"train": {"a": 2, "b": 2}, "validation": {"a": 1, "b": 1}})
    (tmp_path / "a.zip").write_bytes(zip_bytes(tree_files(1)))
    model = zipped(tmp_path / "model.zip", files)
    before = everything_below(tmp_path, home)
    for code, *arguments in (  # What only puts things down makes the name plain; what goes by a name refuses it.
        (0, "dataset", "import", tmp_path / "a.zip", "--name", name),
        (0, "dataset", "doctor", data, "--clean", name),
        (2, "train", "--data", data, "--name", name, "--epochs", "1"),
        (0, "import-model", model, "--name", name),
        (2, "dataset", "fetch", name),
        (2, "dataset", "fetch", f"a/{name}"),
    ):
        done = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert done.exit_code == code, done.output
    assert [path.name for path in (home / "models").iterdir()] == [plain_name(name) or "model"]
    assert everything_below(tmp_path, home) == before
    assert not Path("/tmp/evil").exists()
    assert {path.name for path in home.iterdir()} <= {"datasets", "cache", "models", "datasets.json", ".runs.lock"}


@pytest.mark.parametrize("handle", ["a/..", "a/.", "../a", "a/.hidden", "a/b/../c", "a b/c", "a/b\n"])
def test_a_handle_is_an_owner_and_a_name(tmp_path: Path, handle: str) -> None:
    with pytest.raises(UserError, match="is no dataset on Kaggle"):
        fetch_kaggle(handle, tmp_path / "new")


@pytest.mark.parametrize("stem", [*AWAY, "x" * 300, "가" * 200])
def test_an_upload_s_name_is_a_name(monkeypatch: pytest.MonkeyPatch, stem: str) -> None:
    """A browser sends what it likes for a file's name."""
    seen: list[Path] = []

    def take(network: Path, weights: Path, *_: object, **__: object) -> None:
        for path in (network, weights):
            assert path.is_file()
            insist_on_one_name(path.name)
            seen.append(path)

    monkeypatch.setattr(imports, "import_elsewhere", take)
    told: Callable[[int, int], None] = lambda done, total: None  # noqa: E731
    imports._translate([(f"{stem}.json", b"{}"), (f"{stem}.h5", b"")], ["a", "b"], "none", "", told)
    assert [path.suffix for path in seen] == [".json", ".h5"] and not any(path.exists() for path in seen)


@pytest.mark.parametrize("value", ["../../etc/passwd", "ko/../../x", "<script>", "한국어", "x" * 5000])
def test_the_address_chooses_a_language_and_nothing_else(value: str) -> None:
    app = AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=60)
    app.query_params["lang"] = value
    app.run()
    assert not app.exception and app.session_state["app.language"] in {"en", "ko"}
