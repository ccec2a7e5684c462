"""What the pages share. The only package code that imports Streamlit."""
