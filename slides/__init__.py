"""Slides renders lessons and links to files from the command line: `python -m slides --help`.

It opens the app in a browser without a window and asks the stage itself for the picture, so a file is what the Save
button of the page gives. The same arguments give the same bytes.
"""
