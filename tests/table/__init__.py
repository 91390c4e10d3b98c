"""The independent judge: expected answers and a checker that read only the facts' tables.

Nothing here imports ``provisioner`` except the test that runs the command line.
"""
