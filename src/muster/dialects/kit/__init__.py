"""What HTTP itself repeats from dialect to dialect. It knows no vendor."""
