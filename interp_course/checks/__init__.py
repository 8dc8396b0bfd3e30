"""Checks of the exercises, one package for each unit. Nothing here imports the methods."""
