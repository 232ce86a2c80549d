"""What an outside judge (checkov, https://www.checkov.io) says of every stack, against a baseline with reasons."""
