"""Truth: what we keep. One Django app for each noun, low to high as in docs/house.md."""
