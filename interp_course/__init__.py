"""Methods, models and checks of a hands-on course on mechanistic interpretability.

Read from the bottom up: ``runtime`` and ``assets`` (ground), ``sequences``, ``models``,
``training`` and ``hooks`` (things to study), ``attention``, ``head_weights`` and ``ablation``
(methods), ``figures`` and ``widgets`` (showing), ``checking`` and ``checks`` (exercises),
``notebooks``, ``grading`` and ``cli`` (the tools of the course). Imports only point down.
"""

__version__ = "0.1.0"
