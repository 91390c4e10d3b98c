"""Tables of gathered facts → rows of the catalog, one module a subject.

Each module has one function a sheet, which takes the ``Facts`` and gives the rows; it decides
nothing that a table does not say, and copies the table's own source into ``evidence``.
"""

from __future__ import annotations
