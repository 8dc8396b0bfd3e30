"""The quiz of the unit on circuits."""

from interp_course.quizzes import Option, Question, Quiz

questions = Quiz(
    [
        Question(
            "Zero-ablating a head costs 3 nats, mean-ablating it nothing. What is likely?",
            {
                "a": Option(
                    "The head carries information that the task needs.",
                    "Then its mean, which says the same of every prompt, would cost something too.",
                ),
                "b": Option(
                    "The head adds nearly the same thing to every prompt, and later parts rely "
                    "on it.",
                    "Yes: what it adds is needed, what it knows is not.",
                    right=True,
                ),
                "c": Option(
                    "The mean was taken over the wrong prompts.",
                    "A wrong mean would rather do damage than none.",
                ),
            },
        ),
        Question(
            "Taken from the clean run, a head alone brings the whole effect back. Taken from the "
            "corrupted run, it takes nothing away. How can that be?",
            {
                "a": Option(
                    "It is enough, and something else is enough, too.",
                    "Yes: a backup, or two parts that say the same.",
                    right=True,
                ),
                "b": Option(
                    "Denoising and noising always differ like that.",
                    "For a part on the only path both say the same.",
                ),
                "c": Option(
                    "The metric is wrong.",
                    "The same metric served both.",
                ),
            },
        ),
        Question(
            "Attribution patching gives an edge a score of 0.00. What do you know?",
            {
                "a": Option(
                    "Its effect is 0.",
                    "The edges of exercise 5 had scores of 0.00 and effects of 1.",
                ),
                "b": Option(
                    "Its effect is small.",
                    "The score is a slope at one point, and says nothing about the far end.",
                ),
                "c": Option(
                    "That the metric does not change with the first bit of the way.",
                    "Yes. Where attention is saturated that is so for edges that decide.",
                    right=True,
                ),
            },
        ),
        Question(
            "A pruned circuit of facts has no edge that carries the relation, though without the "
            "relation nobody could answer. What happened?",
            {
                "a": Option(
                    "The threshold was too low.",
                    "A lower threshold keeps more edges, not fewer.",
                ),
                "b": Option(
                    "Clean and corrupted prompts have the same relation.",
                    "Yes: cutting the edge puts the same value back.",
                    right=True,
                ),
                "c": Option(
                    "The relation is stored in the unembedding.",
                    "It has to come from its word in the prompt.",
                ),
            },
        ),
        Question(
            "Two heads have textbook patterns of an induction circuit, and the network answers "
            "all prompts correctly. Is it an induction circuit?",
            {
                "a": Option(
                    "Yes: mechanism and behaviour agree.",
                    "So they did for a network that read its answer off the current word.",
                ),
                "b": Option(
                    "Yes, if the attention scores are above 0.9.",
                    "Patterns say where a head looks, and not whether anybody listens.",
                ),
                "c": Option(
                    "It takes a knock-out, a cut of the edge between them, and prompts that "
                    "nothing simpler solves.",
                    "Yes. Each look-alike failed at one of these.",
                    right=True,
                ),
            },
        ),
    ]
)

quiz = questions.finding()
