"""Predictions and the quiz of the unit on superposition."""

from interp_course.quizzes import Option, Prediction, Question, Quiz

predictions = {
    "sparse": Prediction(
        Question(
            "The model is trained twelve times, with features that are active with probability 1, "
            "0.7 and so on down to 0.01. How many of the five will be represented in the two "
            "dimensions?",
            {
                "a": Option("Two each time: there are two dimensions.", ""),
                "b": Option("Five each time: half a feature is better than none.", ""),
                "c": Option(
                    "Two when all are active all the time, and more and more the rarer they are.",
                    "Two features that share a direction disturb each other only when both are "
                    "active. The rarer that is, the less sharing costs, while forgetting a feature "
                    "costs the same share of its variance as ever.",
                    right=True,
                ),
            },
        )
    ),
}

questions = Quiz(
    [
        Question(
            "A paper says that its features have a sparsity of 0.99. What do you need to know?",
            {
                "a": Option(
                    "Nothing: 99 % of the features are active.",
                    "In some papers it says just the opposite.",
                ),
                "b": Option(
                    "Nothing: each feature is active in 1 % of cases.",
                    "That is what Elhage et al. mean by it; others count the active share.",
                ),
                "c": Option(
                    "Whether it is the probability of being inactive or of being active.",
                    "Yes. Both are in use, and 0.99 and 0.01 are then the same features.",
                    right=True,
                ),
            },
        ),
        Question(
            "All features of a model in 10 dimensions are represented, and each has a "
            "dimensionality of 2/5. How many features are there, if they fill the space evenly?",
            {
                "a": Option(
                    "4.",
                    "Four features would have a dimension each, with six to spare.",
                ),
                "b": Option(
                    "25: the dimensionalities add up to the number of dimensions.",
                    "Yes: 25 times 2/5 is 10, five pentagons in five planes.",
                    right=True,
                ),
                "c": Option(
                    "It cannot be said.",
                    "It can, where the space is filled evenly: then the sum is the number of "
                    "dimensions.",
                ),
            },
        ),
        Question(
            "Why does superposition pay with a ReLU and not without?",
            {
                "a": Option(
                    "Where the interference is negative the ReLU removes it, and so features can "
                    "point away from one another without disturbing.",
                    "Yes. A linear model pays for interference of both signs, and forgetting is "
                    "cheaper then.",
                    right=True,
                ),
                "b": Option(
                    "A ReLU adds dimensions.",
                    "The hidden space keeps its size. Only what can be read from it changes.",
                ),
                "c": Option(
                    "Without a ReLU the model cannot be trained.",
                    "It can, and it finds what principal components find.",
                ),
            },
        ),
        Question(
            "Two features, one dimension, p = 0.01, the second is as important as the first. What "
            "happens, and why?",
            {
                "a": Option(
                    "One of them is dropped: there is one dimension.",
                    "Dropping costs a variance of about p / 3, sharing about p squared / 3.",
                ),
                "b": Option(
                    "They share it with the same sign, so that no negative numbers are needed.",
                    "Then nobody could tell which of the two is active.",
                ),
                "c": Option(
                    "They share it with opposite signs: both are active once in 10,000 cases.",
                    "Yes: the loss is of order p squared instead of p.",
                    right=True,
                ),
            },
        ),
        Question(
            "A network's 20 directions in 5 dimensions have a worst cosine of 0.40, and the Welch "
            "bound is 0.397. What does that say?",
            {
                "a": Option(
                    "There is no interference to speak of.",
                    "There is: 0.4 with some other feature.",
                ),
                "b": Option(
                    "No arrangement could make the worst cosine much smaller.",
                    "Yes. Whether the worst cosine is what matters to the network is another "
                    "question.",
                    right=True,
                ),
                "c": Option(
                    "The network's loss is as small as it can be.",
                    "The bound knows nothing of the loss, of signs, frequencies or importances.",
                ),
            },
        ),
    ]
)

quiz = questions.finding()
