"""Every error that ends a run, with its exit code and what to do next.

In: nothing. Out: exceptions caught once, in `cli`. Never: printing. What goes wrong with one picture is no error but a
`Reason` in the manifest.
"""


class LorasetError(Exception):
    """Base of all: what and where in `str(error)`, what to do next in `hint`, the exit code in `exit_code`."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(LorasetError):
    """The command's words or the recipe are wrong."""

    exit_code = 2


class RecipeError(UsageError):
    """The recipe file: names the file, the key and the line."""


class InputError(LorasetError):
    """The pictures are not there, or there is nothing to do."""

    exit_code = 3


class MissingError(LorasetError):
    """A model or a package is missing, or its licence is not accepted."""

    exit_code = 4


class OutputError(LorasetError):
    """The output cannot be written."""

    exit_code = 5


class PictureFailed(LorasetError):  # noqa: N818 - the message names the picture; it is raised by --strict only
    """With --strict: the first picture that could not be read or cut."""

    exit_code = 1
