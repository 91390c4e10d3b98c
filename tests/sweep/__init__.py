"""Every GPU by driver by framework, held against the facts by the judge of ``tests/table``."""
