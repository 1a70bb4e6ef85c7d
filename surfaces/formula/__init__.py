r"""Formulas that users type: parsed with a small grammar, evaluated with their exact gradient, written as LaTeX.

`parse("x^2/20 + sin(3x)").gradient(x, y)`. Nothing typed is ever executed: what the grammar does not know is refused,
with the character where it stands.

    comparison = sum {("<" | "<=" | ">" | ">=") sum}       1 where it holds, else 0; 0 < x < 1 is both at once
    sum        = signed {("+" | "-") signed}
    signed     = {"-" | "+"} product             a sign is weaker than a power or a product: -x^2 is -(x^2)
    product    = power {("*" | "/" | "%") factor | power}  no sign at all multiplies: 2x, xy, x sin y, (x+1)(y-1)
    factor     = {"-" | "+"} power
    power      = atom ["^" factor]               from the right: x^y^2 is x^(y^2)
    atom       = number | variable | constant | function ["^" factor] argument | "√" power | bracket | fraction
    argument   = bracket | ["-"] power {power}   without brackets numbers, then variables: sin 2x cos y, sin xy e^x

Products and quotients are computed from the left, whether a sign is written or not: 1/2x is (1/2)x. A number after a
factor needs its sign (x2 may mean x² or 2x). Brackets are ( ) [ ] { }, | | for the absolute value, and ⌊ ⌋ and ⌈ ⌉; a
fraction is LaTeX's \frac{ }{ }; % is Python's remainder. Unicode (x², ×, ÷, √, π, full-width letters) and LaTeX (\cdot,
\left(, \sin, \operatorname{sign}) are read as what they stand for, `**` as ^. Upper case is read as lower case where it
has no meaning of its own. `log` of one value is the natural logarithm; 2e3 is two thousand.

A formula has two variables. "f(w, b) =" at the beginning declares them, for the first and the second axis; without it,
they are the letters that stand in the formula (`names.chosen`). A letter may have a number as an index: x₁, x_1, x_{1},
and x1 where x2 stands too, or θ0 and θ1. A beginning such as "z =" is skipped.
"""

from surfaces.formula.reader import parse
from surfaces.formula.tree import Expression

__all__ = ["Expression", "parse"]
