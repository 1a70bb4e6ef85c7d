"""Experiments: each takes a frozen Spec and returns arrays, the same ones in any process."""
