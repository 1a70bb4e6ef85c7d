"""Descent Lab: see how optimizers move. Start it with `streamlit run app.py`."""

from ui import frame

frame.run()
