"""Install updates now, in four steps, with a review that says beforehand what will happen."""

from .dialog import InstallDialog

__all__ = ["InstallDialog"]
