"""Checks the house rules that no compiler checks, and prints each breach as path:line: rule."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# The floor on which each room stands: it imports rooms of lower floors alone, nothing beside or above it.
FLOORS = {
    "CPostgres": 0, "CCurl": 0, "CEpoll": 0, "CMarkdown": 0, "PostgresMigrations": 0, "SQLiteMigrations": 0,
    "CoreTypes": 0.5,
    "Persistence": 1, "Transport": 1,
    "Agents": 2, "Channels": 2, "Debates": 2,
    "Publishing": 2.5,
    "Approvals": 3, "Conversations": 3, "EmailIntegration": 3, "SlackIntegration": 3, "Subscriptions": 3,
    "WebIntegration": 3, "XIntegration": 3, "YouTubeIntegration": 3,
    "Emulators": 4, "Gateway": 4,
    "aragora": 5,
}
FOLDERS = {
    "integrations/email": "EmailIntegration",
    "integrations/slack": "SlackIntegration",
    "integrations/web": "WebIntegration",
    "integrations/x": "XIntegration",
    "integrations/youtube": "YouTubeIntegration",
    "Migrations/postgres": "PostgresMigrations",
    "Migrations/sqlite": "SQLiteMigrations",
}
# What only these rooms may import, whatever their floor.
RESERVED = {
    "CPostgres": {"Persistence"},
    "PostgresMigrations": {"Persistence"},
    "SQLiteMigrations": {"Persistence"},
    "GRDB": {"Persistence"},
    "CCurl": {"Transport"},
    "CEpoll": {"Transport"},
    "CMarkdown": {"Channels"},
    "Hummingbird": {"Emulators", "Gateway"},
    "NIOCore": {"Emulators", "Gateway"},
    "NIOPosix": {"Gateway"},
    "ArgumentParser": {"aragora"},
    "ServiceLifecycle": {"Gateway", "aragora"},
    "FoundationNetworking": set(),
}
# The engine is pure state machines over protocols: no HTTP, no SQL.
FORBIDDEN = {"Debates": {"Persistence", "Transport"}}

IMPORT = re.compile(r"^\s*(?:@\w+\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:\w+\s+)?(\w+)")
NEEDS_REASON = re.compile(
    r"\btry!|\bas!|\bfatalError\(|\bpreconditionFailure\(|@unchecked\b|\bnonisolated\(unsafe\)"
    r"|(?<![\w.])Task\s*(?:\([^)]*\)\s*)?\{|\bTask\.detached\b"
)
DECLARATION = re.compile(
    r"^(\s*)(?:@\w+(?:\([^)]*\))?\s+)*package\s+(?:(?:static|final|indirect|mutating|borrowing|consuming|convenience"
    r"|nonisolated|override|required)\s+)*(struct|class|enum|actor|protocol|typealias|func|subscript)\s+(\S+)"
)
PUBLIC = re.compile(
    r"\s*(?:@\w+\s+)*(?:public|open)\s+(?:static\s+|final\s+|mutating\s+|nonisolated\s+)*"
    r"(?:let|var|func|struct|class|enum|actor|protocol|extension|typealias|init|subscript|import)\b"
)
CONTAINER = re.compile(r"\b(struct|class|enum|actor|extension|protocol)\s+\w")
ATTRIBUTE = re.compile(r"^\s*@\w+(\(.*\))?\s*$")
MAXIMUM_LINES = 400
ROUTE = re.compile(r'\bapi\.resource\(\s*"([^"\\]+)",\s*\[(.*)')
METHOD = re.compile(r"\.(get|post|put|patch|delete):")
RULE = re.compile(r'^\s*case "(\w+)":')
SETTING = re.compile(r'"(ARAGORA_[A-Z_]+[A-Z])"')


def room_of(path: Path) -> str | None:
    relative = path.relative_to(ROOT).as_posix()
    for folder, room in FOLDERS.items():
        if relative.startswith(folder + "/"):
            return room
    parts = relative.split("/")
    return parts[1] if parts[0] in ("Sources", "integrations") and len(parts) > 2 else None


def code_of(lines: list[str]) -> list[str]:
    """The lines without comments and without the content of string literals."""
    result, inside = [], False
    for line in lines:
        if inside:
            inside = '"""' not in line
            result.append("")
            continue
        if line.count('"""') % 2 == 1:
            inside = True
            line = line.split('"""')[0]
        line = re.sub(r'"(?:\\.|[^"\\])*"', '""', line)
        result.append(line.split("//")[0])
    return result


