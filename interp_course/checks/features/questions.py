"""Predictions and the quiz of the unit on features as directions."""

from interp_course.quizzes import Option, Prediction, Question, Quiz

predictions = {
    "probe": Prediction(
        Question(
            "*The dogs near the car*: a probe reads the stream at the last noun, *before* layer 0. "
            "It is trained twice: on the number of the subject (dogs), and on random labels, one "
            "for each last noun (car). How well does it do on new prompts?",
            {
                "a": Option("Both times at the level of chance: nothing is computed yet.", ""),
                "b": Option(
                    "Subject's number: chance. Random labels: nearly perfect.",
                    "The stream holds the last word and its position there, and nothing of what "
                    "came earlier. But a different random vector for each noun is all that is "
                    "needed to memorise random labels.",
                    right=True,
                ),
                "c": Option("Subject's number: nearly perfect. Random labels: chance.", ""),
            },
        )
    ),
    "idle": Prediction(
        Question(
            "After layer 2, at the last noun, a probe reads both numbers with 100 %: that of the "
            "subject, and that of the attractor. Each direction is taken out in turn. What happens "
            "to the agreement of the verb?",
            {
                "a": Option("Both ablations break it: the two numbers compete.", ""),
                "b": Option("Neither does much: one direction of 96 is too little.", ""),
                "c": Option(
                    "Without the subject's direction it is gone; without the attractor's nothing "
                    "happens.",
                    "What a probe can read, the network need not use. The attractor's number is in "
                    "the stream because the attractor itself is, and no later part asks for it. "
                    "Even random directions do as much.",
                    right=True,
                ),
            },
        )
    ),
}

questions = Quiz(
    [
        Question(
            "A probe reads the sentiment from layer 1 with 99 % accuracy, on held-out texts. What "
            "is still missing before you write that the network *uses* this direction?",
            {
                "a": Option(
                    "A probe with more parameters, to be sure.",
                    "A stronger probe can read even more that the network does not use.",
                ),
                "b": Option(
                    "An intervention along the direction that changes what the network does, "
                    "beside random directions.",
                    "Yes. Reading is correlation. Use shows when the direction is changed and the "
                    "output follows, more than for directions drawn at random.",
                    right=True,
                ),
                "c": Option(
                    "Nothing: held-out data rule out chance.",
                    "They rule out memorised examples. The attractor's number was held out too, "
                    "and it was idle.",
                ),
            },
        ),
        Question(
            "On its task a probe reaches 97 %, on the control task 96 %. What do you conclude?",
            {
                "a": Option(
                    "The probe can memorise such labels, so its accuracy says little about what "
                    "the network computes.",
                    "Yes: the selectivity is 1 point. A weaker probe, or examples with new words, "
                    "would say more.",
                    right=True,
                ),
                "b": Option(
                    "The network represents the random labels of the control task.",
                    "It cannot: they were drawn after it was trained. They are read off the "
                    "identity of the words.",
                ),
                "c": Option(
                    "Both tasks are represented equally well.",
                    "The control task has nothing to represent.",
                ),
            },
        ),
        Question(
            "The twenty strongest examples of a neuron are all about dogs. Which look would best "
            "show whether it is polysemantic?",
            {
                "a": Option(
                    "The next twenty.",
                    "A little better, but a second meaning at half the strength comes after "
                    "hundreds of dogs.",
                ),
                "b": Option(
                    "The weights of the neuron.",
                    "Useful, but they say what it could answer to, not what texts make it do.",
                ),
                "c": Option(
                    "Examples from all strengths, down to weak ones.",
                    "Yes: in the middle of the range other meanings come to light.",
                    right=True,
                ),
            },
        ),
        Question(
            "You ablate a direction and the log-odds fall by 0.2. Of 200 random directions of the "
            "same size, 30 cost at least 0.2. What do you report?",
            {
                "a": Option(
                    "The direction has an effect of 0.2.",
                    "So has nearly every sixth direction: that is what any change costs.",
                ),
                "b": Option(
                    "No effect beyond random directions was found: p is about 0.15.",
                    "Yes: (1 + 30) / 201.",
                    right=True,
                ),
                "c": Option(
                    "The direction is idle.",
                    "That it is idle has not been shown either, only that its effect cannot be "
                    "told from chance here.",
                ),
            },
        ),
        Question(
            "Steering changes the language of every continuation, and texts without a language "
            "lose 2.5 nats per word. What is wrong with reporting success?",
            {
                "a": Option(
                    "Something else broke as well: a push that ruins all texts shows little about "
                    "one direction.",
                    "Yes. Measure the price on other texts, and look for the smallest push, at the "
                    "fewest positions, that still works.",
                    right=True,
                ),
                "b": Option(
                    "Nothing: the aim was to change the language.",
                    "Noise that is strong enough changes the language too.",
                ),
                "c": Option(
                    "2.5 nats is a small price.",
                    "It divides the probability of each right word by twelve.",
                ),
            },
        ),
        Question(
            "With 12,800 features in 512 dimensions, 1 % of them active, the typical interference "
            "is 0.5. What does that mean for reading with a threshold of 0.5?",
            {
                "a": Option(
                    "Every inactive feature stays below it.",
                    "0.5 is one standard deviation of the interference, not its maximum.",
                ),
                "b": Option(
                    "The space is full: no further direction can be added.",
                    "There is no such point. More directions mean more interference, gradually.",
                ),
                "c": Option(
                    "About one inactive feature in six is above it at any time.",
                    "Yes: a Gaussian exceeds one standard deviation on one side in 16 % of cases.",
                    right=True,
                ),
            },
        ),
    ]
)

quiz = questions.finding()
