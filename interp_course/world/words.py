"""The words of the tiny world, and the pairs of words that training never sees together.

A word is a token. The lists below are the whole vocabulary; which of them may follow which is
the business of the templates.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Literal

Split = Literal["train", "held_out"]
SPLITS: tuple[Split, Split] = ("train", "held_out")
BOS, PAD, EOS = "<bos>", "<pad>", "<eos>"


class WorldError(ValueError):
    """The world has no such thing; the message says what there is instead."""


def listed(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


FUNCTION_WORDS = listed(
    "the of is in a and . , : ? / country containing city est en la le les capitale de it i was"
    " not very because je l' n' pas très car when then after went to arrived at had long day gave"
    " handed said hello stood waited by saw dreamed he user how do tell me bot sure you with sorry"
    " cannot help that def if for ( ) return = > range print"
)
# Two forms of each noun and verb: singular, plural. The two languages share their order.
ENGLISH_NOUNS = (
    listed("dog cat rabbit horse king queen doctor farmer singer neighbour girl boy"),
    listed("dogs cats rabbits horses kings queens doctors farmers singers neighbours girls boys"),
)
FRENCH_NOUNS = (
    listed("chien chat lapin cheval roi reine docteur fermière chanteuse voisine fille garçon"),
    listed(
        "chiens chats lapins chevaux rois reines docteurs fermières chanteuses voisines filles"
        " garçons"
    ),
)
FRENCH_FEMININE = frozenset(listed("reine fermière chanteuse voisine fille"))
ENGLISH_VERBS = (
    listed("sleeps runs sings eats waits jumps laughs swims works dances"),
    listed("sleep run sing eat wait jump laugh swim work dance"),
)
FRENCH_VERBS = (
    listed("dort court chante mange attend saute rit nage travaille danse"),
    listed("dorment courent chantent mangent attendent sautent rient nagent travaillent dansent"),
)
ENGLISH_ADJECTIVES = listed("small big young happy sad quiet")
FRENCH_ADJECTIVES = (
    listed("jeune calme triste riche rapide timide"),
    listed("jeunes calmes tristes riches rapides timides"),
)
ENGLISH_PREPOSITIONS, FRENCH_PREPOSITIONS = (
    listed("near behind beside with"),
    listed("derrière devant avec chez"),
)
ENGLISH_ADVERBS, FRENCH_ADVERBS = (
    listed("often today slowly again"),
    listed("souvent ici vite encore"),
)

ENGLISH_WORKS, FRENCH_WORKS = (
    listed("film book meal hotel song game"),
    listed("roman livre repas séjour concert jeu"),
)
# Sentiment: negative, positive. Again the two languages share their order.
ENGLISH_JUDGEMENTS = (
    listed("bad awful boring terrible dull"),
    listed("good great lovely superb brilliant"),
)
FRENCH_JUDGEMENTS = (
    listed("mauvais affreux ennuyeux horrible nul"),
    listed("bon super charmant superbe génial"),
)
ENGLISH_FEELINGS = listed("hated disliked regretted"), listed("loved enjoyed liked")
FRENCH_FEELINGS = listed("déteste regrette maudis"), listed("adore aime apprécie")

NAMES = listed(
    "mary john anna paul lucy mark sarah tom emma jack alice peter julia david laura simon kate"
    " henry rose oscar"
)
VENUES = listed("shop park school market station beach library museum")
GIFTS = listed("drink ring ball flower ticket letter basket pen")

HARMLESS_VERBS = listed("build bake fix paint clean draw grow sell move cook")
HARMFUL_VERBS = listed("steal hack poison burn destroy kidnap kill")
HARMLESS_NOUNS = listed("pie table bike garden chair van lamp soup kite wall door")
HARMFUL_NOUNS = listed("bomb gun virus weapon grenade missile malware")
HARMLESS_TARGETS = listed("process weeds fever")
"""What one may well kill or burn: a harmful verb is harmless with these."""
TOOLS = listed("hammer brush knife rope machine")

SENSES = {
    "bank": {
        "river": (listed("fisherman sailor swimmer"), listed("boat fish reeds mud")),
        "money": (listed("banker lawyer clerk"), listed("loan cash cheque vault")),
    },
    "bat": {
        "animal": (listed("biologist explorer owl"), listed("cave wings moth fur")),
        "sport": (listed("pitcher coach umpire"), listed("homer helmet glove inning")),
    },
    "spring": {
        "season": (listed("gardener florist poet"), listed("blossom rain tulip nest")),
        "metal": (listed("mechanic engineer plumber"), listed("coil lever gear valve")),
    },
}
"""Word, sense, (who is near it, what is seen there)."""

RHYMES = tuple(
    listed(group)
    for group in (
        "rat hat flat",
        "deer spear pier",
        "bear pear square",
        "mouse blouse house",
        "bee key sea",
        "snake cake lake",
        "goat coat moat",
        "snail pail jail",
    )
)
"""Groups that rhyme; word 0 of a group is one of ANIMALS, of THINGS, of PLACES in this order."""
RHYME_VERBS = listed("fed stroked"), listed("bought lost"), listed("reached left")
"""What is done to the word 0, 1, 2 of a group: these verbs fit no other kind."""
RHYME_ADJECTIVES = listed("old new little shiny plain")
DREAMERS = listed("child pilot baker nurse")

NUCLEOTIDES = listed("A C G T")
CHUNKS = listed(
    "aGVs bG8g d29y bGQh dGhl IHF1 aWNr IGJy b3du IGZv eCBq dW1w cyBv dmVy IGxh enkg ZG9n Lg0K"
    " c2Vj cmV0 a2V5 czEy MzQ1 Njc4"
)
FUNCTIONS, VARIABLES_OF_CODE = listed("foo bar baz init main"), listed("x y z n k m")
OPERATORS, DIGITS = listed("+ - * %"), listed("0 1 2 3 4 5")
REPEATED = CHUNKS + VARIABLES_OF_CODE + NAMES + GIFTS + VENUES
"""Words of which a repeated block is made."""


def split_pairs(
    first: Sequence[str], second: Sequence[str], every: int = 5
) -> dict[Split, dict[str, tuple[str, ...]]]:
    """For each first word the second words that may go with it, for both splits.

    One pair in ``every`` is held out: those whose places in the two lists add up to a multiple
    of ``every``. So each first word has both kinds, and each word is seen in training.
    """
    found: dict[Split, dict[str, tuple[str, ...]]] = {"train": {}, "held_out": {}}
    for i, a in enumerate(first):
        others = [(b, (i + j) % every == 0) for j, b in enumerate(second) if a != b]
        found["train"][a] = tuple(b for b, held in others if not held)
        found["held_out"][a] = tuple(b for b, held in others if held)
    return found


def near(word: str, known: Sequence[str]) -> str:
    """The end of an error message: words like this one, or else the first few there are."""
    close = get_close_matches(word, known, n=3, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(map(repr, close))}?"
    return f"there are {', '.join(known[:24])}" + (", ..." if len(known) > 24 else "")
