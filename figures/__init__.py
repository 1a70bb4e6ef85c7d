"""Figures turn arrays into pictures: scenes for the stage and Plotly figures, as plain dicts.

A figure does not depend on Streamlit. Texts are translated by `say`; colours are names from `theme` ("@text").
"""
