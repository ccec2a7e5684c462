"""The curves of a run: what stands in them for hand-made metrics and progress."""

from emotion.plots.training import curves

METRICS = [
    {"epoch": 1, "loss": 2.0, "accuracy": 0.2, "val_loss": 1.8, "val_accuracy": 0.3},
    {"epoch": 2, "loss": 1.5, "accuracy": 0.4, "val_loss": 1.6, "val_accuracy": 0.35},
]


def point(epoch, loss):
    return {"epoch": epoch, "loss": loss, "accuracy": loss / 10}


def line(trace):
    return list(zip(trace.x, trace.y, strict=True))


def test_losses_left_and_accuracies_right():
    loss, train_loss, val_loss, accuracy, train_accuracy, val_accuracy = curves(METRICS, [point(0.5, 3.0)], 4).data
    assert line(loss) == [(0.5, 3.0)] and line(accuracy) == [(0.5, 0.3)]
    assert line(train_loss) == [(1, 2.0), (2, 1.5)] and line(val_loss) == [(1, 1.8), (2, 1.6)]
    assert line(train_accuracy) == [(1, 0.2), (2, 0.4)] and line(val_accuracy) == [(1, 0.3), (2, 0.35)]
    assert {trace.xaxis for trace in (loss, train_loss, val_loss)} == {"x"}
    assert {trace.xaxis for trace in (accuracy, train_accuracy, val_accuracy)} == {"x2"}


def test_the_axis_is_as_long_as_the_training_will_be():
    assert curves([], [], 4).layout.xaxis.range == (0, 4.1)


def test_nothing_yet():
    assert [line(trace) for trace in curves([], [], 4).data] == [[]] * 6


def test_a_metric_that_is_missing_is_left_out():
    assert line(curves([{"epoch": 1, "loss": 2.0}], [], 4).data[2]) == []


def test_the_line_within_an_epoch_breaks_at_the_next():
    progress = [point(0.5, 3.0), point(1.0, 2.5), point(1.5, 2.0)]
    assert line(curves([], progress, 4).data[0]) == [(0.5, 3.0), (1.0, 2.5), (1.5, None), (1.5, 2.0)]


def test_a_resumed_epoch_is_never_drawn_backwards():
    progress = [point(1.2, 3.0), point(1.6, 2.5), point(1.2, 2.4), point(1.7, 2.2)]
    drawn = line(curves([], progress, 4).data[0])
    assert drawn == [(1.2, 3.0), (1.6, 2.5), (1.2, None), (1.2, 2.4), (1.7, 2.2)]
