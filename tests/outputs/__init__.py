"""Proofs that hold for every output format: what each pins, and that nothing breaks its syntax."""
