"""What the use cases need of the world, named here and provided by the adapters.

``base`` holds the ports every flow shares; each noun's store has a module of its own.
"""
