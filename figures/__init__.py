"""Figures turn arrays into pictures: scenes for the stage and Plotly figures, as plain dicts.

A figure knows nothing of Streamlit. Words come translated through `say`, colours by name ("@text") from `theme`.
"""
