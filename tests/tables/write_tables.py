"""Writes random tables as Python's csv module and pyarrow do, each with a .json beside it that says what its cells
are; `written_tables` reads them back.

python write_tables.py FOLDER [SEED] [COUNT]
"""

import csv
import datetime
import decimal
import io
import json
import math
import random
import sys

import pyarrow
import pyarrow.parquet

folder = sys.argv[1]
seed = int(sys.argv[2]) if len(sys.argv) > 2 else 7
count = int(sys.argv[3]) if len(sys.argv) > 3 else 120
draw = random.Random(seed)

# An encoding is told by its letters, so that texts in it are of its language.
LANGUAGES = {
    "utf-8": "the quick café наш 文本 标签 é\u00a0ü 🙂 naïve \u2028 x\u0301",
    "utf-8-sig": "the quick café наш 文本 标签 🙂",
    "utf-16": "the quick café наш 文本 标签 🙂",
    "latin-1": "le garçon était très fatigué après sa journée à l'école où il étudiait les élèves",
    "gbk": "这部电影 非常好看 浪费时间 我们 喜欢 的 服务 很差 房间 不错 早餐 一般",
    "big5": "這部電影 非常好看 浪費時間 我們 喜歡 的 服務 很差 房間 不錯 早餐 一般",
}


def text(words, odd):
    """A text without white space at its ends, which a reader takes off."""
    drawn = [draw.choice(words) if draw.random() < 0.8 else draw.choice(odd) for _ in range(draw.randint(1, 12))]
    return "w" + " ".join(drawn) + "z"


def save(name, content, cells, lines):
    with open(f"{folder}/{name}", "wb") as file:
        file.write(content)
    with open(f"{folder}/{name}.json", "w", encoding="utf-8") as file:
        json.dump({"cells": cells, "data": lines}, file)


def delimited(number):
    encoding = draw.choice(list(LANGUAGES))
    ending, mark = draw.choice([("csv", ","), ("csv", ";"), ("csv", "\t"), ("csv", "|"), ("tsv", "\t"), ("txt", ";"), ("txt", "|"), ("txt", "^")])
    quoting = draw.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
    line_end = draw.choice(["\n", "\r\n", "\r"])
    # Where a carriage return ends lines, a line feed within a cell would say that it does not.
    breaks = [] if line_end == "\r" else ["\n", "\r\n", "two\n\nlines"]
    # A quoted cell over several lines, all with the separators of a row, may be rows that a mark swallows.
    odd = ['"', '""', "'", "\\", "#", ",", ";", "|", "\t", "^"] + breaks
    if breaks:
        odd = [o for o in odd if o != mark]
    words = LANGUAGES[encoding].split(" ")
    rows = draw.randint(20, 60)
    extra = draw.randint(0, 2)
    header = ["text", "label"] + [f"more {i}" for i in range(extra)]
    order = list(range(len(header)))
    draw.shuffle(order)
    table = [[text(words, odd), draw.choice(["one", "two", "three"])] + [text(words, odd) for _ in range(extra)] for _ in range(rows)]
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=mark, quoting=quoting, lineterminator=line_end)
    has_header = draw.random() < 0.7
    for row in ([header] if has_header else []) + table:
        writer.writerow([row[place] for place in order])
    name = f"{number}_{encoding}.{ending}"
    said = mark if ending == "csv" and mark != "," or mark == "^" or draw.random() < 0.5 else None
    separator = "" if said is None else f"separator: {json.dumps(said)}, "
    if said is None and not (ending == "tsv" or (ending == "csv" and mark == ",")):
        separator = f"separator: {json.dumps(mark)}, "
    roles = "text: [\"text\"], label: \"label\"" if has_header else f"text: [{order.index(0)}], label: {order.index(1)}"
    lines = f"source: Files(train: \"{name}\", format: Delimited({separator}header: {str(has_header).lower()}), roles: ({roles}))"
    save(name, out.getvalue().encode(encoding), [[row[0].replace("\r\n", "\n"), row[1]] for row in table], lines)


