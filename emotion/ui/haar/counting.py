"""How many Haar features a window holds, by kind and worked out."""

import streamlit as st

from emotion.haar.features import KINDS, VIOLA_JONES, Kind, count_features
from emotion.i18n import _
from emotion.ui.haar.common import WINDOW, kind_name


def show() -> None:
    """The table of counts, and the formula."""
    st.subheader(_("How many are there?"))
    st.markdown(
        _("Every kind, at every place and in every size of a window of {side} × {side} pixels: more features than "
          "pixels by far. That is why AdaBoost has to choose.").format(side=WINDOW)
    )  # fmt: skip
    counts = {kind: count_features(kind, WINDOW, WINDOW) for kind in KINDS.values()}
    total = sum(counts[kind] for kind in VIOLA_JONES)
    left, right = st.columns([1.6, 1], gap="large")
    with left:
        _table(counts, total)
    with right:
        st.metric(_("In {pixels} pixels").format(pixels=WINDOW * WINDOW), _("{n} features").format(n=f"{total:,}"))
        st.latex(
            r"\begin{gathered} X \cdot Y \cdot \left(W + 1 - C\,\tfrac{X + 1}{2}\right) \\"
            r"\cdot \left(H + 1 - R\,\tfrac{Y + 1}{2}\right) \end{gathered}"
        )
        st.caption(
            _("W × H is the window, R × C the cells of the kind below and beside each other, X = ⌊W / C⌋ and "
              "Y = ⌊H / R⌋ how many sizes there are each way. It adds up the places of every size: "
              "ΣΣ (W − C·w + 1)(H − R·h + 1). (Lienhart and Maydt, 2002)")
        )  # fmt: skip


def _table(counts: dict[Kind, int], total: int) -> None:
    """A line for each kind; those of Viola and Jones first, with their total."""
    lines = [f"| {kind_name(kind)} | {_formula(kind)} | {counts[kind]:,} |" for kind in VIOLA_JONES]
    together = _("the five of Viola and Jones")
    lines.append(f"| **{together}** | | **{total:,}** |")
    lines += [
        f"| {kind_name(kind)} | {_formula(kind)} | {n:,} |" for kind, n in counts.items() if kind not in VIOLA_JONES
    ]
    head = " | ".join((_("kind"), _("worked out"), _("features")))
    st.markdown(f"| {head} |\n|:--|:--|--:|\n" + "\n".join(lines))


def _formula(kind: Kind) -> str:
    """The formula with a kind's numbers."""
    if kind.tilted:
        return _("added up")
    rows, columns = kind.grid
    many, deep = WINDOW // columns, WINDOW // rows
    first, second = (WINDOW + 1 - cells * (sizes + 1) / 2 for cells, sizes in ((columns, many), (rows, deep)))
    return f"{many} · {deep} · {first:g} · {second:g}"
