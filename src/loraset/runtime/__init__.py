"""What runs the stages: executors, cache, hardware, progress."""
