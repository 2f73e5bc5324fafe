"""CLIP's byte-pair encoding: text to token ids, without the marks at both ends."""

from functools import cache
from importlib.resources import files

from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers.models import BPE
from tokenizers.normalizers import NFC, Lowercase, Replace
from tokenizers.normalizers import Sequence as Normalizers
from tokenizers.pre_tokenizers import ByteLevel, Split
from tokenizers.pre_tokenizers import Sequence as PreTokenizers

from safelight.errors import BadInput

START_TOKEN = 49406
END_TOKEN = 49407
START_TEXT = "<|startoftext|>"
END_TEXT = "<|endoftext|>"
WORD_END = "</w>"

# Contractions, runs of letters, single digits, runs of anything else; a prompt may name the two marks.
WORD = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def token_ids(text: str) -> list[int]:
    """Token ids of `text`, without start and end marks.

    Text is composed (Unicode NFC), whitespace runs become one space, and case is dropped. Nothing else is repaired:
    HTML entities and mojibake are spelled out byte by byte.

    Raises:
        BadInput: `text` has half a character (a lone surrogate), which a broken client can send.

    Source: Radford et al. 2021, arXiv:2103.00020, section 2.4; byte-pair encoding as in Sennrich et al. 2016,
    arXiv:1508.07909.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadInput(
            f"The prompt has half a character, U+{ord(text[error.start]):04X}.", mend="Delete it and type it again."
        ) from error
    ids: list[int] = _clip().encode(text, add_special_tokens=False).ids
    return ids


def token_text(token: int) -> str:
    """What a token stands for; it ends in a space where a word ends. Half a character is shown as U+FFFD."""
    letters = _clip().id_to_token(token)
    if letters is None or token in (START_TOKEN, END_TOKEN):
        return ""
    spelled = letters.removesuffix(WORD_END)
    known = {letter: code for code, letter in zip(_byte_codes(), _byte_letters(), strict=True)}
    text = bytes(known[letter] for letter in spelled).decode(errors="replace")
    return f"{text} " if letters.endswith(WORD_END) else text


@cache
def _clip() -> Tokenizer:
    """The encoder, built from the merge table in about 0.1 s, once."""
    lines = (files("safelight.prompts") / "vocabulary" / "merges.txt").read_text(encoding="utf-8").splitlines()[1:]
    merges = [(left, right) for left, right in (line.split(" ") for line in lines)]
    model = BPE(vocab=_vocabulary(merges), merges=merges, unk_token=END_TEXT, end_of_word_suffix=WORD_END)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = Normalizers([NFC(), Replace(Regex(r"\s+"), " "), Lowercase()])
    words = Split(Regex(WORD), behavior="removed", invert=True)
    tokenizer.pre_tokenizer = PreTokenizers([words, ByteLevel(add_prefix_space=False)])
    tokenizer.add_special_tokens([AddedToken(mark, normalized=False, special=True) for mark in (START_TEXT, END_TEXT)])
    return tokenizer


def _vocabulary(merges: list[tuple[str, str]]) -> dict[str, int]:
    """Ids in the order CLIP gave them: bytes, bytes ending a word, merges, marks."""
    letters = _byte_letters()
    tokens = letters + [letter + WORD_END for letter in letters] + [left + right for left, right in merges]
    return {token: index for index, token in enumerate([*tokens, START_TEXT, END_TEXT])}


def _byte_letters() -> list[str]:
    """One visible character per byte: printable bytes stand for themselves, the others for U+0100 onwards."""
    printable = _printable_bytes()
    others = 0x100 - len(printable)
    return [chr(code) for code in printable + list(range(0x100, 0x100 + others))]


def _byte_codes() -> list[int]:
    """The byte that each of these letters stands for."""
    printable = _printable_bytes()
    return printable + [code for code in range(0x100) if code not in printable]


def _printable_bytes() -> list[int]:
    return [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
