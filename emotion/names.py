"""Names that people give: whether one can be a folder's, and if not, what is wrong with it."""

from emotion.errors import UserError
from emotion.files import NAME_BYTES, is_plain_name, plain_name

_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")


def insist_on_plain_name(name: str) -> None:
    """Raise UserError, which says the one thing that is wrong, unless ``name`` can be a folder's on every system."""
    if is_plain_name(name):
        return
    if not name.strip():
        raise UserError("A name is missing. Give one with letters or digits, for example “my model”.")
    if not name.isprintable():
        raise UserError(
            "A name is one line of signs that can be seen, but “{found}” has others, such as a line break or a tab. "
            "Type it anew.",
            found=" ".join("".join(sign if sign.isprintable() else " " for sign in name).split())[:NAME_BYTES],
        )
    if len(name.encode("utf-8")) > NAME_BYTES:
        raise UserError(
            "The name “{found}…” is too long: expected up to {most} letters, or {hangul} in Hangul; found {letters}. "
            "Choose a shorter one.",
            found=name[:20],
            most=NAME_BYTES,
            hangul=NAME_BYTES // 3,
            letters=len(name),
        )
    if (other := plain_name(name)) == f"_{name}":
        raise UserError(
            "Windows keeps the name “{found}” for a device, so that no folder can be called so. Choose another, for "
            "example “{other}”.",
            found=name,
            other=other,
        )
    raise UserError(
        'Name: expected one without / \\ : * ? " < > | and without a dot or space at its ends, found “{found}”.',
        found=name,
    )


def cell(text: str) -> str:
    """``text`` for a cell of a CSV: what a spreadsheet would take for a formula gets an apostrophe in front.

    The wide signs too, which count as the narrow ones under Korean and Japanese Windows. Numbers are no texts: a
    negative one goes in as it is.

    >>> cell("=SUM(A1)"), cell("＝1"), cell("happy")
    ("'=SUM(A1)", "'＝1", 'happy')
    """
    return f"'{text}" if text[:1] in _FORMULA else text
