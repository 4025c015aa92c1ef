"""Renders chat templates as transformers does.

Without arguments, the templates of `chat/`, written for this purpose, into `chat/golden.json`.
With a folder of `*.jinja` files, those: their texts belong to others, so `chat/published.json`
holds only the SHA-256 of each rendering; `--show NAME` prints the renderings of one.

    python make_chat.py
    python make_chat.py FOLDER [--show NAME]
"""

import datetime
import hashlib
import json
import pathlib
import sys

import transformers
from transformers.utils import chat_template_utils

HERE = pathlib.Path(__file__).parent / "chat"
WORDS = {"bos_token": "<s>", "eos_token": "</s>"}
SYSTEM = {"role": "system", "content": "You sort posts \u00fcber topics. "}
USER = {"role": "user", "content": "A goal!\n\n  Which topic \u2014 \"sport\" or <food>?"}
ANSWER = {"role": "assistant", "content": "<think>hm</think>sport"}
MORE = {"role": "user", "content": "\u4e2d\u6587 'quoted' \\ end "}
CASES = [
    ("system, user, assistant", [SYSTEM, USER, ANSWER], False),
    ("system, user, open", [SYSTEM, USER], True),
    ("user, open", [USER], True),
    ("user, assistant", [USER, ANSWER], False),
    ("four turns, open", [SYSTEM, USER, ANSWER, MORE], True),
    ("out of turn", [ANSWER, ANSWER], False),
]


class Day(datetime.datetime):
    """Noon of the day on which the program renders every template."""

    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 26, 12)


def render(template, messages, add_generation_prompt):
    """The text, or None where the template refuses the conversation."""
    try:
        texts, _ = chat_template_utils.render_jinja_template(
            conversations=[messages],
            chat_template=template,
            add_generation_prompt=add_generation_prompt,
            **WORDS,
        )
        return texts[0]
    except Exception as error:  # whatever Jinja or the template raises
        print("refused:", error, file=sys.stderr)
        return None


def renderings(folder):
    for path in sorted(folder.glob("*.jinja")):
        template = path.read_text(encoding="utf-8")
        yield path.name, {name: render(template, messages, opened) for name, messages, opened in CASES}


def main():
    chat_template_utils.datetime = Day
    known = {
        "transformers": transformers.__version__,
        "words": WORDS,
        "cases": [{"name": n, "messages": m, "open": o} for n, m, o in CASES],
    }
    if len(sys.argv) == 1:
        texts = dict(renderings(HERE))
        out = HERE / "golden.json"
    else:
        texts = dict(renderings(pathlib.Path(sys.argv[1])))
        if "--show" in sys.argv:
            print(json.dumps(texts[sys.argv[sys.argv.index("--show") + 1]], indent=1, ensure_ascii=False))
            return
        digest = lambda text: text and hashlib.sha256(text.encode()).hexdigest()
        texts = {file: {name: digest(text) for name, text in cases.items()} for file, cases in texts.items()}
        out = HERE / "published.json"
    out.write_text(json.dumps({**known, "renderings": texts}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
