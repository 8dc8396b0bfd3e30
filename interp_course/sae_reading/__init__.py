r"""What each latent of a dictionary does on text of the tiny world, where everything is known.

Fixed here and used by every notebook, check and figure:

* counted are all tokens but ``<bos>`` and padding, as in the training of the dictionary;
* a latent is active where z > 0; its *density* is the share of tokens on which it is;
* a known feature is "this variable has this value here" (`world.VARIABLES`, by position: from
  the word on that settles it), "the word here is ..." or "the word before is ...";
* F1 of a latent and a feature compares where one is active with where the other is present:
  $2 \cdot \text{both} / (\text{active} + \text{present})$. Thresholds above 0 are not tried. A
  latent for a value *at one place only* has a low recall, because the value stays known.

Examples are shown as in Bricken et al. (2023), "Towards Monosemanticity": not only the strongest
but also weaker ones, because many latents mean something else, or nothing, when they are weak.
"""

from interp_course.sae_reading.counting import logit_effects, read
from interp_course.sae_reading.reading import PREVIOUS, WORD, Example, Match, Reading

__all__ = ["PREVIOUS", "WORD", "Example", "Match", "Reading", "logit_effects", "read"]
