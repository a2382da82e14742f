"""The door of ui."""

from rongjun.ui.paging import address, page_asked, pager_of, pages_of
from rongjun.ui.refusals import Sentence, sentence, sentences
from rongjun.ui.taking_out import attachment
from rongjun.ui.typesetting import typeset
from rongjun.ui.words import shown, shown_later, spoken

__all__ = [
    "Sentence",
    "address",
    "attachment",
    "page_asked",
    "pager_of",
    "pages_of",
    "sentence",
    "sentences",
    "shown",
    "shown_later",
    "spoken",
    "typeset",
]