def shown(value):
    """A cell as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def parquet(number):
    words, odd = LANGUAGES["utf-8"].split(" "), ['"', ",", "\n", "\t"]
    rows = draw.randint(20, 200)
    some = lambda make: [make() if draw.random() < 0.9 else None for _ in range(rows)]
    label_kind = draw.choice(["string", "dictionary", "int8", "uint16", "int64", "bool", "list", "large_string"])
    texts = [text(words, odd) for _ in range(rows)]
    if label_kind in ("string", "dictionary", "large_string"):
        labels = some(lambda: draw.choice(["one", "two", "three"]))
        kind = {"string": pyarrow.string(), "large_string": pyarrow.large_string()}.get(label_kind, pyarrow.dictionary(pyarrow.int32(), pyarrow.string()))
    elif label_kind == "bool":
        labels, kind = some(lambda: draw.random() < 0.5), pyarrow.bool_()
    elif label_kind == "list":
        labels, kind = some(lambda: [draw.choice(["one", "two"])]), pyarrow.list_(pyarrow.string())
    else:
        labels, kind = some(lambda: draw.randint(0, 4)), getattr(pyarrow, label_kind)()
    extra = {
        "float": (some(lambda: draw.uniform(-1e6, 1e6)), pyarrow.float64()),
        "half": (some(lambda: draw.randint(-100, 100) / 4), pyarrow.float32()),
        "whole": (some(lambda: draw.randint(-(2**62), 2**62)), pyarrow.int64()),
        "unsigned": (some(lambda: draw.randint(0, 2**63 + 5)), pyarrow.uint64()),
        "truth": (some(lambda: draw.random() < 0.5), pyarrow.bool_()),
        "bytes": (some(lambda: text(words, odd).encode()), pyarrow.binary()),
        "word": (some(lambda: text(words, odd)), pyarrow.dictionary(pyarrow.int8(), pyarrow.string())),
        "day": (some(lambda: datetime.date(1970, 1, 1) + datetime.timedelta(draw.randint(0, 30000))), pyarrow.date32()),
        "price": (some(lambda: decimal.Decimal(draw.randint(-99999, 99999)) / 100), pyarrow.decimal128(9, 2)),
        "nothing": ([None] * rows, pyarrow.string()),
    }
    columns = {"text": pyarrow.array(texts, pyarrow.large_string() if draw.random() < 0.3 else pyarrow.string()), "label": pyarrow.array(labels, kind)}
    chosen = draw.sample(sorted(extra), draw.randint(1, 4))
    columns.update({name: pyarrow.array(*extra[name]) for name in chosen})
    names = list(columns)
    draw.shuffle(names)
    packing = draw.choice(["snappy", "zstd", "lz4", "gzip", "none"])
    name = f"{number}_{packing}.parquet"
    out = io.BytesIO()
    pyarrow.parquet.write_table(
        pyarrow.table({column: columns[column] for column in names}),
        out,
        compression=packing,
        use_dictionary=draw.random() < 0.5,
        row_group_size=draw.choice([7, 64, 1000]),
        data_page_version=draw.choice(["1.0", "2.0"]),
        data_page_size=draw.choice([200, 1 << 20]),
        version=draw.choice(["1.0", "2.4", "2.6"]) if "unsigned" not in chosen else "2.6",
    )
    plain = lambda value: value.decode() if isinstance(value, bytes) else value
    cells = [[texts[row], shown(labels[row][0] if isinstance(labels[row], list) else labels[row])] for row in range(rows)]
    for column in chosen:
        for row in range(rows):
            cells[row].append(shown(plain(extra[column][0][row])).strip())
    save(name, out.getvalue(), cells, f"source: Files(train: \"{name}\")")
    with open(f"{folder}/{name}.json", encoding="utf-8") as file:
        said = json.load(file)
    said["named"] = chosen
    with open(f"{folder}/{name}.json", "w", encoding="utf-8") as file:
        json.dump(said, file)


def refused(name, columns, words, roles="", **how):
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), out, **how)
    save(name, out.getvalue(), None, f"source: Files(train: \"{name}\"{roles})")
    with open(f"{folder}/{name}.json", "w", encoding="utf-8") as file:
        json.dump({"cells": None, "data": f"source: Files(train: \"{name}\"{roles})", "refused": words}, file)


for number in range(count):
    delimited(number) if number % 2 else parquet(number)
rows = {"text": ["a", "b"] * 9, "label": ["x", "y"] * 9}
refused("brotli.parquet", rows, ["`text`", "BROTLI", "snappy"], compression="brotli")
nested = {"text": [{"title": "a", "body": "b"}] * 9, "label": ["x"] * 9}
refused("nested.parquet", nested, ["row 1", "`text`", "an object"])
lists = {"text": ["a"] * 9, "label": [[["x"], ["y"]]] * 9}
refused("lists.parquet", lists, ["row 1", "`label`", "a list"])
