"""What the benchmarks are made of: a light fleet, a whole installation, and the limits to hold it against."""
