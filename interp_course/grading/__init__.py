"""Grade a folder of submissions with nbgrader's own autograder.

The work is cut so that each step can be replaced on its own:

* ``intake`` finds submissions and refuses what cannot be graded, with the reason;
* ``mending`` brings a submitted notebook into the form that nbgrader accepts;
* ``runner`` executes one submission and is the only step that runs a student's code;
* ``scores`` reads the scores of a submission back from the gradebook;
* ``batch`` puts them in order for a whole class;
* ``report`` prints the result;
* ``output`` writes what an instructor gets: scores (``lms``), a page for each student
  (``feedback``) and a report (``class_report``, with ``item_statistics`` and ``likeness``);
* ``waiting`` and ``formgrader`` are for answers in words, which a person grades.

Warning:
    In this version a submission runs as an ordinary process of the user who grades, without
    a sandbox: it can read and change that user's files, reach the network, and forge its own
    score. Grade only people you trust, or inside a virtual machine or container.
"""
