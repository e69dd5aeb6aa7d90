"""Install updates now, in four steps, with a review of what will happen."""

from .dialog import InstallDialog

__all__ = ["InstallDialog"]
