"""A tiny template language: `{{ name | filter }}`, `{% for %}`, `{% if %}`, `{# note #}`."""

from stencil.render import render

__all__ = ["render"]
