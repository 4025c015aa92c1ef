"""Writes the golden folders beside this file, for tests/golden.rs and tests/gradients.rs.

    python make_golden.py

Four tiny models of transformers with random weights, each a Hugging Face directory with a
tokenizer of its own, and in `golden.safetensors` what transformers and PyTorch make of them:

    input_ids, attention_mask     a ragged batch of random ids, padded on the right
    logits, attention.L, hidden.L eager attention, no dropout
    scores.sum, scores.mean       label words, every word a forward pass of its own; a classifier
                                  has `scores` instead, its logits for the texts
    teacher                       fixed logits of a made-up teacher for the texts
    kd.loss, kd.grad.NAME         one distillation step on the texts
    steps.loss, steps.norm        20 steps of AdamW on the same texts
    steps.final.NAME              the parameters behind them

Gradients and final parameters are flattened and thinned to every n-th number (`thin_gradients`,
`thin_final`), which keeps each folder below 200 kB. `manifest.json` holds everything that is no tensor, and the versions.
Attention and hidden states of padded positions mean nothing and are not to be compared.
"""

import json
import shutil
from pathlib import Path

import safetensors
import tokenizers
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from torch.nn import functional as F

HERE = Path(__file__).parent
SEED, ALPHA, TEMPERATURE = 11, 0.3, 2.5
# A decay so strong that a weight it should or should not reach shows beyond the tolerance.
RATE, DECAY, CLIP, STEPS = 1e-3, 0.5, 1.0, 20
THIN_FINAL = 7
LENGTHS = [1, 8, 5]
CLASSES = ["sport", "space", "food", "drink"]
# In word pieces: two words of one length, and lengths in another order than the classes.
WORDS = {"sport": "games with a ball", "space": "stars", "food": "hot bread", "drink": "tea"}
TEXTS = ["a goal", "the moon and the stars are far out", "soup with bread, then tea"]
LABELS, LABELLED = [0, 1, 3], [1.0, 0.0, 1.0]
CORPUS = TEXTS + list(WORDS.values()) + ["it is about ball games.", "they ate hot soup and bread near the gate"]


def word_pieces():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = sorted(set("".join(CORPUS)) - {" "})
    pieces = [*letters, *("##" + letter for letter in letters if letter.isalpha()), "the", "is", "ball", "##ead", "##ars"]
    vocabulary = {piece: number for number, piece in enumerate(special + pieces)}
    tokenizer.model = models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100)
    tokenizer.add_special_tokens(special)
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


def byte_pairs():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=61, special_tokens=["<|endoftext|>"], show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def bert(vocabulary, **fields):
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 37}
    return transformers.BertConfig(
        vocab_size=vocabulary, max_position_embeddings=48, initializer_range=0.1, pad_token_id=0, **sizes, **fields
    )


def gpt2(vocabulary, **fields):
    sizes = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 48}
    special = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
    return transformers.GPT2Config(vocab_size=vocabulary, initializer_range=0.1, **sizes, **special, **fields)


