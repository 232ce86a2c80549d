"""What is true without a cloud: pure data and functions, below settings and components alike."""
