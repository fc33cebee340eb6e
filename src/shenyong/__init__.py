"""Shenyong 審用: the Executive Yuan's guideline on generative AI, carried out."""

__version__ = "0.1.0"
