"""The interface: everything that speaks to Streamlit, apart from app.py and the pages themselves."""
