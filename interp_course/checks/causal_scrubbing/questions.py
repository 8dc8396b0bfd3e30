"""The prediction and the quiz of the unit on causal scrubbing."""

from interp_course.quizzes import Option, Prediction, Question, Quiz

predictions = {
    "flaw": Prediction(
        Question(
            "The network reads *The cat sat on the mat . The cat*. Its induction head is given the "
            "output that it has on *A dog ran in the park . The dog*, where the match is at the "
            "same place. Which word comes next?",
            {
                "a": Option("*sat*: the head found the same place in both sentences.", ""),
                "b": Option(
                    "*ran*.",
                    "The head's output is not a place: it is what its values carried away from "
                    "that place, and in the other sentence that was *ran*.",
                    right=True,
                ),
                "c": Option("No word stands out: two sentences have been mixed.", ""),
            },
        )
    ),
}

questions = Quiz(
    [
        Question(
            "A hypothesis recovers 100 % of the loss. What do you look at next?",
            {
                "a": Option(
                    "Nothing: it is confirmed.",
                    "The hypothesis that keeps every input as it is recovers 100 %, too, and so "
                    "may one whose predictions differ from the model's.",
                ),
                "b": Option(
                    "How much was exchanged, and the KL divergence from the model.",
                    "Yes: whether there was a test at all, and whether the scrubbed model agrees "
                    "with the model input by input.",
                    right=True,
                ),
                "c": Option(
                    "Its loss recovered on more samples.",
                    "More samples make the standard error smaller. They do not make an empty test "
                    "a test.",
                ),
            },
        ),
        Question(
            "Wrong keys recover half of the loss, and 3 % of the answers are right. How can that "
            "be?",
            {
                "a": Option(
                    "Half of the mechanism has been found.",
                    "Then some answers would be right. Here they are as rare as by guessing.",
                ),
                "b": Option(
                    "The sample is too small.",
                    "With thousands of samples the numbers are the same.",
                ),
                "c": Option(
                    "The baseline is a model that is confidently wrong, and being unsure costs "
                    "less.",
                    "Yes: against the best constant prediction the same model recovers less than "
                    "nothing.",
                    right=True,
                ),
            },
        ),
        Question(
            "Why do all the unimportant inputs of a node get one and the same other input?",
            {
                "a": Option(
                    "Otherwise the result would depend on whether a layer is drawn as one node or "
                    "as its heads.",
                    "Yes (Chan et al. 2022): how finely the unimportant part is drawn should not "
                    "matter.",
                    right=True,
                ),
                "b": Option(
                    "It saves forward passes.",
                    "The cost is about the same: their activations are there already.",
                ),
                "c": Option(
                    "They are correlated, so that the test becomes stricter.",
                    "It becomes milder or stricter, depending on the network: inputs that fit "
                    "together may cancel where separate ones would not.",
                ),
            },
        ),
        Question(
            "Queries and keys of the induction head are exchanged by the place of the match. When "
            "does that leave the answers as they are?",
            {
                "a": Option(
                    "With a sample for each: both agree on the place.",
                    "A query of one prompt looks for its own word, and the keys of another prompt "
                    "do not hold it at that place.",
                ),
                "b": Option(
                    "With one sample for both: together they make the pattern.",
                    "Yes: the place is a feature of the pattern, and of neither of the two alone.",
                    right=True,
                ),
                "c": Option(
                    "Never: the place is no feature of the head.",
                    "It is the feature of its pattern.",
                ),
            },
        ),
        Question(
            "In all your data the first number equals the second one. What can scrubbing not tell?",
            {
                "a": Option(
                    "Whether the network uses either of them.",
                    "Exchange the head for one with any number: that fails if it is used.",
                ),
                "b": Option(
                    "Whether a head carries a third variable.",
                    "It can, as long as the third one varies.",
                ),
                "c": Option(
                    "Which of the two a head carries.",
                    "Yes: the two features have the same classes, so the two hypotheses allow "
                    "the same exchanges.",
                    right=True,
                ),
            },
        ),
    ]
)

quiz = questions.finding()
