"""Lists of words, such as the world's vocabulary, as tokenizers of the transformers library."""

from collections.abc import Callable, Sequence
from typing import Any

from interp_course.world import words as w
from interp_course.world.vocabulary import VOCABULARY, encode


def tokenizer() -> Any:
    """A tokenizer for which each word, set off by spaces, is a token; it puts ``<bos>`` first.

    A word that is not in the vocabulary raises a `WorldError` that names near ones: there is
    no token for unknown words.
    """
    return word_tokenizer(VOCABULARY, encode, bos=w.BOS, eos=w.EOS, pad=w.PAD, name="world")


def word_tokenizer(
    words: Sequence[str],
    check: Callable[[str], object],
    *,
    bos: str,
    eos: str,
    pad: str,
    name: str,
) -> Any:
    """A tokenizer for any list of words; it puts ``bos`` first.

    Args:
        words: A word's place is its token.
        check: Is called with every text and raises if a word is not in the list.
        bos: The word before each text.
        eos: The word that ends one.
        pad: The word that fills up shorter texts.
        name: Of the tokenizer.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    class WordTokenizer(PreTrainedTokenizerFast):
        def _encode_plus(self, text: Any, *args: Any, **options: Any) -> Any:
            for part in [text] if isinstance(text, str) else text:
                check(part)  # there is no token for unknown words
            return super()._encode_plus(text, *args, **options)

    tokens = {word: token for token, word in enumerate(words)}
    core = Tokenizer(models.WordLevel(tokens, pad))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    core.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A", special_tokens=[(bos, tokens[bos])]
    )
    return WordTokenizer(
        tokenizer_object=core,
        bos_token=bos,
        eos_token=eos,
        pad_token=pad,
        add_bos_token=True,
        name_or_path=name,
        clean_up_tokenization_spaces=False,
    )
