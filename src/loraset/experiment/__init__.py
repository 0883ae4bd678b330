"""The A/B kit: matched arms of one set and a frozen protocol before training, measures and statistics after it."""
