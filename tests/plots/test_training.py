"""The curves of runs: what stands in them for hand-made metrics and progress."""

from emotion.plots.growing import curve, rates
from emotion.plots.training import compared

METRICS = [
    {"epoch": 1, "loss": 2.0, "accuracy": 0.2, "val_loss": 1.8, "val_accuracy": 0.3, "learning_rate": 1e-3},
    {"epoch": 2, "loss": 1.5, "accuracy": 0.4, "val_loss": 1.6, "val_accuracy": 0.35, "learning_rate": 5e-4},
]


def point(epoch, loss):
    return {"epoch": epoch, "loss": loss, "accuracy": loss / 10}


def lines(chart):
    """(part, stretch) → its points."""
    found = {}
    for epoch, value, part, stretch in zip(*chart.data.values(), strict=True):
        found.setdefault((part, stretch), []).append((epoch, value))
    return found


def test_points_after_each_epoch_and_a_line_within():
    assert lines(curve("loss", METRICS, [point(0.5, 3.0)], 4)) == {
        ("training", 0): [(1, 2.0), (2, 1.5)],
        ("validation", 0): [(1, 1.8), (2, 1.6)],
        ("", 0): [(0.5, 3.0)],
    }
    accuracy = lines(curve("accuracy", METRICS, [point(0.5, 3.0)], 4))
    assert accuracy["validation", 0] == [(1, 0.3), (2, 0.35)] and accuracy["", 0] == [(0.5, 0.3)]


def test_the_chart_stays_the_same_while_its_data_grow():
    before, after = curve("loss", [], [], 4), curve("loss", METRICS, [point(0.5, 3.0)], 4)
    assert before.spec == after.spec and before.data != after.data
    assert rates([], 4).spec == rates(METRICS, 4).spec


def test_an_answer_that_is_always_the_same_is_a_line_across():
    guessed = curve("accuracy", METRICS, [], 4, 0.25)
    assert lines(guessed)["guess", 0] == [(0, 0.25), (4.08, 0.25)]
    assert guessed.spec == curve("accuracy", METRICS, [], 4).spec


def test_the_axis_is_as_long_as_the_training_will_be():
    assert curve("loss", [], [], 4).spec["layer"][0]["encoding"]["x"]["scale"]["domain"] == [0, 4.08]


def test_nothing_yet():
    assert curve("loss", [], [], 4).data == {"epoch": [], "value": [], "part": [], "stretch": []}


def test_a_metric_that_is_missing_is_left_out():
    assert list(lines(curve("loss", [{"epoch": 1, "loss": 2.0}], [{"epoch": 0.5}], 4))) == [("training", 0)]


def test_the_line_within_an_epoch_breaks_at_the_next():
    progress = [point(0.5, 3.0), point(1.0, 2.5), point(1.5, 2.0)]
    assert lines(curve("loss", [], progress, 4)) == {("", 0): [(0.5, 3.0), (1.0, 2.5)], ("", 1): [(1.5, 2.0)]}


def test_a_resumed_epoch_is_never_drawn_backwards():
    progress = [point(1.2, 3.0), point(1.6, 2.5), point(1.2, 2.4), point(1.7, 2.2)]
    drawn = lines(curve("loss", [], progress, 4))
    assert list(drawn.values()) == [[(1.2, 3.0), (1.6, 2.5)], [(1.2, 2.4), (1.7, 2.2)]]


def test_the_learning_rate_of_each_epoch():
    assert rates(METRICS, 4).data == {"epoch": [1, 2], "value": [1e-3, 5e-4]}


def test_compared_runs_have_a_colour_each_and_training_is_dotted():
    figure = compared("accuracy", {"first": METRICS, "<b>second": METRICS[:1]})
    drawn = [(list(trace.y), trace.line.dash) for trace in figure.data]
    assert drawn == [([0.2, 0.4], "dot"), ([0.3, 0.35], "solid"), ([0.2], "dot"), ([0.3], "solid")]
    colours = [trace.line.color for trace in figure.data]
    assert colours[0] == colours[1] != colours[2] == colours[3]
    assert [trace.name for trace in figure.data if trace.showlegend] == ["first", "&lt;b&gt;second"]
