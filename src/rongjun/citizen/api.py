"""The door of the citizen pages."""

from rongjun.citizen.shell import citizen_shell

__all__ = ["citizen_shell"]
