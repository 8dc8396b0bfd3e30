"""The course as a static site: ``python -m website [FOLDER]``. No part of the package."""
