"""Run the code of submissions where it can reach nothing but itself.

Two walls. The outer one is built by bubblewrap (`bubblewrap`): no network, no files of this
machine but Python, its libraries and a copy of the student-visible part of this package, no
environment variables, no privileges. The inner one (`walls`) stands between submissions that
share an outer one: each kernel gets process, mount, network and ipc namespaces of its own, its
own temporary folders, and sees of the jobs' folder only its own.

* ``limits`` says how much a submission may use;
* ``room`` lists what is visible inside;
* ``bubblewrap`` is the one `Backend` so far; ``backend`` says what another one must do;
* ``launching`` starts kernels, cold (an outer wall each) or warm (forked from a process that
  has imported the libraries), and is all that runs outside;
* ``keeper``, ``walls`` and ``sealing`` run inside, before any line of a submission does;
* ``provisioning`` fits it into Jupyter, ``running`` into the grader.

Not promised: an error in the Linux kernel itself is not held back. Where that matters, grade
inside a virtual machine.
"""
