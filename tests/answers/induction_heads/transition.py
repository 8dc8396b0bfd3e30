"""Answers to "when did it happen" as students write them."""

import numpy as np

EXERCISE = "transition"


def only_for_rising_curves(steps, values):
    low, high = min(values), max(values)
    start = next(s for s, v in zip(steps, values, strict=True) if v >= low + 0.1 * (high - low))
    end = next(s for s, v in zip(steps, values, strict=True) if v >= low + 0.9 * (high - low))
    return start, end


def share_of_the_last_value(steps, values):
    share = [value / values[-1] for value in values]
    start = next((s for s, x in zip(steps, share, strict=True) if x >= 0.1), steps[-1])
    end = next((s for s, x in zip(steps, share, strict=True) if x >= 0.9), steps[-1])
    return start, end


def indices(steps, values):
    share = (np.array(values) - values[0]) / (values[-1] - values[0])
    return int((share >= 0.1).argmax()), int((share >= 0.9).argmax())


def last_below(steps, values):
    share = (np.array(values) - values[0]) / (values[-1] - values[0])
    return steps[int((share >= 0.1).argmax()) - 1], steps[int((share >= 0.9).argmax()) - 1]


def quartiles(steps, values):
    share = (np.array(values) - values[0]) / (values[-1] - values[0])
    return steps[int((share >= 0.25).argmax())], steps[int((share >= 0.75).argmax())]


def width(steps, values):
    share = (np.array(values) - values[0]) / (values[-1] - values[0])
    return steps[int((share >= 0.9).argmax())] - steps[int((share >= 0.1).argmax())]


def steepest(steps, values):
    place = int(np.abs(np.diff(values)).argmax())
    return steps[place], steps[place + 1]


WRONG = {
    only_for_rising_curves: "taken to be rising",
    share_of_the_last_value: "shares of the last value",
    indices: "places in the list",
    last_below: "*before* the bound",
    quartiles: "25 %",
    width: "width",
    steepest: "steepest",
}


def with_numpy(steps, values):
    share = (np.array(values) - values[0]) / (values[-1] - values[0])
    return steps[int(np.argmax(share >= 0.1))], steps[int(np.argmax(share >= 0.9))]


def with_a_loop(steps, values):
    found = []
    for bound in (0.1, 0.9):
        for step, value in zip(steps, values, strict=True):
            if (value - values[0]) / (values[-1] - values[0]) >= bound:
                found.append(step)
                break
    return found


RIGHT = [with_numpy, with_a_loop]
