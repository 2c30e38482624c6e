"""The sandbox provider of the lab, spoken to as any other gateway."""
