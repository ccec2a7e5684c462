"""AdaBoost on the Haar page, on real patches and on a dataset of one's own."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import write_faces
from tests.pages.test_dataset import finish_jobs
from tests.pages.test_haar import open_view, texts


def component(page: AppTest, part: str) -> dict:
    """The data of the component that has such a part."""
    found = [json.loads(block.proto.json) for block in page.get("bidi_component")]
    return next(data for data in found if part in data)


def prepared(page: AppTest | None = None) -> AppTest:
    page = page or open_view("boosting", step=4)
    button = page.button(key="haar.prepare")
    if not button.disabled:  # Another test's lesson may still be there.
        button.click().run()
        finish_jobs(page)
    return page


def test_adaboost_steps_plays_and_goes_back() -> None:
    page = prepared()
    assert "140" not in texts(page) and "70 faces and 70 other patches" in texts(page) and "1,026" in texts(page)
    assert page.button(key="haar.back").disabled
    page.button(key="haar.next").click().run()
    assert "**Round 1:" in texts(page) and len(component(page, "tiles")["tiles"]) == 1
    samples = component(page, "sprite")
    weights, wrong = np.array(samples["weights"]), np.array(samples["wrong"])
    assert weights.sum() == pytest.approx(1) and weights[wrong].sum() == pytest.approx(0.5)
    assert samples["groups"] == [70, 70] and 0 < wrong.sum() < 40
    page.button(key="haar.play").click().run()  # Every look at a playing page is a round.
    page.run()
    assert "**Round 3:" in texts(page) and page.button(key="haar.play").label == "Pause"
    page.button(key="haar.play").click().run()
    assert "**Round 3:" in texts(page) and page.button(key="haar.play").label == "Play"
    page.button(key="haar.back").click().run()
    assert "**Round 2:" in texts(page) and [metric.value[-5:] for metric in page.metric] == ["/ 140", " / 60"]
    page.session_state["haar.view"] = "integral"
    page.run()
    page.session_state["haar.view"] = "boosting"
    page.run()
    assert "**Round 2:" in texts(page)  # Nothing that was learnt is lost.
    page.button(key="haar.restart").click().run()
    assert "**Round" not in texts(page)


def test_the_first_round_is_the_best_of_all_features() -> None:
    page = prepared()
    page.button(key="haar.next").click().run()
    samples = component(page, "sprite")
    (line,) = (line for line in texts(page).splitlines() if line.startswith("Wrong: "))
    # With all weights the same the weighted error is the share of those that are wrong.
    assert f"**{sum(samples['wrong'])}** of 140" in line and f"ε = {sum(samples['wrong']) / 140:.4f}" in line
    assert sum(samples["wrong"]) < 0.1 * 140


def test_faces_of_ones_own_dataset_against_photos(home) -> None:
    write_faces(home / "datasets" / "small", {"train": {"a": 12, "b": 12}}, size=24)
    page = open_view("boosting", step=4, patches_from="dataset", held_out=50)
    page = prepared(page)
    assert "12 faces and 12 other patches" in texts(page)
    page.button(key="haar.next").click().run()
    assert component(page, "sprite")["groups"] == [12, 12]


def test_a_lesson_that_somebody_looks_at_is_kept() -> None:
    page, others = prepared(open_view("boosting", step=4, held_out=40)), open_view("boosting", step=4)
    for held_out in (20, 30, 50):
        others.slider(key="haar.held_out").set_value(held_out).run()
        prepared(others)
        page.run()
        assert page.button(key="haar.prepare").disabled and "60 faces and 60 other patches" in texts(page)


def test_too_few_faces_get_a_sentence(home) -> None:
    write_faces(home / "datasets" / "tiny", {"train": {"a": 1, "b": 2}}, size=24)
    page = prepared(open_view("boosting", step=4, patches_from="dataset"))
    assert "there are 3 and 3" in page.error[0].value


def test_after_the_last_round_only_the_way_back_is_left(home) -> None:
    write_faces(home / "datasets" / "few", {"train": {"a": 3, "b": 3}}, size=24)
    page = prepared(open_view("boosting", step=4, patches_from="dataset"))
    for _ in range(2):
        page.button(key="haar.next").click().run()
    assert "nothing is left to learn" in page.info[0].value and "**Round 1:" in texts(page)
    assert page.button(key="haar.next").disabled and page.button(key="haar.play").disabled
    page.button(key="haar.back").click().run()
    assert not page.button(key="haar.next").disabled and "nothing is left" not in texts(page)
