"""A picture that a phone's camera reads, as an address that stands in the page itself (`data:`)."""


def picture(text: str) -> str:
    """A QR code (ISO/IEC 18004) with medium error correction, as an SVG."""
    import segno

    return segno.make(text, error="m", micro=False).svg_data_uri(border=0, dark="#000", light=None, scale=4)
