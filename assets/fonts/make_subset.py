"""Cuts the window's fonts out of Noto Sans CJK.

    python make_subset.py chinese NotoSansCJK-Regular.ttc NotoSansCJK-SC-subset.otf
    python make_subset.py latin NotoSansCJK-Bold.ttc NotoSansCJK-SC-bold-latin.otf

Needs fonttools. The same input and the same fonttools give the same bytes.

`chinese` keeps all of GB 2312 (6 763 characters and its symbols), Latin with accents, Greek,
arrows, operators and the few shapes the plots draw; `latin` keeps Latin, punctuation and arrows.
The line metrics are tightened: the original leaves room that a window full of labels never needs.
"""

import sys

from fontTools import subset
from fontTools.ttLib import TTFont

SIMPLIFIED_CHINESE = 2  # face number inside the collection
ASCENT, DESCENT = 0.98, 0.28  # of the em
LATIN = [(0x20, 0x17F), (0x2010, 0x205F), (0x20AC, 0x20AC), (0x2190, 0x2199)]
SYMBOLS = [(0x391, 0x3C9), (0x2070, 0x209C), (0x2190, 0x21FF), (0x2200, 0x22FF), (0x2460, 0x2473)]
SYMBOLS += [(0x25A0, 0x25FF), (0x2605, 0x2606), (0x2318, 0x2318), (0x23CE, 0x23CE)]
SYMBOLS += [(0x2423, 0x2423), (0x2713, 0x2717), (0x3000, 0x3020), (0xFF00, 0xFFEF)]


def gb2312():
    """Every character of GB 2312, asked from Python's own codec."""
    for high in range(0xA1, 0xFF):
        for low in range(0xA1, 0xFF):
            try:
                yield ord(bytes([high, low]).decode("gb2312"))
            except UnicodeDecodeError:
                pass


def characters(kind):
    """The code points to keep."""
    blocks = LATIN if kind == "latin" else LATIN + SYMBOLS
    kept = {code for first, last in blocks for code in range(first, last + 1)}
    return sorted(kept if kind == "latin" else kept | set(gb2312()))


def tighten(font):
    """Replaces the line metrics of every table that has some."""
    em = font["head"].unitsPerEm
    ascent, descent = round(ASCENT * em), round(DESCENT * em)
    font["hhea"].ascent, font["hhea"].descent, font["hhea"].lineGap = ascent, -descent, 0
    os2 = font["OS/2"]
    os2.sTypoAscender, os2.sTypoDescender, os2.sTypoLineGap = ascent, -descent, 0
    os2.usWinAscent, os2.usWinDescent = ascent, descent


def main(kind, source, target):
    font = TTFont(source, fontNumber=SIMPLIFIED_CHINESE, recalcTimestamp=False)
    options = subset.Options()
    options.layout_features = ["kern"]
    options.hinting = False
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    chooser = subset.Subsetter(options)
    chooser.populate(unicodes=characters(kind))
    chooser.subset(font)
    tighten(font)
    font.save(target)


if __name__ == "__main__":
    main(*sys.argv[1:4])
