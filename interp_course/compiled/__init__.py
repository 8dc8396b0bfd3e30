"""Transformers whose weights are set by hand, so that the circuit in them is known.

`induction`, `inhibition`, `two_hop` and `adder` are networks with a task, a circuit and the truth
about every part of it; `null` gives look-alikes without that circuit. They are written in the
language of `compiled.language`. `SlotLayout` and `assemble` put plain matrices into a model.
"""

from interp_course.compiled.adder_network import Total, adder
from interp_course.compiled.induction_network import induction
from interp_course.compiled.inhibition_network import inhibition
from interp_course.compiled.nulls import NULLS, null
from interp_course.compiled.prompts import NOTHING, Compiled, Prompts, Task, accuracy
from interp_course.compiled.slots import SLOTS, SlotLayout, assemble
from interp_course.compiled.two_hop_network import two_hop

__all__ = [
    "NOTHING",
    "NULLS",
    "SLOTS",
    "Compiled",
    "Prompts",
    "SlotLayout",
    "Task",
    "Total",
    "accuracy",
    "adder",
    "assemble",
    "induction",
    "inhibition",
    "null",
    "two_hop",
]
