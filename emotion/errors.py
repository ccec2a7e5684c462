"""The one error type for what a user can put right."""


class UserError(Exception):
    """A mistake a person can act on: what was expected, what was found, what to do.

    The sentence is kept as a template with its values apart, so that the pages can show it in the reader's language;
    ``str(error)`` is the English sentence.

    >>> str(UserError("{path} is no folder. Give a folder.", path="/tmp/x"))
    '/tmp/x is no folder. Give a folder.'
    """

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template, values)
        self.template = template
        self.values = values

    def __str__(self) -> str:
        return self.template.format(**self.values)
