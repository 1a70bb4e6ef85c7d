"""Renders lessons and links to files from the command line: `python -m slides --help`.

It opens the app in a headless browser and exports each picture with the page's own code, so a file is the same as from
the page's Save button. The same arguments give the same bytes.
"""
