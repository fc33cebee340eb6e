"""Alembic's migrations, run by `shenyong migrate` and never by hand."""