def randomize(model, generator):
    """Weights far from their initial values: a small error anywhere must show in the logits."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            drawn = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() > 1:
                parameter.copy_(0.25 * drawn)
            else:
                is_norm = name.endswith("weight")
                parameter.copy_(1 + 0.2 * drawn if is_norm else 0.1 * drawn)


def padded(rows):
    longest = max(map(len, rows))
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    return ids, mask


def forward_golden(model, vocabulary, generator):
    rows = [torch.randint(5, vocabulary, (length,), generator=generator).tolist() for length in LENGTHS]
    ids, mask = padded(rows)
    with torch.no_grad():
        out = model(input_ids=ids, attention_mask=mask, output_attentions=True, output_hidden_states=True)
    golden = {"input_ids": ids, "attention_mask": mask, "logits": out.logits}
    golden |= {f"attention.{layer}": weights for layer, weights in enumerate(out.attentions)}
    golden |= {f"hidden.{layer}": states for layer, states in enumerate(out.hidden_states)}
    return golden


class Classified:
    """Class logits of the bare texts."""

    template = "{text} {answer}"

    def __init__(self, model, tokenizer):
        self.model = model
        self.rows = [tokenizer.encode(text).ids for text in TEXTS]
        self.read = [self.rows]

    def scores(self, _mean=False):
        ids, mask = padded(self.rows)
        return self.model(input_ids=ids, attention_mask=mask).logits


class NextWords:
    """Label words behind a prompt, one unpadded forward pass for every text and word."""

    template = "{text}. it is about {answer}"

    def __init__(self, model, tokenizer):
        self.model = model
        prompts = [self.template.removesuffix(" {answer}").replace("{text}", text) for text in TEXTS]
        self.rows = [tokenizer.encode(prompt).ids for prompt in prompts]
        self.words = [tokenizer.encode(" " + WORDS[name]).ids for name in CLASSES]
        self.read = [self.rows]

    def score(self, row, word, mean):
        logs = F.log_softmax(self.model(input_ids=torch.tensor([row + word])).logits[0], -1)
        picked = torch.stack([logs[len(row) - 1 + place, token] for place, token in enumerate(word)])
        return picked.mean() if mean else picked.sum()

    def scores(self, mean=False):
        return torch.stack([torch.stack([self.score(row, word, mean) for word in self.words]) for row in self.rows])


class MaskedWords:
    """Label words at masks, one unpadded forward pass for every text and word."""

    template = "{text}. it is about {answer}."

    def __init__(self, model, tokenizer):
        self.model = model
        self.mask = tokenizer.token_to_id("[MASK]")
        self.words = [tokenizer.encode(WORDS[name], add_special_tokens=False).ids for name in CLASSES]
        self.read = [
            [self.row(tokenizer, text, masks) for text in TEXTS] for masks in sorted({len(word) for word in self.words})
        ]

    def row(self, tokenizer, text, masks):
        slot = " ".join(["[MASK]"] * masks)
        return tokenizer.encode(self.template.replace("{text}", text).replace("{answer}", slot)).ids

    def score(self, row, word, mean):
        logs = F.log_softmax(self.model(input_ids=torch.tensor([row])).logits[0], -1)
        places = [place for place, token in enumerate(row) if token == self.mask]
        assert len(places) == len(word)
        picked = torch.stack([logs[place, token] for place, token in zip(places, word)])
        return picked.mean() if mean else picked.sum()

    def scores(self, mean=False):
        rows = list(zip(*self.read))
        masks = sorted({len(word) for word in self.words})
        return torch.stack(
            [torch.stack([self.score(row[masks.index(len(word))], word, mean) for word in self.words]) for row in rows]
        )


def distillation(scores, teacher):
    """alpha * CE over the labelled + (1 - alpha) * T^2 * KL(teacher || student) over all."""
    weights = torch.tensor(LABELLED)
    hard = (F.cross_entropy(scores, torch.tensor(LABELS), reduction="none") * weights).sum() / weights.sum()
    log_q, log_p = F.log_softmax(scores / TEMPERATURE, -1), F.log_softmax(teacher / TEMPERATURE, -1)
    soft = F.kl_div(log_q, log_p, log_target=True, reduction="batchmean")
    return ALPHA * hard + (1 - ALPHA) * TEMPERATURE**2 * soft


def thinned(tensor, every):
    return tensor.detach().flatten()[::every].clone()


def training_golden(model, task, teacher, thin_gradients):
    golden = {}
    loss = distillation(task.scores(), teacher)
    loss.backward()
    golden["kd.loss"] = loss.detach().reshape(1)
    for name, parameter in model.named_parameters():
        gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        golden[f"kd.grad.{name}"] = thinned(gradient, thin_gradients)

    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": matrices, "weight_decay": DECAY}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=RATE)
    losses, norms = [], []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = distillation(task.scores(), teacher)
        loss.backward()
        losses.append(loss.item())
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP).item())
        optimizer.step()
    golden["steps.loss"], golden["steps.norm"] = torch.tensor(losses), torch.tensor(norms)
    golden |= {f"steps.final.{name}": thinned(parameter, THIN_FINAL) for name, parameter in model.named_parameters()}
    return golden


def make(folder, model, tokenizer, task_kind, thin_gradients):
    generator = torch.Generator().manual_seed(SEED)
    randomize(model, generator)
    model.eval()
    home = HERE / folder
    shutil.rmtree(home, ignore_errors=True)
    model.save_pretrained(home)
    (home / "generation_config.json").unlink(missing_ok=True)
    tokenizer.save(str(home / "tokenizer.json"))

    golden = forward_golden(model, tokenizer.get_vocab_size(), generator)
    task = task_kind(model, tokenizer)
    with torch.no_grad():
        if task_kind is Classified:
            golden["scores"] = task.scores()
        else:
            golden |= {"scores.sum": task.scores(False), "scores.mean": task.scores(True)}
    teacher = 2 * torch.randn((len(TEXTS), len(CLASSES)), generator=generator)
    golden["teacher"] = teacher
    golden |= training_golden(model, task, teacher, thin_gradients)
    save_file({name: tensor.contiguous() for name, tensor in golden.items()}, home / "golden.safetensors")
    size = sum(path.stat().st_size for path in home.iterdir())
    print(folder, size, "bytes", [len(ids) for rows in task.read for ids in rows])
    assert size < 200_000
    return {"template": task.template, "thin_gradients": thin_gradients, "read": task.read}


def main():
    torch.set_num_threads(1)
    words, bytes_ = word_pieces(), byte_pairs()
    eager = {"attn_implementation": "eager"}
    few, many = words.get_vocab_size(), bytes_.get_vocab_size()
    models_ = {
        "bert_classifier": (
            transformers.BertForSequenceClassification(bert(few, num_labels=len(CLASSES), **eager)),
            words,
            Classified,
            1,
        ),
        "bert_masked": (
            transformers.BertForMaskedLM(bert(few, hidden_act="relu", layer_norm_eps=1e-5, **eager)),
            words,
            MaskedWords,
            5,
        ),
        "gpt2": (transformers.GPT2LMHeadModel(gpt2(many, **eager)), bytes_, NextWords, 7),
        "gpt2_classifier": (
            transformers.GPT2ForSequenceClassification(
                gpt2(many, n_inner=56, activation_function="silu", num_labels=len(CLASSES), **eager)
            ),
            bytes_,
            Classified,
            5,
        ),
    }
    manifest = {
        "versions": {
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "tokenizers": tokenizers.__version__,
            "safetensors": safetensors.__version__,
        },
        "classes": CLASSES,
        "label_words": WORDS,
        "texts": TEXTS,
        "labels": LABELS,
        "labelled": LABELLED,
        "alpha": ALPHA,
        "temperature": TEMPERATURE,
        "rate": RATE,
        "decay": DECAY,
        "clip": CLIP,
        "thin_final": THIN_FINAL,
        "models": {folder: make(folder, *rest) for folder, rest in models_.items()},
    }
    (HERE / "manifest.json").write_text(json.dumps(manifest) + "\n")


if __name__ == "__main__":
    main()
