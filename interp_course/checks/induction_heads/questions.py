"""Predictions and the quiz of the unit on induction heads."""

from interp_course.quizzes import Option, Prediction, Question, Quiz

predictions = {
    "depth": Prediction(
        Question(
            "A network with *one* attention layer and one with *two* are trained on the same "
            "repeating sequences. On fresh random tokens, given twice, what will the "
            "one-layer network do on the second copy?",
            {
                "a": Option("Copy it nearly perfectly: attention sees the first copy.", ""),
                "b": Option("Copy about half of it.", ""),
                "c": Option(
                    "Hardly better than chance at naming the next token.",
                    "One layer can find the earlier copy of the current token, but a key is "
                    "computed from the token at its own position alone: it cannot know which "
                    "token came before it. That takes a second layer.",
                    right=True,
                ),
            },
        )
    ),
    "ablation": Prediction(
        Question(
            "The network has one previous-token head and several induction heads. Mean-ablate "
            "one head at a time. Which single ablation costs most on the second copy?",
            {
                "a": Option("Any one induction head: it does the copying.", ""),
                "b": Option(
                    "The previous-token head, though it copies nothing itself.",
                    "All induction heads read what the one previous-token head writes, but each "
                    "induction head has colleagues that do the same work. A part can be "
                    "necessary without being the one that acts, and a part that acts can be "
                    "replaceable.",
                    right=True,
                ),
                "c": Option("No single head matters: the others back it up.", ""),
            },
        )
    ),
}

questions = Quiz(
    [
        Question(
            "A sequence is `… Q R … Q`, and the model is at the second Q. Where does an "
            "induction head attend?",
            {
                "a": Option(
                    "To the first Q.",
                    "That is a duplicate-token head. It knows *that* Q came before, but the "
                    "token to be copied is one further.",
                ),
                "b": Option(
                    "To R.",
                    "Yes: its key says 'the token before me is Q', and its value is R.",
                    right=True,
                ),
                "c": Option(
                    "To the token before the first Q.",
                    "That token does not help to predict what follows Q.",
                ),
            },
        ),
        Question(
            "Through which input does the previous-token head mainly influence the induction head?",
            {
                "a": Option(
                    "Its queries (Q-composition).",
                    "Some explanations say so. The query is the current token, which is in the "
                    "residual stream from the start; your ablation of the Q path cost little.",
                ),
                "b": Option(
                    "Its keys (K-composition).",
                    "Yes: the key at R has to carry Q, the token before it, and only the "
                    "previous-token head can put it there.",
                    right=True,
                ),
                "c": Option(
                    "Its values (V-composition).",
                    "The value that is copied is the token at the attended position itself; "
                    "your ablation of the V path changed next to nothing.",
                ),
            },
        ),
        Question(
            "A head has an induction score of 0.9. What follows?",
            {
                "a": Option(
                    "It attends as an induction head does. What it writes is another question.",
                    "Yes: the score looks at the pattern only. A head that attends so and "
                    "*lowers* the copied token scores just as high; the OV circuit must be "
                    "checked as well.",
                    right=True,
                ),
                "b": Option(
                    "It raises the logit of the token it attends to.",
                    "The score never looks at W_O or W_U. That is what the copying score is for.",
                ),
                "c": Option(
                    "The model needs it.",
                    "Ablating one of several induction heads cost little here. Attention is "
                    "evidence of what a head looks at, not of what depends on it.",
                ),
            },
        ),
        Question(
            "Why is the score measured on *random* tokens rather than on the training text?",
            {
                "a": Option(
                    "Random tokens are faster to generate.",
                    "They are, but that is not the point.",
                ),
                "b": Option(
                    "The model has seen them in training.",
                    "It has not, and must not have: memory would count as induction.",
                ),
                "c": Option(
                    "In random tokens nothing but copying can predict the second copy.",
                    "Yes: bigram statistics, which the model also learned, predict nothing there.",
                    right=True,
                ),
            },
        ),
        Question(
            "The K-composition score of two heads is 0.13. Is that much?",
            {
                "a": Option(
                    "It cannot be said without a baseline of random matrices.",
                    "Yes. With d_model = 64 random pairs of heads score 0.125: what counts is "
                    "the distance from there, in standard deviations.",
                    right=True,
                ),
                "b": Option(
                    "Yes: without composition it would be 0.",
                    "Products of random matrices have a norm too: about 1/sqrt(d_model) "
                    "of the product of norms.",
                ),
                "c": Option(
                    "No: a real composition is close to 1.",
                    "Even the true pair of this network is far below 1, yet far above the baseline",
                ),
            },
        ),
        Question(
            "The loss, the in-context-learning score and the induction scores change in the same "
            "few hundred training steps. Does that show that induction heads cause in-context "
            "learning?",
            {
                "a": Option(
                    "Yes: the timing cannot be chance.",
                    "Two things can change together because a third one does. Timing is where "
                    "the question starts.",
                ),
                "b": Option(
                    "No, but ablating the circuit's heads in the trained network does, here.",
                    "Yes: an intervention separates cause from company. In this network the "
                    "whole gain on the second copy goes when the circuit is cut.",
                    right=True,
                ),
                "c": Option(
                    "No, and no experiment could show it.",
                    "You did one: cut the path, and measure what is lost.",
                ),
            },
        ),
        Question(
            "In a larger model you ablate one induction head and the loss hardly changes. What "
            "is a sound conclusion?",
            {
                "a": Option(
                    "The head plays no part.",
                    "The same test would 'show' that none of the heads of this network plays a "
                    "part: each has colleagues.",
                ),
                "b": Option(
                    "The ablation was done wrongly.",
                    "It may have been right. Redundant parts look just like this.",
                ),
                "c": Option(
                    "The model can do without this head alone; ablate the group before concluding.",
                    "Yes: redundancy hides importance from single ablations.",
                    right=True,
                ),
            },
        ),
    ]
)

quiz = questions.finding()
