"""The demonstration: a whole operator on one machine, two sessions from plug to receipt, then a busy day."""
