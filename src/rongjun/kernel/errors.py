"""Two kinds of "no": a refusal we expect, and a text that cannot be read."""

import re

_CODE = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9][a-z0-9-]*")


class Refused(Exception):  # noqa: N818 - the name is said aloud in every action: "raise Refused(...)"
    """An expected refusal: machines get ``code``, people get its sentence from ``contracts/errors.yaml``.

    ``params`` fill that sentence.
    ``str()`` is the code alone, so a log line never carries a parameter that may be personal.
    """

    def __init__(self, code: str, /, **params: object) -> None:
        assert _CODE.fullmatch(code), f"a refusal code reads area.item, not {code!r}"
        super().__init__(code)
        self.code = code
        self.params = params


class Unfit(ValueError):  # noqa: N818 - see Refused
    """A text that cannot be read as the value it should be.

    ``sentence`` is Chinese: what is wrong and what to do.
    It never contains the text itself, which may be personal data.
    """

    def __init__(self, code: str, sentence: str, /) -> None:
        assert _CODE.fullmatch(code), f"an error code reads area.item, not {code!r}"
        super().__init__(code, sentence)
        self.code = code
        self.sentence = sentence

    def __str__(self) -> str:
        return self.sentence
