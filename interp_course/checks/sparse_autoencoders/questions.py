"""Predictions and the quiz of the unit on sparse autoencoders."""

from interp_course.quizzes import Option, Prediction, Question, Quiz

predictions = {
    "null": Prediction(
        Question(
            "Which of these will tell the dictionary of the untrained network from the other one?",
            {
                "a": Option(
                    "Its FVU: random weights cannot be reconstructed by a few latents.",
                    "They can. The activations of an untrained network are sums of a word's random "
                    "vector and a position's, and those are few.",
                ),
                "b": Option(
                    "How many of its latents match a word or a variable.",
                    "Words are what a random network keeps apart best, so its latents match them "
                    "well, and they count as interpretable.",
                ),
                "c": Option(
                    "Whether a country can be found where no country is named, and whether the "
                    "network's loss suffers without the activation.",
                    "Both need a network that has computed something. Everything else can be had "
                    "for the text alone.",
                    right=True,
                ),
                "d": Option(
                    "L0 and the share of dead latents.",
                    "Both are set by the recipe, which is the same.",
                ),
            },
        )
    ),
    "dose": Prediction(
        Question(
            "The latent is held at 0.5, 1, 2, 3, 5 and 10 times its largest value. How will the "
            "share of texts that contain the country's own name develop?",
            {
                "a": Option(
                    "It rises all the way.",
                    "What belongs to the country does. The name itself needs a sentence around it, "
                    "and at ten times the largest value no sentence is left.",
                ),
                "b": Option(
                    "It rises, and then it falls again.",
                    "At some dose the activation is unlike any that the network has ever seen, and "
                    "the later layers make of it what they will.",
                    right=True,
                ),
                "c": Option(
                    "It jumps at the first dose and stays there.",
                    "At its largest ordinary value the latent is still one among others, and most "
                    "texts never ask for a country.",
                ),
            },
        )
    ),
}

questions = Quiz(
    [
        Question(
            "Two ReLU dictionaries have the same reconstruction and the same sum of activations. "
            "One has decoder rows of length 1, the other of length 3. Which one does the loss of "
            "exercise 1 prefer?",
            {
                "a": Option(
                    "Neither: the sums of activations are equal.",
                    "The loss weighs each activation with the length of its row.",
                ),
                "b": Option(
                    "The one with rows of length 1: the other one's price is three times as high.",
                    "Yes. A price on activations alone could be lowered by longer rows.",
                    right=True,
                ),
                "c": Option(
                    "The one with rows of length 3: its latents do more.",
                    "Doing more with the same activation is just what the norm charges for.",
                ),
            },
        ),
        Question(
            "Your dictionary explains 98 % of the variance with 6 active latents. What does that "
            "say about whether its latents are features of the network's computation?",
            {
                "a": Option(
                    "It proves it: noise could not be compressed like that.",
                    "A network with random weights came to 89 % with the same number of latents.",
                ),
                "b": Option(
                    "It proves that at least most of them are.",
                    "The number is about the reconstruction, and words alone reconstruct well.",
                ),
                "c": Option(
                    "Little, without a null to compare with and a test of what the network uses.",
                    "Yes: compare with a network that learned nothing, and intervene.",
                    right=True,
                ),
            },
        ),
        Question(
            "A latent has perfect precision for a country and is silent in a fifth of the cases, "
            "all of which are about one city. What is a likely reason?",
            {
                "a": Option(
                    "Another latent stands for that city and speaks for the country too.",
                    "Yes: absorption. One active latent is cheaper than two.",
                    right=True,
                ),
                "b": Option(
                    "The latent is dead.",
                    "A dead latent is never active.",
                ),
                "c": Option(
                    "The dictionary is too small.",
                    "Absorption needs a latent for the city: a larger dictionary has more of them.",
                ),
            },
        ),
        Question(
            "A latent detects harmful requests with an F1 of 0.98. Setting it to 0 leaves every "
            "refusal as it was. Which reading fits?",
            {
                "a": Option(
                    "The F1 must have been measured on the examples that chose the latent.",
                    "That flatters, but an F1 of 0.98 would not come from it.",
                ),
                "b": Option(
                    "The network does not represent harm.",
                    "Something harmful is detected, so it is represented.",
                ),
                "c": Option(
                    "The latent detects harm, and the network acts on it by other means as well.",
                    "Yes. Detection is not control; other latents, or what the dictionary left "
                    "over, may carry the same.",
                    right=True,
                ),
            },
        ),
        Question(
            "After training, FVU on training batches is 0.1 and jumps up and down; on held-out "
            "samples it is 0.15 throughout. What do you look at first?",
            {
                "a": Option(
                    "The sparsity price.",
                    "It acts on all batches alike.",
                ),
                "b": Option(
                    "Whether the buffer shuffles: each batch seems to be about something else.",
                    "Yes. Neighbouring activations come from the same texts, and the dictionary "
                    "chases whatever came last.",
                    right=True,
                ),
                "c": Option(
                    "The dead latents.",
                    "They make FVU worse, evenly on both.",
                ),
            },
        ),
    ]
)

quiz = questions.finding()
