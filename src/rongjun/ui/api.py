"""The door of ui."""

from rongjun.ui.refusals import Sentence, sentence, sentences

__all__ = ["Sentence", "sentence", "sentences"]
