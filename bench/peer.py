"""The benchmark's cases in PyTorch, as one would write them there: takes an order as JSON, prints the result as JSON."""

import json
import math
import re
import sys
import time

import torch
import torch.nn.functional as F

PROJECTIONS = ("q", "k", "v", "o", "gate", "up", "down")


class Llama:
    """A decoder-only transformer with plain tensors; `adapters` adds LoRA to every projection."""

    def __init__(self, shape, trainable):
        hidden, ffn, vocabulary = shape["hidden"], shape["ffn"], shape["vocabulary"]
        self.heads = shape["heads"]
        sizes = {"gate": (ffn, hidden), "up": (ffn, hidden), "down": (hidden, ffn)}
        make = lambda *size: (torch.randn(*size) * 0.02).requires_grad_(trainable)
        ones = lambda: torch.ones(hidden, requires_grad=trainable)
        self.embedding = make(vocabulary, hidden)
        self.head = make(vocabulary, hidden)
        self.norm = ones()
        self.layers = [
            {"norm1": ones(), "norm2": ones(), **{p: make(*sizes.get(p, (hidden, hidden))) for p in PROJECTIONS}}
            for _ in range(shape["layers"])
        ]
        self.adapters = None
        width = hidden // self.heads
        frequencies = 10000.0 ** (-torch.arange(0, width, 2).float() / width)
        angles = torch.outer(torch.arange(2048).float(), frequencies)
        angles = torch.cat((angles, angles), dim=-1)
        self.cos, self.sin = angles.cos(), angles.sin()

    def add_lora(self, rank, scale):
        self.scale = scale
        self.adapters = []
        for layer in self.layers:
            adapter = {}
            for name in PROJECTIONS:
                out, width = layer[name].shape
                bound = 1 / math.sqrt(width)
                a = torch.empty(rank, width).uniform_(-bound, bound).requires_grad_(True)
                b = torch.zeros(out, rank, requires_grad=True)
                adapter[name] = (a, b)
            self.adapters.append(adapter)
        return [weight for adapter in self.adapters for pair in adapter.values() for weight in pair]

    def linear(self, x, index, name):
        y = F.linear(x, self.layers[index][name])
        if self.adapters is not None:
            a, b = self.adapters[index][name]
            y = y + self.scale * F.linear(F.linear(x, a), b)
        return y

    def rms(self, x, weight):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * weight

    def rotate(self, x):
        length, half = x.shape[2], x.shape[3] // 2
        turned = torch.cat((-x[..., half:], x[..., :half]), dim=-1)
        return x * self.cos[:length] + turned * self.sin[:length]

    def hidden(self, ids):
        rows, length = ids.shape
        mask = torch.full((length, length), float("-inf")).triu(1)
        x = F.embedding(ids, self.embedding)
        for index, layer in enumerate(self.layers):
            h = self.rms(x, layer["norm1"])
            q, k, v = (self.linear(h, index, p).view(rows, length, self.heads, -1).transpose(1, 2) for p in "qkv")
            q, k = self.rotate(q), self.rotate(k)
            scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1]) + mask
            y = (scores.softmax(-1) @ v).transpose(1, 2).reshape(rows, length, -1)
            x = x + self.linear(y, index, "o")
            h = self.rms(x, layer["norm2"])
            x = x + self.linear(F.silu(self.linear(h, index, "gate")) * self.linear(h, index, "up"), index, "down")
        return self.rms(x, self.norm)

    def loss(self, ids):
        logits = F.linear(self.hidden(ids)[:, :-1], self.head)
        return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), ids[:, 1:].reshape(-1))

    def weights(self):
        return [self.embedding, self.head, self.norm, *(w for layer in self.layers for w in layer.values())]


def prepare(order):
    shape, work = order["shape"], order["work"]
    kind = work["kind"]
    draw = lambda *size: torch.randint(0, shape["vocabulary"], size)
    model = Llama(shape, trainable=kind == "score")
    if kind == "score":
        ids = draw(work["rows"], work["tokens"])

        def repeat():
            for weight in model.weights():
                weight.grad = None
            loss = model.loss(ids)
            loss.backward()
            with torch.no_grad():
                for layer in model.layers:
                    for name in PROJECTIONS:
                        axis = 0 if name in ("o", "down") else 1
                        (layer[name] * layer[name].grad).abs().sum(axis)
            return loss.item()

    elif kind == "lora":
        ids = draw(work["rows"], work["tokens"])
        parameters = model.add_lora(work["rank"], 16 / work["rank"])
        optimizer = torch.optim.AdamW(parameters, lr=1e-4, weight_decay=0.0)

        def repeat():
            optimizer.zero_grad(set_to_none=True)
            loss = model.loss(ids)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            return loss.item()

    else:
        choices, length = work["choices"], work["continuation"]
        contexts = draw(work["questions"], work["context"]).repeat_interleave(choices, 0)
        ids = torch.cat((contexts, draw(work["questions"] * choices, length)), dim=1)

        @torch.inference_mode()
        def repeat():
            total = 0.0
            for rows in ids.split(16):
                hidden = model.hidden(rows[:, :-1])[:, -length:]
                log_probs = F.linear(hidden, model.head).log_softmax(-1)
                total -= log_probs.gather(-1, rows[:, -length:, None]).sum().item()
            return total / (ids.shape[0] * length)

    return repeat


def peak_memory_bytes():
    try:
        with open("/proc/self/status") as status:
            return int(re.search(r"VmHWM:\s*(\d+) kB", status.read()).group(1)) * 1024
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def main():
    order = json.loads(sys.argv[1])
    torch.set_num_threads(order["threads"])
    torch.manual_seed(order["seed"])
    repeat = prepare(order)
    loss = repeat()  # warms up
    times = []
    started = time.perf_counter()
    while len(times) < 2 or time.perf_counter() - started < order["seconds"]:
        begun = time.perf_counter()
        loss = repeat()
        times.append(time.perf_counter() - begun)
    times.sort()
    print(json.dumps({"secondsEach": times[len(times) // 2], "peakMemoryBytes": peak_memory_bytes(), "loss": loss}))


main()
