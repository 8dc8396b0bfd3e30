"""Predictions and the quiz of the unit on the residual stream."""

from interp_course.quizzes import Option, Prediction, Question, Quiz

predictions = {
    "lens": Prediction(
        Question(
            "*The capital of france is* has an answer that goes with one country and one relation "
            "only. *The ally of france is* has a country for an answer, and every country is "
            "somebody's ally, rival or partner. The network answers both kinds without a mistake. "
            "Which kind can be read from the stream at an earlier layer?",
            {
                "a": Option("The allies: their answers are words of the prompts' own kind.", ""),
                "b": Option(
                    "The capitals.",
                    "For a capital it is enough to add something for the country and something "
                    "for the relation: only paris gets both. For allies no sum can work, as the "
                    "same twelve words are right for other countries under each relation. It takes "
                    "a nonlinear step on both together, and in all four training runs that is not "
                    "finished after the first layer.",
                    right=True,
                ),
                "c": Option("Both at the same layer: it is the same kind of question.", ""),
            },
        )
    ),
    "fold": Prediction(
        Question(
            "The gain and the bias of the last LayerNorm are multiplied into the unembedding, "
            "so that every entry of W_U changes. What happens to the logits?",
            {
                "a": Option("Small changes: the ranking of tokens mostly stays.", ""),
                "b": Option(
                    "Nothing, beyond rounding.",
                    "What is moved is linear and comes right before another linear map, so the "
                    "two are one map, only written down differently. The weights "
                    "look different; the function is the same one.",
                    right=True,
                ),
                "c": Option("Large changes: it would have to be trained again.", ""),
            },
        )
    ),
}

questions = Quiz(
    [
        Question(
            "Take the last residual stream, before the final LayerNorm, and subtract the term "
            "of one head. What is left?",
            {
                "a": Option(
                    "Exactly the sum of all the other terms of this forward pass.",
                    "Yes: every part adds to the stream, and a sum can be taken apart again. It "
                    "is *not* the stream of a network without this head, because later parts "
                    "have already read what the head wrote.",
                    right=True,
                ),
                "b": Option(
                    "The stream of the network with this head ablated.",
                    "Later layers read this head's term before you took it away, so their own "
                    "terms still depend on it. Only running the network again shows that.",
                ),
                "c": Option(
                    "Nothing that can be interpreted: the layers are not linear.",
                    "What happens *inside* a part is not linear, but its result is added, and "
                    "adding is.",
                ),
            },
        ),
        Question(
            "In direct logit attribution every part is divided by the scale of the whole "
            "stream, held fixed. Why not by a scale of its own?",
            {
                "a": Option(
                    "It is only faster: the parts' own scales give the same numbers.",
                    "They do not: a tiny part would be blown up to the size of a big one.",
                ),
                "b": Option(
                    "A part alone has no variance.",
                    "It has one, and nothing would crash. The numbers would mean something else.",
                ),
                "c": Option(
                    "The network divides their sum once; only with that number do the parts add "
                    "up to the logit difference.",
                    "Yes. The scale depends on all parts together. Fixed, what remains is "
                    "linear, and its terms have the right total.",
                    right=True,
                ),
            },
        ),
        Question(
            "After layer 0 the logit lens ranks the right answer 90th. What may you conclude?",
            {
                "a": Option(
                    "The network does not know the answer yet.",
                    "The lens reads with the *last* layer's dictionary. What the stream holds "
                    "in other directions is invisible to it, and later layers can use it.",
                ),
                "b": Option(
                    "The answer cannot be read there *with W_U*; it may be there in another form.",
                    "Yes. A lens that sees something is evidence; one that sees nothing is "
                    "hardly any.",
                    right=True,
                ),
                "c": Option(
                    "Layer 0 does not matter for the answer.",
                    "The lens shows what can be read, not what is used: remove the layer and see.",
                ),
            },
        ),
        Question(
            "A hook function says `z[:, 3, 1] = 0; return z`. What is the trouble with it?",
            {
                "a": Option(
                    "None: the hook only sees a private copy.",
                    "It gets the activation itself, the very tensor that a cache or another "
                    "hook may hold.",
                ),
                "b": Option(
                    "Nothing is changed in the forward pass.",
                    "It is, and that is why the mistake is easily missed: the number comes out as "
                    "expected, and something else is spoiled.",
                ),
                "c": Option(
                    "It writes into the tensor that others hold too, so a cached clean value "
                    "is silently overwritten.",
                    "Yes: copy first, change the copy, return it.",
                    right=True,
                ),
            },
        ),
        Question(
            "Why are later positions masked before the softmax and not after it?",
            {
                "a": Option(
                    "So that the weights on the allowed positions sum to 1.",
                    "Yes. Zeroed afterwards, a row would sum to less than 1, and to how much "
                    "less would depend on scores of positions in the future.",
                    right=True,
                ),
                "b": Option(
                    "Because a softmax cannot be computed over future positions.",
                    "It can: their scores are ordinary numbers. The trouble is what they do to "
                    "the others.",
                ),
                "c": Option(
                    "There is no difference: the future gets 0 both times.",
                    "It does, but the *other* weights differ: the denominator has counted the "
                    "future, so the future leaks in through it.",
                ),
            },
        ),
        Question(
            "Two papers print W_U of the same network, and the matrices differ. One of them "
            "folded the LayerNorm. What follows?",
            {
                "a": Option(
                    "One of the two networks has been trained further.",
                    "Nothing was trained: gain and bias were moved from one place to another.",
                ),
                "b": Option(
                    "Both give the same logits; compare weights only if both are folded or neither "
                    "is.",
                    "Yes: the function is one and the same, its weights are not unique.",
                    right=True,
                ),
                "c": Option(
                    "The folded network is an approximation of the other one.",
                    "Apart from rounding it is the same function; folding leaves nothing out.",
                ),
            },
        ),
    ]
)

quiz = questions.finding()
