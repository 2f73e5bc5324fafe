"""What the program can say to a person in the browser: every sentence of its sources, with {} for what is put in.

Read from the syntax trees, so that nothing has to be run. What reaches a person is what errors and problems are made
of, followed back through local names, conditions, tables of words and the functions that hand a text on.
"""

import ast
import errno
import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path

ROOT = Path(__file__).parent.parent / "src" / "safelight"
ELSEWHERE = (
    *("cli", "client", "protocol", "inspect/opening.py", "training/recipe"),
    *("server/comfy", "server/listen.py", "store/migrate.py", "store/migrations"),
)
"""Rooms whose sentences are read on a command line, by programs, or in other interfaces."""

SAYERS = {
    "Problem": {1, 2},
    "Unfit": {0, 1, 2},
    "Failed": {1, 2, 3},
    "Reason": {3},
    "EngineLost": {0},
    "Other": {0},
    "Addition": {1, 3},
    "warn": {0},
    "_note": {0},
    "at": {0},
    "compiled_call": {2},
}
"""What is said besides errors: the places of the texts among the arguments."""

WORDS = {"what", "mend", "where", "message", "text", "error"}
"""The same where they are given by name."""

TOLD = {
    "engine/cluster.py": ("CAUSES", "why_lost"),
    "engine/local.py": ("SIGNALS", "why_it_ended"),
    "families/additions.py": ("FOREIGN", "_DETAILS", "made_for"),
    "graph/kinship.py": ("_choose", "_decode", "_own_vae"),
    "graph/opening.py": ("_parameters",),
    "graph/problems.py": ("shown", "listed"),
    "jobs/dispatch.py": ("_hindrance",),
    "jobs/station.py": ("_keep",),
    "runs/presets.py": ("PRESETS",),
    "text/encode.py": ("encode_prompt",),
    "training/data/report.py": ("_there", "_wrong", "_captions", "_pictures"),
    "server/opening.py": ("STARTING", "FAILED"),
    "worker/failures.py": ("_PLAIN",),
    "plugins/loading.py": ("load", "_told"),
    "plugins/comfy/packs.py": ("nodes_of",),
}
"""Rooms whose words reach people by other ways: names of their functions and tables."""

COMPOSED = {
    "families/additions.py": ("{} for {}", "{} for {}, {}"),
    "families/describe.py": (
        *("{} checkpoint", "{} denoiser", "{} VAE", "{} text encoder", "text encoder"),
        *("{} inpainting checkpoint", "{} inpainting denoiser", "{} instruct-pix2pix checkpoint"),
        *("{} instruct-pix2pix denoiser", "{}, v-prediction", "{}, flow", "{}, zero terminal SNR"),
        *("{}, without denoiser", "{}, without VAE", "{}, without text encoder"),
    ),
    "graph/problems.py": ("{} (node {}), input {}: {}", "{} (node {}): {}"),
    "jobs/admission.py": ("({} problems in all)",),
    "models/assemble.py": ("lacks",),
    "server/api/submitting.py": ("In run {}: {}",),
    "worker/machine.py": ("CPU, {} thread, {}", "CPU, {} threads, {}"),
    "server/errors.py": ("Not Found", "Method Not Allowed"),
}
"""What is put together in ways that are not followed here."""

SYSTEM = (errno.ENOENT, errno.EACCES, errno.ENOSPC, errno.EROFS, errno.EISDIR, errno.ENOTDIR, errno.EEXIST)
"""What systems say of files; errors quote it."""

NAMES = re.compile(
    r"[^ ]*([._/][^ ]+|[0-9][^ ]*)|linear|rho|up|down|vae|loras|controlnet|checkpoints|Steps|Seed|.*%s.*"
    r"|(Clip|CFG|Denoising|Hires|Model|Stable) [^{}]*|Flux|PixArt|Wan|IP-Adapter|ControlNet"
)
"""What stands alone and is a name of something, not a word."""

DEEPEST = 8  # steps that a text is followed back
MOST_ALTERNATIVES = 64  # of one sentence


