"""From tokens to a tree, by recursive descent; what the grammar does not know is refused where it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from spec import N_, N_n, Refused, listed
from surfaces.formula.functions import COMPARISONS, CONSTANTS, NUMBER, OPERATIONS, Node, Operation
from surfaces.formula.tokens import OPENING, Token, tokens_of
from surfaces.formula.tree import Expression

LONGEST = 200  # characters of a formula; they bound its parts too, as every part takes one
DEEPEST = 40  # brackets, powers, signs and functions within each other
STEEPEST = 100  # the largest power of something that is not a constant
LARGEST = 1e100  # the largest constant


@np.errstate(all="ignore")  # constants are judged by their value
def parse(text: str, names: tuple[str, ...] = ()) -> Expression:
    """Return the formula that `text` stands for, in the variables `names` (words of letters).

    Without `names` it has two variables: those that it declares, as in f(w, b) = …, else those that it uses, and x and
    y where it uses no others (`names.chosen`).

    Raises `Refused`, with the character (from 1), what stands there and what was expected, for text that the grammar
    does not know, and for what is too long, nested too deep, or holds constants or powers too large.
    """
    if len(text) > LONGEST:
        raise Refused(
            N_("The formula has {count} characters; at most {most} are allowed."), count=len(text), most=LONGEST
        )
    return _Reader(*tokens_of(text, names)).formula()


class _Reader:
    """Reads tokens by recursive descent, one method for each line of the grammar; a method returns a node's number."""

    def __init__(self, tokens: list[Token], names: tuple[str, ...]) -> None:
        self.tokens = tokens
        self.names = names
        self.at = 0
        self.depth = 0
        self.open: list[Token] = []  # the brackets around the present token
        self.nodes: dict[Node, int] = {}
        self.constants: dict[int, float] = {}

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def ahead(self, *signs: str) -> bool:
        """Whether one of these signs is next."""
        return self.token.kind == "sign" and self.token.text in signs

    def formula(self) -> Expression:
        if self.token.kind == "end":
            raise Refused(N_("The formula is empty; type one such as x^2/20 + y^2."))
        whole = self.comparison()
        if self.token.kind != "end":
            raise self.out_of_place()
        return self.tidy(whole)

    # -- one method for each line of the grammar

    def comparison(self) -> int:
        left = self.sum()
        whole = -1
        while self.ahead(*COMPARISONS):
            sign = self.take()
            right = self.sum()
            told = self.node(sign, sign.text, left, right)
            whole = told if whole < 0 else self.node(sign, "*", whole, told)  # 0 < x < 1 is both at once
            left = right
        return left if whole < 0 else whole

    def sum(self) -> int:
        left = self.signed(self.product)
        while self.ahead("+", "-"):
            sign = self.take()
            left = self.node(sign, sign.text, left, self.signed(self.product))
        return left

    def signed(self, read: Callable[[], int]) -> int:
        if not self.ahead("+", "-"):
            return read()
        sign = self.take()
        operand = self.nested(lambda: self.signed(read))
        return self.node(sign, "negative", operand) if sign.text == "-" else operand

    def product(self) -> int:
        left = self.power()
        while True:
            sign = self.token
            if self.ahead("*", "/", "%"):
                self.take()
                op = "mod" if sign.text == "%" else sign.text
                left = self.node(sign, op, left, self.signed(self.power))
            elif self.factor_ahead():
                left = self.node(sign, "*", left, self.power())
            else:
                return left

    def power(self) -> int:
        base = self.atom()
        if not self.ahead("^"):
            return base
        sign = self.take()
        return self.raised(sign, base, self.nested(lambda: self.signed(self.power)))

    def raised(self, sign: Token, base: int, exponent: int) -> int:
        """Return base^exponent, a power of e as exp; refuse one too steep to be drawn."""
        if base in self.constants and base == self.nodes.get(Node("e")):
            return self.node(sign, "exp", exponent)
        if base not in self.constants and abs(self.constants.get(exponent, 0)) > STEEPEST:
            text = N_("The exponent at character {place} is {value}; exponents are limited to ±{most}.")
            raise Refused(text, place=sign.place, value=f"{self.constants[exponent]:g}", most=STEEPEST)
        return self.node(sign, "^", base, exponent)

    def atom(self) -> int:
        token = self.token
        if token.kind == "number":
            return self.node(self.take(), NUMBER, number=float(token.text))
        if token.kind == "name":
            self.take()
            variable = token.text in self.names or token.text in CONSTANTS
            return self.node(token, token.text) if variable else self.call(token)
        if self.ahead("√"):
            return self.node(self.take(), "sqrt", self.nested(self.power))
        if self.ahead(r"\frac"):
            self.take()
            above = self.nested(self.piece)
            return self.node(token, "/", above, self.nested(self.piece))
        if self.ahead(*OPENING):
            inner = self.bracket(1)[0]
            means = {"|": "abs", r"\left|": "abs", "⌊": "floor", "⌈": "ceil"}.get(token.text)
            return self.node(token, means, inner) if means else inner
        raise self.missing()

    def call(self, name: Token) -> int:
        """Return a function of what follows: sin(x), sin x, sin^2(x), max(x, y)."""
        power: tuple[Token, int] | None = None
        if self.ahead("^"):
            sign = self.take()
            power = sign, self.nested(lambda: self.signed(self.power))
            if self.constants.get(power[1]) == -1:
                text = N_(
                    "Character {place}: the exponent -1 has two meanings here; write 1/sin(x) or asin(x), for example."
                )
                raise Refused(text, place=sign.place)
        function = OPERATIONS[name.text]
        count = len(function.slopes)
        if self.ahead("(", "[", "{"):
            arguments = self.bracket(count)
        elif (count == 1 or function.alone) and (self.ahead("-") or self.factor_ahead() or self.token.kind == "number"):
            arguments = [self.nested(lambda: self.signed(self.factors))]
        else:
            raise self.missing(name)
        result = self.applied(name, function, arguments)
        return self.node(power[0], "^", result, power[1]) if power else result

    def applied(self, name: Token, function: Operation, arguments: list[int]) -> int:
        """Return a function of its arguments; refuse too few or too many of them."""
        count, given = len(function.slopes), len(arguments)
        if function.alone and given == 1:
            return self.node(name, function.alone, *arguments)
        if function.many and given < count:
            text = N_("Character {place}: {name} needs at least two values, separated by commas, such as {name}(x, y).")
            raise Refused(text, place=name.place, name=name.typed)
        if not function.many and given != count:
            text = N_n("Character {place}: {name} takes {count} value, not {given}.",
                       "Character {place}: {name} takes {count} values, separated by commas, not {given}.",
                       count)  # fmt: skip
            raise Refused(text, place=name.place, name=name.typed, count=count, given=given)
        if name.text == "^":
            return self.raised(name, *arguments)
        result = self.node(name, name.text, *arguments[:count])
        for argument in arguments[count:]:
            result = self.node(name, name.text, result, argument)
        return result

    def factors(self) -> int:
        """Return the argument of a function without brackets: numbers, then variables, up to anything else.

        So sin 2πxy is sin(2πxy) and sin 2(x+1) is sin(2(x+1)), but sin x (y+1) and sin x e^y are products.
        """
        left = self.power()
        while self.factor_ahead() and not self.function_ahead():
            if left not in self.constants and self.token.text not in self.names:
                break
            left = self.node(self.token, "*", left, self.power())
        return left

    def piece(self) -> int:
        r"""Return one part of a fraction: a bracket, or a single digit or letter as in \frac12."""
        token = self.token
        if token.kind == "number" and token.text[:2].isdigit() and len(token.text) > 1:
            first, rest = token.text[0], token.text[1:]
            halves = Token("number", first, first, token.place), Token("number", rest, rest, token.place + 1)
            self.tokens[self.at : self.at + 1] = halves
        return self.atom()

    def bracket(self, most: int) -> list[int]:
        """Return what stands in a bracket: one formula, or for a function of several any number, split by commas."""
        opening = self.take()
        self.open.append(opening)
        inner = [self.nested(self.comparison)]
        while most > 1 and self.ahead(","):
            self.take()
            inner.append(self.nested(self.comparison))
        if not self.ahead(OPENING[opening.text]):
            raise self.out_of_place()
        self.open.pop()
        self.take()
        return inner

    def function_ahead(self) -> bool:
        return self.token.kind == "name" and self.token.text not in (*self.names, *CONSTANTS)

    def factor_ahead(self) -> bool:
        """Whether what is next can be multiplied without a sign: a name, a root, a fraction, an opening bracket."""
        if self.ahead("|") and self.open and self.open[-1].text == "|":
            return False
        return self.token.kind == "name" or self.ahead("√", r"\frac", *OPENING)

    # -- nodes

    def node(self, token: Token, op: str, *operands: int, number: float = 0.0) -> int:
        """Return the number of a node, a new one if there is none like it; `token` is where it stands."""
        node = Node(op, operands, number)
        if node in self.nodes:
            return self.nodes[node]
        i = self.nodes[node] = len(self.nodes)
        if op not in self.names and all(operand in self.constants for operand in operands):
            value = CONSTANTS.get(op, number)
            if operands:
                value = float(OPERATIONS[op].value(*(self.constants[operand] for operand in operands)))
            if value == 0 and self.underflows(op, operands):
                text = N_("The constant at character {place} is too small for a floating-point number.")
                raise Refused(text, place=token.place)
            if not abs(value) <= LARGEST:
                text = N_("The constant at character {place} is too large, or not a real number.")
                raise Refused(text, place=token.place)
            self.constants[i] = value
        return i

    def underflows(self, op: str, operands: tuple[int, ...]) -> bool:
        """Whether a constant that came out as 0 is none: a product, quotient or power of what is not 0."""
        parts = [self.constants[operand] for operand in operands]
        return (op in ("*", "^") and 0 not in parts) or (op == "/" and parts[0] != 0) or op == "exp"

    def nested(self, read: Callable[[], int]) -> int:
        """Read something one level deeper."""
        self.depth += 1
        if self.depth > DEEPEST:
            text = N_("At character {place} the formula is nested more than {most} levels deep.")
            raise Refused(text, place=self.token.place, most=DEEPEST)
        result = read()
        self.depth -= 1
        return result

    def tidy(self, whole: int) -> Expression:
        """Return the expression whose last node is `whole`, without nodes it does not need, operands first."""
        nodes = list(self.nodes)
        order: dict[int, int] = {}
        waiting = [whole]
        while waiting:
            node = waiting[-1]
            missing = [operand for operand in nodes[node].operands if operand not in order]
            if missing:
                waiting += reversed(missing)
            else:
                order.setdefault(waiting.pop(), len(order))
        return Expression(
            self.names,
            tuple(nodes[i]._replace(operands=tuple(order[operand] for operand in nodes[i].operands)) for i in order),
            {order[i]: value for i, value in self.constants.items() if i in order},
        )

    # -- refusals

    def missing(self, name: Token | None = None) -> Refused:
        """Return the refusal of what stands where an operand should; with `name`, the argument of that function."""
        token = self.token
        said = {"place": token.place, "found": token.typed, "names": listed(self.names)}
        if token.kind == "end":
            said["place"] = token.place - 1
        if name and token.kind == "end":
            text = N_("The formula ends at character {place}, but {name} needs an argument in brackets.")
        elif name:
            text = N_("Character {place} is “{found}”, but {name} needs an argument in brackets.")
        elif token.kind == "end":
            text = N_(
                "The formula ends at character {place}, but a number, {names}, a function or a bracket was expected."
            )
        else:
            text = N_("Character {place} is “{found}”, but a number, {names}, a function or a bracket was expected.")
        return Refused(text, **said, name=name.typed if name else "")

    def out_of_place(self) -> Refused:
        """Return the refusal of what stands after an operand and neither continues the formula nor ends it."""
        token, last = self.token, self.tokens[self.at - 1]
        said: dict[str, Any] = {"place": token.place, "found": token.typed, "last": last.typed}
        if token.kind == "number":
            text = N_("Character {place} is a number right after “{last}”; an operator such as * or ^ was expected.")
        elif token.text == "," and last.kind == self.tokens[self.at + 1].kind == "number":
            text = N_("Character {place} is a comma; write decimals with a point, such as 0.5.")
        elif token.text == ",":
            text = N_("Character {place} is a comma, but an operator, a closing bracket or the end was expected.")
        elif not self.open:
            text = N_("Character {place} is “{found}”, but no bracket is open here.")
        else:
            opening = self.open[-1]
            said |= {"opening": opening.typed, "opened": opening.place, "closing": OPENING[opening.text]}
            if token.kind == "end":
                text = N_("The bracket “{opening}” at character {opened} is never closed; “{closing}” was expected.")
            else:
                text = N_(
                    "Character {place} is “{found}”, but “{closing}” was expected to close the bracket at "
                    "character {opened}."
                )
        return Refused(text, **said)
