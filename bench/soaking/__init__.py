"""What bench/soak and bench/reliability are made of: a fleet whose every value tells whose it is, the truth about it at
each moment, faults with a bound each, and clients that check what they are told."""
