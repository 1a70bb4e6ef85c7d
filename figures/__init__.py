"""Turn arrays into pictures: scenes for the stage and Plotly figures, as plain dicts.

Nothing here depends on Streamlit. Texts are translated by `say`; colours are names from `theme` ("@text").
"""
