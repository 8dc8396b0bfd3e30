"""The world's vocabulary as a tokenizer of the transformers library."""

from typing import Any

from interp_course.world import words as w
from interp_course.world.vocabulary import VOCABULARY, encode, token_of


def tokenizer() -> Any:
    """A tokenizer for which each word, set off by spaces, is a token; it puts ``<bos>`` first.

    A word that is not in the vocabulary raises a `WorldError` that names near ones: there is
    no token for unknown words.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    class WorldTokenizer(PreTrainedTokenizerFast):
        def _encode_plus(self, text: Any, *args: Any, **options: Any) -> Any:
            for part in [text] if isinstance(text, str) else text:
                encode(part)  # refuses words that the world does not have
            return super()._encode_plus(text, *args, **options)

    core = Tokenizer(models.WordLevel({word: token_of(word) for word in VOCABULARY}, w.PAD))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    core.post_processor = processors.TemplateProcessing(
        single=f"{w.BOS} $A", special_tokens=[(w.BOS, token_of(w.BOS))]
    )
    return WorldTokenizer(
        tokenizer_object=core,
        bos_token=w.BOS,
        eos_token=w.EOS,
        pad_token=w.PAD,
        add_bos_token=True,
        name_or_path="world",
        clean_up_tokenization_spaces=False,
    )
