"""The parts of a formula as text that reads back as the same tree, and as LaTeX."""

from __future__ import annotations

from surfaces.formula.functions import COMPARISONS, FUNCTIONS, Node

LOWERED = "₀₁₂₃₄₅₆₇₈₉"
RAISED = str.maketrans(LOWERED, "0123456789")

# How strongly the parts of a formula hold together: what holds less than its place asks for needs a bracket.
COMPARED, SUM, SIGN, PRODUCT, POWER, ATOM = range(6)


def as_text(node: Node, operands: list[tuple[str, int]]) -> tuple[str, int]:
    """Return a node as text and how strongly it holds together, given the same of its operands."""

    def held(place: int, least: int) -> str:
        text, strength = operands[place]
        return text if strength >= least else f"({text})"

    match node.op:
        case "":
            return repr(node.number).removesuffix(".0"), ATOM
        case op if op in COMPARISONS:
            return f"{held(0, SUM)} {op} {held(1, SUM)}", COMPARED
        case "+" | "-":
            return f"{held(0, SUM)} {node.op} {held(1, PRODUCT)}", SUM
        case "negative":
            return f"-{held(0, SIGN)}", SIGN
        case "*" | "/":
            return f"{held(0, PRODUCT)}{node.op}{held(1, POWER)}", PRODUCT
        case "^":
            return f"{held(0, ATOM)}^{held(1, POWER)}", POWER
    return (f"{node.op}({', '.join(text for text, _ in operands)})" if operands else node.op), ATOM


def as_latex(node: Node, base: Node, operands: list[tuple[str, int]]) -> tuple[str, int]:
    """Return a node as LaTeX and how strongly it holds together; `base` is its first operand."""
    inner = [text for text, _ in operands]

    def held(place: int, least: int) -> str:
        text, strength = operands[place]
        return text if strength >= least else _bracketed(text)

    match node.op:
        case "":
            return _latex_number(node.number)
        case op if op in COMPARISONS:
            sign = {"<=": r"\le", ">=": r"\ge"}.get(op, op)
            return f"{held(0, SUM)} {sign} {held(1, SUM)}", COMPARED
        case "+" | "-":
            return f"{held(0, SUM)} {node.op} {held(1, PRODUCT)}", SUM
        case "negative":
            return f"-{held(0, PRODUCT)}", SIGN
        case "*":
            left, right = held(0, PRODUCT), held(1, POWER)
            dot = right[0].isdigit() or (left[-1].isdigit() and right.startswith(r"\frac"))
            return (rf"{left} \cdot {right}" if dot else f"{left} {right}"), PRODUCT
        case "/":
            return rf"\frac{{{inner[0]}}}{{{inner[1]}}}", POWER
        case "^" if base.op in FUNCTIONS and "<1>" not in FUNCTIONS[base.op].latex and inner[1].isdigit():
            name = FUNCTIONS[base.op].latex
            return f"{name}^{{{inner[1]}}}{inner[0].removeprefix(name)}", POWER
        case "^":
            return f"{held(0, ATOM)}^{{{inner[1]}}}", POWER
    if node.op not in FUNCTIONS:
        return rf"\{node.op}" if node.op == "pi" else name_latex(node.op), ATOM
    name = FUNCTIONS[node.op].latex
    if "<1>" not in name:
        return f"{name}{_bracketed(', '.join(inner))}", ATOM
    for place, operand in enumerate(inner, 1):
        name = name.replace(f"<{place}>", operand)
    return name, POWER if "^" in name else ATOM


def name_latex(name: str) -> str:
    """Return a variable's name as LaTeX: θ₁ as θ_{1}."""
    letter, index = name.rstrip(LOWERED), name[len(name.rstrip(LOWERED)) :]
    return f"{letter}_{{{index.translate(RAISED)}}}" if index else name


def _bracketed(latex: str) -> str:
    return rf"\left({latex}\right)" if r"\frac" in latex or r"\left" in latex else f"({latex})"


def _latex_number(number: float) -> tuple[str, int]:
    mantissa, _sep, power = repr(number).removesuffix(".0").partition("e")
    return (rf"{mantissa} \cdot 10^{{{int(power)}}}", PRODUCT) if power else (mantissa, ATOM)
