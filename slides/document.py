"""PDF documents of SVG pictures, one per page, printed by the browser so that they remain lines and text."""

from __future__ import annotations

import base64
import re

from playwright.sync_api import BrowserContext

PAGE = """<!doctype html><title>Descent Lab</title><style>
@page {{ size: {width}px {height}px; margin: 0; }}
body {{ margin: 0; }}
img {{ display: block; width: {width}px; height: {height}px; break-after: page; }}
img:last-child {{ break-after: auto; }}
</style>{images}"""
DATE = re.compile(rb"(/(?:CreationDate|ModDate) )\(D:\d{14}\+00'00'\)")  # replaced by one of the same length


def pdf(context: BrowserContext, pictures: list[bytes], width: int, height: int) -> bytes:
    """Return a PDF with one page per picture, of the pictures' size (CSS px)."""
    images = "".join(f'<img src="data:image/svg+xml;base64,{base64.b64encode(svg).decode()}">' for svg in pictures)
    page = context.new_page()
    page.set_content(PAGE.format(width=width, height=height, images=images))
    page.evaluate("Promise.all([...document.images].map((image) => image.decode()))")
    document = page.pdf(prefer_css_page_size=True, print_background=True)
    page.close()
    return DATE.sub(rb"\g<1>(D:20000101000000+00'00')", document)
