"""Suspected label errors: images whose label a model that has not seen them does not believe.

Confident learning: C. Northcutt, L. Jiang and I. Chuang, "Confident Learning: Estimating Uncertainty in Dataset
Labels", Journal of Artificial Intelligence Research 70, 2021. It needs probabilities of images that the model was not
trained on: a bundle gives them for the splits it never saw. For the others, or without a bundle, a quick classifier is
trained on embeddings or gradients several times, each time without a part of the images, and asked about that part.
"""

from collections.abc import Callable
from threading import Lock

import cv2
import numpy as np

from emotion.dataset.doctor import Finding
from emotion.dataset.folder import Dataset
from emotion.dataset.pixels import fit
from emotion.jobs import Progress

PerImage = Callable[[np.ndarray], np.ndarray]
_CHUNK = 1024
_COMPONENTS = 64
_SURE = 0.5
"""A class must seem likelier than all others together: a weak model would doubt half of FER2013."""
_learning = Lock()


def oriented_gradients(faces: np.ndarray) -> np.ndarray:
    """The embedding where there is no model: gray uint8 (M, H, W) → float32 (M, 900).

    Histograms of oriented gradients, in 48×48: N. Dalal and B. Triggs, "Histograms of Oriented Gradients for Human
    Detection", CVPR 2005. By them a quick classifier gets 43 % of FER2013 right, by the pixels 37 %.
    """
    histograms = cv2.HOGDescriptor((48, 48), (16, 16), (8, 8), (8, 8), 9)
    return np.array([histograms.compute(fit(face, (48, 48))) for face in faces], np.float32).reshape(-1, 900)


def suspects(
    dataset: Dataset,
    rows: np.ndarray,
    faces_of: PerImage,
    embed: PerImage = oriented_gradients,
    predict: PerImage | None = None,
    trained_on: np.ndarray | None = None,
    progress: Progress | None = None,
) -> Finding:
    """The finding ``suspect`` among ``rows``, int64 (M,): readable files of ``dataset``.

    ``faces_of(rows)`` gives their images, uint8 (m, H, W); ``embed(faces)`` float32 (m, D); ``predict(faces)`` the
    probabilities by a model, float32 (m, K), with a column for each of ``dataset.classes``. ``trained_on`` bool (N,)
    says which files that model was trained on; these go by ``embed``, and so do all where either is not given.
    ``progress`` is told (steps done, steps in all): one for each image, and one more for each that goes by ``embed``.
    """
    seen = np.ones(len(rows), bool) if predict is None or trained_on is None else trained_on[rows]
    outside, inside, labels = rows[~seen], rows[seen], dataset.everything.labels
    total, parts = len(rows) + len(inside), []
    if predict and len(outside):
        parts.append((outside, _by_chunks(outside, faces_of, predict, _from(progress, 0, total))))
    if len(inside):
        embeddings = _by_chunks(inside, faces_of, embed, _from(progress, len(outside), total))
        told = _from(progress, len(rows), total)
        parts.append((inside, out_of_sample(embeddings, labels[inside], progress=told)))
    return _finding(labels, parts)


