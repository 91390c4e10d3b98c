"""What can be wrong with what a file says: one module for each subject, all of the same form.

A rule takes a Ground and yields flaws. What decides stands in the catalog's rows, and what they
mean in the resolver: a rule only asks the same questions about what somebody else has chosen.
"""

from __future__ import annotations
