"""The demo's story, from the sample data to the proof."""
