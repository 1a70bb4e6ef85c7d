"""The user interface: everything that uses Streamlit, except app.py and the pages."""