@dataclass
class Room:
    """A module: what is defined in it, by name."""

    name: str
    tree: ast.Module
    functions: dict[str, list[ast.FunctionDef]] = field(default_factory=lambda: defaultdict(list))
    constants: dict[str, ast.expr] = field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)
    homes: dict[ast.AST, ast.FunctionDef] = field(default_factory=dict)  # nodes -> the function that they are in
    calls: list[ast.Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        for node in ast.walk(self.tree):
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    self.functions[node.name].append(node)  # type: ignore[arg-type]
                    for inner in ast.walk(node):
                        self.homes[inner] = node  # type: ignore[assignment]
                case ast.Call():
                    self.calls.append(node)
                case ast.ImportFrom(module=str(module), names=names) if module.startswith("safelight"):
                    path = module.replace("safelight.", "", 1).replace(".", "/")
                    self.imports |= {each.asname or each.name: (path, each.name) for each in names}
        for node in self.tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self.constants[name] = value
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    self.constants[name] = value


class Sources:
    """All modules, and what is found in them."""

    def __init__(self, root: Path = ROOT) -> None:
        self.rooms: dict[str, Room] = {}
        for path in sorted(root.rglob("*.py")):
            name = path.relative_to(root).as_posix()
            self.rooms[name] = Room(name, ast.parse(path.read_text(encoding="utf-8")))
        self.found: dict[str, str] = {}
        self.handing: dict[tuple[str, str], set[str]] = defaultdict(set)  # function -> parameters that are said

    @cached_property
    def errors(self) -> set[str]:
        """Names of all errors that are told to people."""
        known = {"SafelightError"}
        classes = [
            node for room in self.rooms.values() for node in ast.walk(room.tree) if isinstance(node, ast.ClassDef)
        ]
        while (
            more := {
                each.name for each in classes if {base.id for base in each.bases if isinstance(base, ast.Name)} & known
            }
            - known
        ):
            known |= more
        return known

    def sentences(self) -> dict[str, str]:
        """Every sentence, and the room that says it."""
        for name, parts in TOLD.items():
            for part in parts:
                self._tell(self.rooms[name], part)
        for name, sentences in COMPOSED.items():
            self.found |= dict.fromkeys(sentences, name)
        self.found |= {os.strerror(code): "the system" for code in SYSTEM}
        self.found |= dict.fromkeys(self._explained("runs/settings.py"), "runs/settings.py")
        self.read()
        return self.found

    def _explained(self, name: str) -> set[str]:
        """What a module says of its settings: the texts below them, and those of their tables, each on one line."""
        classes = [node for node in ast.walk(self.rooms[name].tree) if isinstance(node, ast.ClassDef)]
        texts = [node.value for each in classes for node in each.body if isinstance(node, ast.Expr)]
        said = (text.value for text in texts if isinstance(text, ast.Constant) and isinstance(text.value, str))
        return {" ".join(text.split()) for text in said}

    def read(self) -> None:
        """Find what errors and their kin are made of, until no further function hands a text on."""
        before = -1
        while before != (now := len(self.found) + sum(map(len, self.handing.values()))):
            before = now
            for room in self.rooms.values():
                if not room.name.startswith(ELSEWHERE):
                    for call in room.calls:
                        self._call(room, call)

    def _tell(self, room: Room, name: str) -> None:
        """Keep all that a function or a table holds, but for what comments it."""
        assert name in room.constants or name in room.functions, f"{room.name} has no {name}; mend TOLD"
        found = [room.constants[name]] if name in room.constants else [*room.functions[name][0].body]
        skipped: set[ast.AST] = set()
        for node in (
            each for part in found for each in ast.walk(part)
        ):  # what stands around something is met before it
            if isinstance(node, ast.Expr | ast.Assert | ast.Raise) and not isinstance(node, ast.Call):
                inner = node.value if isinstance(node, ast.Expr) else None
                skipped |= set() if isinstance(inner, ast.Call | ast.Yield) else {*ast.walk(node)}
            if isinstance(node, ast.Dict):
                skipped |= {each for key in node.keys if key for each in ast.walk(key)}
            if isinstance(node, ast.JoinedStr | ast.Constant) and node not in skipped:
                skipped |= {*ast.walk(node)}
                for text in self.texts(room, node):
                    if " " in text.strip():
                        self._keep(room, text)

    def _call(self, room: Room, call: ast.Call) -> None:
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        if name in self.errors:
            places, words = {0}, WORDS
        elif name in SAYERS:
            places, words = SAYERS[name], WORDS
        elif said := self._handed(room, call.func):
            function, words = said
            named = [each.arg for each in function.args.posonlyargs + function.args.args]
            if named[:1] in (["self"], ["cls"]):
                named = named[1:]
            places = {place for place, each in enumerate(named) if each in words}
        else:
            return
        is_said = name in self.errors or name in SAYERS
        given = [value for place, value in enumerate(call.args) if place in places]
        for value in (*given, *(each.value for each in call.keywords if each.arg in words)):
            for text in self.texts(room, value):
                if is_said or " " in text:  # a word alone that is handed on is a name: of a file, of a part
                    self._keep(room, text)

    def _handed(self, room: Room, function: ast.expr) -> tuple[ast.FunctionDef, set[str]] | None:
        for where, found in self._functions(room, function):
            if words := self.handing.get((where.name, found.name)):
                return found, words
        return None

    def _functions(self, room: Room, called: ast.expr) -> Iterator[tuple[Room, ast.FunctionDef]]:
        """What a call may call, in this room or where it is imported from."""
        match called:
            case ast.Name(id=name):
                if name in room.functions:
                    yield from ((room, each) for each in room.functions[name])
                elif name in room.imports and (other := self._room(room.imports[name][0])):
                    yield from ((other, each) for each in other.functions.get(room.imports[name][1], []))
            case ast.Attribute(value=value, attr=name):
                if isinstance(value, ast.Name) and value.id not in ("self", "cls") and value.id in room.imports:
                    path, inner = room.imports[value.id]
                    if other := self._room(f"{path}/{inner}"):
                        yield from ((other, each) for each in other.functions.get(name, []))
                elif name in room.functions:
                    yield from ((room, each) for each in room.functions[name])

    def _room(self, path: str) -> Room | None:
        return self.rooms.get(f"{path}.py") or self.rooms.get(f"{path}/__init__.py")

    def _keep(self, room: Room, text: str) -> None:
        text = re.sub(r"\{\w+\}", "{}", text.strip())
        if re.search(r"[A-Za-z]{2}", text.replace("{}", "")) and not NAMES.fullmatch(text):
            self.found.setdefault(text, room.name)

    def texts(self, room: Room, value: ast.expr, depth: int = 0) -> set[str]:
        """What an expression may say; empty where that cannot be told from the source."""
        if depth > DEEPEST:
            return set()
        sides: list[ast.expr] = []
        match value:
            case ast.Constant(value=str(text)):
                return {text}
            case ast.JoinedStr(values=parts):
                return self._joined([self._part(room, part, depth) for part in parts])
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._joined([self.texts(room, side, depth + 1) or {"{}"} for side in (left, right)])
            case ast.IfExp(body=body, orelse=orelse):
                sides = [body, orelse]
            case ast.BoolOp(values=values):
                sides = values
            case ast.NamedExpr(value=named):
                sides = [named]
            case _:
                return self._looked_up(room, value, depth)
        return set().union(*(self.texts(room, side, depth + 1) for side in sides))

    def _looked_up(self, room: Room, value: ast.expr, depth: int) -> set[str]:
        """The same of what is a name, a row of a table, or what a function gives back."""
        match value:
            case ast.Name(id=name):
                return self._name(room, value, name, depth)
            case ast.Subscript(value=table) | ast.Call(func=ast.Attribute(value=table, attr="get")):
                return self._table(room, table, depth)
            case ast.Call(func=called):
                found: set[str] = set()
                for where, function in self._functions(room, called):
                    for node in ast.walk(function):
                        if isinstance(node, ast.Return) and node.value and where.homes.get(node) is function:
                            found |= self.texts(where, node.value, depth + 1)
                return found
        return set()

    def _joined(self, parts: list[set[str]]) -> set[str]:
        found = {"".join(each) for each, _ in zip(product(*map(sorted, parts)), range(MOST_ALTERNATIVES), strict=False)}
        return {re.sub(r"(\{\})+", "{}", text) for text in found}

    def _part(self, room: Room, part: ast.expr, depth: int) -> set[str]:
        """A piece of a text: what is chosen between two wordings is put in, all else is said on its own."""
        if not isinstance(part, ast.FormattedValue):
            return self.texts(room, part, depth + 1)
        inner = self.texts(room, part.value, depth + 1)
        if isinstance(part.value, ast.IfExp) and all(isinstance(each, str) for each in inner):
            sides = [self.texts(room, side, depth + 1) for side in (part.value.body, part.value.orelse)]
            return set().union(*(side or {"{}"} for side in sides))
        for text in inner:
            if re.search(r"[a-z]{2}", text.replace("{}", "")):
                self._keep(room, text)
        return {"{}"}

    def _name(self, room: Room, node: ast.expr, name: str, depth: int) -> set[str]:
        found: set[str] = set()
        function = room.homes.get(node)
        if function:
            arguments = function.args
            if name in {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}:
                self.handing[room.name, function.name].add(name)
            for assigned in ast.walk(function):
                match assigned:
                    case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                        found |= self.texts(room, value, depth + 1)
                    case ast.NamedExpr(target=ast.Name(id=target), value=value) if target == name:
                        found |= self.texts(room, value, depth + 1)
                    case ast.Assign(targets=[ast.Tuple(elts=targets)], value=value):
                        found |= self._unpacked(room, targets, [value], name, depth)
                    case (
                        ast.For(target=ast.Tuple(elts=targets), iter=value)
                        | ast.comprehension(target=ast.Tuple(elts=targets), iter=value)
                    ):
                        found |= self._unpacked(room, targets, self._rows(room, value), name, depth)
            if found:
                return found
        if name in room.constants:
            return self.texts(room, room.constants[name], depth + 1)
        if name in room.imports and (other := self._room(room.imports[name][0])):
            constant = other.constants.get(room.imports[name][1])
            return self.texts(other, constant, depth + 1) if constant else set()
        return found

    def _rows(self, room: Room, value: ast.expr) -> list[ast.expr]:
        if isinstance(value, ast.Name):
            value = room.constants.get(value.id, value)
        return list(value.elts) if isinstance(value, ast.Tuple | ast.List) else []

    def _unpacked(self, room: Room, targets: list[ast.expr], rows: list[ast.expr], name: str, depth: int) -> set[str]:
        places = [place for place, each in enumerate(targets) if isinstance(each, ast.Name) and each.id == name]
        found: set[str] = set()
        for row in rows:
            for side in (row.body, row.orelse) if isinstance(row, ast.IfExp) else (row,):
                if places and isinstance(side, ast.Tuple) and len(side.elts) == len(targets):
                    found |= self.texts(room, side.elts[places[0]], depth + 1)
        return found

    def _table(self, room: Room, table: ast.expr, depth: int) -> set[str]:
        value: ast.expr | None = None
        if isinstance(table, ast.Name):
            value = room.constants.get(table.id)
            if value is None and table.id in room.imports and (other := self._room(room.imports[table.id][0])):
                value, room = other.constants.get(room.imports[table.id][1]), other
        if not isinstance(value, ast.Dict):
            return set()
        return set().union(*(self.texts(room, each, depth + 1) for each in value.values))


def made_titles(root: Path = ROOT) -> set[str]:
    """Titles of nodes in workflows that the program itself writes: templates, and those of wishes and of texts."""
    found: set[str] = set()
    for path in (root / "templates").glob("*.api.json"):
        calls = json.loads(path.read_text(encoding="utf-8")).values()
        found |= {call["_meta"]["title"] for call in calls if "title" in call.get("_meta", {})}
    for name in ("canvas", "request", "a1111"):
        for node in ast.walk(ast.parse((root / f"graph/{name}.py").read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Name(id="add") | ast.Attribute(attr="_add"), args=[_, ast.Constant(value=str(title))]
                ):
                    found.add(title)
    return found
