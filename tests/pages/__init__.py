"""The pages by Streamlit's AppTest."""
