"""Figures and words for people: money, quantities, dates as their language writes them."""
