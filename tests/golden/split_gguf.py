"""Writes tests/golden/gguf_parts, for tests/gguf: a file of tests/golden/gguf in parts, by the gguf package.

    python split_gguf.py

needs gguf. Names of the parts, what each says of itself and where its tensors lie come from the
package; the first part holds no tensor, as llama.cpp's own tool leaves it when asked to.
"""

import shutil
from pathlib import Path

import gguf

HERE = Path(__file__).parent
OUT = HERE / "gguf_parts"
NAME = "gpt2_q8.gguf"


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    whole = gguf.GGUFReader(HERE / "gguf" / NAME)
    architecture = whole.get_field("general.architecture").contents()
    parts = gguf.GGUFWriter(OUT / NAME, architecture, split_max_tensors=10, small_first_shard=True)
    for field in whole.fields.values():
        if field.name != "general.architecture" and not field.name.startswith("GGUF."):
            kind = field.types[0]
            entries = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
            parts.add_key_value(field.name, field.contents(), kind, sub_type=entries)
    for tensor in whole.tensors:
        parts.add_tensor(tensor.name, tensor.data, raw_shape=tensor.data.shape, raw_dtype=tensor.tensor_type)
    parts.write_header_to_file()
    parts.write_kv_data_to_file()
    parts.write_tensors_to_file()
    parts.close()


if __name__ == "__main__":
    main()