def has_comment_before(lines: list[str], number: int, mark: str) -> bool:
    number -= 1
    while number >= 0 and ATTRIBUTE.match(lines[number]):
        number -= 1
    return number >= 0 and lines[number].strip().startswith(mark)


def fulfils_a_protocol(code: list[str], number: int, indentation: int) -> bool:
    """Whether a member may be a requirement of a protocol, whose declaration has the documentation."""
    for above in range(number - 1, -1, -1):
        text = code[above]
        if text.strip() and len(text) - len(text.lstrip()) < indentation and CONTAINER.search(text):
            head = text
            while "{" not in head and above + 1 < number:
                above += 1
                head += code[above]
            return ":" in head.split("{")[0]
    return False


def check(path: Path) -> list[tuple[int, str]]:
    lines = path.read_text().splitlines()
    code = code_of(lines)
    room = room_of(path)
    is_test = path.relative_to(ROOT).parts[0] in ("Tests", "Benchmarks")
    found = []
    if len(lines) > MAXIMUM_LINES:
        found.append((MAXIMUM_LINES + 1, f"the file has {len(lines)} lines; {MAXIMUM_LINES} are the most"))
    for number, text in enumerate(code):
        at = number + 1
        if re.search(r"\b(TODO|FIXME|XXX)\b", lines[number]):
            found.append((at, "unfinished work belongs in an issue"))
        if PUBLIC.match(text):
            found.append((at, "nothing is public; `package` is for other rooms"))
        imported = IMPORT.match(text)
        if imported and room:
            name = imported.group(1)
            if name in FLOORS and FLOORS[name] >= FLOORS.get(room, -1):
                found.append((at, f"{room} must not import {name}: it is not below it"))
            if name in FORBIDDEN.get(room, ()) or (name in RESERVED and room not in RESERVED[name]):
                found.append((at, f"{room} must not import {name}"))
        if is_test:
            continue
        if NEEDS_REASON.search(text) and not has_comment_before(lines, number, "//"):
            found.append((at, f"`{NEEDS_REASON.search(text).group(0)}` needs a comment before it that says why"))
        declared = DECLARATION.match(text)
        if declared and not has_comment_before(lines, number, "///"):
            kind, name = declared.group(2), declared.group(3)
            is_member = kind in ("func", "subscript", "typealias")
            if is_member and (not name[0].isalpha() or fulfils_a_protocol(code, number, len(declared.group(1)))):
                continue
            # A type without a value only names something; its container tells what.
            if text.rstrip().endswith("{}"):
                continue
            found.append((at, f"`{name.rstrip(':{')}` has no /// summary"))
    return found


def undocumented(paths: list[Path]) -> list[tuple[Path, int, str]]:
    """Routes of the API, rules of a debate and settings that no page tells of."""
    api = (ROOT / "docs/api.md").read_text()
    pages = "".join(page.read_text() for page in [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("integrations/*/*.md")])
    found = []
    for path in paths:
        if path.relative_to(ROOT).parts[0] not in ("Sources", "integrations"):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            route = ROUTE.search(line)
            for method in METHOD.findall(route.group(2)) if route else ():
                if f"`{method.upper()} {route.group(1)}`" not in api:
                    found.append((path, number, f"docs/api.md does not know {method.upper()} {route.group(1)}"))
            rule = RULE.match(line) if path.name == "DebateProtocol+JSON.swift" else None
            if rule and f"`{rule.group(1)}`" not in api:
                found.append((path, number, f"docs/api.md does not know the rule {rule.group(1)}"))
            for name in SETTING.findall(line):
                if name not in pages and name != "ARAGORA_WARNINGS_AS_ERRORS":
                    found.append((path, number, f"no page tells of {name}"))
    return found


def main() -> int:
    paths = sorted(
        path
        for folder in ("Sources", "Tests", "integrations", "Migrations", "Benchmarks")
        for path in (ROOT / folder).rglob("*.swift")
        if ".build" not in path.parts
    )
    breaches = [(path, *breach) for path in paths for breach in check(path)]
    breaches += undocumented(paths)
    for room in {room_of(path) for path in paths} - {None} - set(FLOORS):
        breaches.append((ROOT / "Sources", 0, f"{room} has no floor in scripts/house-rules.py"))
    for path, line, rule in breaches:
        print(f"{path.relative_to(ROOT)}:{line}: {rule}")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
