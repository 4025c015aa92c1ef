"""Writes made-up rows as rows.csv and rows.parquet: texts of about 40 words with one of four labels.

python make_table.py FOLDER VOCAB.TXT [ROWS]
"""

import csv
import random
import sys

import pyarrow
import pyarrow.parquet

folder, vocabulary = sys.argv[1:3]
count = int(sys.argv[3]) if len(sys.argv) > 3 else 100_000
draw = random.Random(7)
words = [word for word in open(vocabulary, encoding="utf-8").read().split() if word.isalpha() and word.isascii() and len(word) > 1]
frequencies = [1 / (10 + place) for place in range(len(words))]


def text():
    drawn = draw.choices(words, frequencies, k=draw.randint(25, 55))
    # One word in ten is none of the vocabulary's, and is taken apart.
    drawn = [word + draw.choice(words) if draw.random() < 0.1 else word for word in drawn]
    drawn = [word + draw.choice([",", ".", "?", ' "quoted"']) if draw.random() < 0.1 else word for word in drawn]
    return " ".join(drawn).capitalize()


texts = [text() for _ in range(count)]
labels = [draw.choice(["world", "sports", "business", "science"]) for _ in range(count)]
with open(f"{folder}/rows.csv", "w", encoding="utf-8", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["text", "label"])
    writer.writerows(zip(texts, labels))
pyarrow.parquet.write_table(pyarrow.table({"text": texts, "label": labels}), f"{folder}/rows.parquet")