def suspect_rows(labels: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose label is likely wrong, int64 (S,), and the probability of their label, float32 (S,); lowest first.

    ``labels`` int64 (M,), ``probabilities`` float32 (M, K) by a model that was not trained on these; rows with NaN are
    left out. Confident learning says how many are wrong, and those with the lowest probability of their label are
    taken (by the votes of FER+ more of them were wrong than by cleanlab's other filters), where the model is sure.
    """
    # Imported where they are used: pandas and scikit-learn take a second that no page should wait for.
    from cleanlab.filter import find_label_issues

    known = np.flatnonzero(~np.isnan(probabilities).any(axis=1))
    if len(np.unique(labels[known])) < 2:
        return known[:0], np.zeros(0, np.float32)
    # This filter keeps nothing in module globals, as the default one does: two sessions may ask at once.
    places = find_label_issues(
        labels[known],
        probabilities[known],
        filter_by="low_self_confidence",
        return_indices_ranked_by="self_confidence",
        n_jobs=1,
    )
    rows = known[places][probabilities[known[places]].max(axis=1) >= _SURE]
    return rows, probabilities[rows, labels[rows]].astype(np.float32)


def out_of_sample(
    embeddings: np.ndarray, labels: np.ndarray, folds: int = 5, seed: int = 0, progress: Progress | None = None
) -> np.ndarray:
    """Probabilities of each row by a classifier trained without it: float32 (M, D), int64 (M,) → float32 (M, K).

    Stratified ``folds``. Rows of a class with fewer members than folds are left out, and are NaN. K is the highest
    label and one. ``progress`` is told (rows done, rows in all) after each fold.
    """
    from sklearn.model_selection import StratifiedKFold

    counts = np.bincount(labels)
    probabilities = np.full((len(labels), len(counts)), np.nan, np.float32)
    rows = np.flatnonzero(counts[labels] >= folds)
    if len(np.unique(labels[rows])) < 2:
        return probabilities
    probabilities[rows], done = 0, len(labels) - len(rows)
    for learnt, held_out in StratifiedKFold(folds, shuffle=True, random_state=seed).split(rows, labels[rows]):
        columns = np.ix_(rows[held_out], np.unique(labels[rows]))
        probabilities[columns] = _learn(embeddings[rows[learnt]], labels[rows[learnt]], embeddings[rows[held_out]])
        done += len(held_out)
        if progress:
            progress(done, len(labels))
    return probabilities


def _finding(labels: np.ndarray, parts: list[tuple[np.ndarray, np.ndarray]]) -> Finding:
    """The suspects of all parts (rows, probabilities), each found by itself: models differ in how sure they are."""
    chosen, scores, likelier = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)], [np.zeros(0, np.int64)]
    for rows, probabilities in parts:
        places, unlikely = suspect_rows(labels[rows], probabilities)
        chosen.append(rows[places])
        scores.append(unlikely)
        likelier.append(probabilities[places].argmax(axis=1))
    order = np.argsort(np.concatenate(scores), kind="stable")
    found, worst, suggested = (np.concatenate(parts)[order] for parts in (chosen, scores, likelier))
    return Finding("suspect", found, scores=worst, suggested=suggested)


def _learn(embeddings: np.ndarray, labels: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Probabilities for ``asked`` by a logistic regression on the principal components."""
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    components = PCA(min(_COMPONENTS, *embeddings.shape), svd_solver="covariance_eigh")
    reduce = make_pipeline(StandardScaler(), components)
    # One thread: a core that something else is busy on would hold up each of a thousand small products. One at a time:
    # the limit is the whole process's, and is put back.
    with _learning, threadpool_limits(1, user_api="blas"), np.errstate(invalid="ignore"):  # 0 / 0 where all are alike.
        learnt = reduce.fit_transform(embeddings)
        # One scale for all components, not one each: whitening would blow up those that are noise.
        scale = max(float(np.sqrt(components.explained_variance_[0])), 1e-6)
        model = LogisticRegression(max_iter=1000).fit(learnt / scale, labels)
        return model.predict_proba(reduce.transform(asked) / scale)


def _by_chunks(rows: np.ndarray, faces_of: PerImage, ask: PerImage, progress: Progress | None) -> np.ndarray:
    answers = []
    for start in range(0, len(rows), _CHUNK):
        answers.append(ask(faces_of(rows[start : start + _CHUNK])))
        if progress:
            progress(min(start + _CHUNK, len(rows)), len(rows))
    return np.concatenate(answers)


def _from(progress: Progress | None, start: int, total: int) -> Progress | None:
    """A part's progress as a part of the whole's."""
    return (lambda done, _: progress(start + done, total)) if progress else None
