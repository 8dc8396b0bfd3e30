"""Grade a folder of submissions: safely, in parallel, and without believing what they say.

What runs where, and who decides a score, is drawn in ``docs/grading.md``. The steps:

* ``intake`` finds submissions and refuses what cannot be graded, with the reason;
* ``mending`` brings a submitted notebook into the form that nbgrader accepts;
* ``batch`` puts a whole class in order, with ``journal`` (what has been graded already),
  ``workspace`` (the folder of grades), ``crew`` and ``work`` (who runs a submission, and where);
* ``runner`` lets nbgrader execute one submission, in ``sandbox`` if it can be had;
* ``executing`` is nbgrader's step that runs the cells, under the limits of ``watching`` and without
  ``demonstrations``; ``asking`` decides scores outside of the student's process, ``desk`` and
  ``handing`` give that process what it may have, ``values`` and ``verdicts`` are what crosses;
* ``inside``, ``standins``, ``talking`` and ``replying`` run in the student's process;
* ``scores`` stores scores in nbgrader's gradebook and reads them back;
* ``report`` prints the result; ``output`` writes what an instructor gets: scores (``lms``), a page
  for each student (``feedback``) and a report (``class_report``, with ``item_statistics`` and
  ``likeness``);
* ``waiting`` and ``formgrader`` are for answers in words, which a person grades.
"""
