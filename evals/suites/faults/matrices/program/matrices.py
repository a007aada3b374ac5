"""Matrices of exact fractions."""

from fractions import Fraction


class ShapeError(ValueError):
    """The shapes of the operands do not fit."""


class Singular(ArithmeticError):
    """The matrix has no inverse."""


class Matrix:
    def __init__(self, rows):
        self.rows = [[Fraction(value) for value in row] for row in rows]
        if not self.rows or len({len(row) for row in self.rows}) != 1:
            raise ShapeError("rows of equal length are needed")

    @property
    def shape(self):
        return len(self.rows), len(self.rows[0])

    @classmethod
    def identity(cls, size):
        return cls([[int(i == j) for j in range(size)] for i in range(size)])

    def __eq__(self, other):
        return isinstance(other, Matrix) and self.rows == other.rows

    def __repr__(self):
        return f"Matrix({[[str(value) for value in row] for row in self.rows]})"

    def __getitem__(self, place):
        i, j = place
        return self.rows[i][j]

    def _same_shape(self, other):
        if self.shape != other.shape:
            raise ShapeError(f"{self.shape} and {other.shape}")

    def __add__(self, other):
        self._same_shape(other)
        return Matrix([[a + b for a, b in zip(x, y)] for x, y in zip(self.rows, other.rows)])

    def __sub__(self, other):
        return self + other * -1

    def __mul__(self, factor):
        return Matrix([[value * Fraction(factor) for value in row] for row in self.rows])

    def __matmul__(self, other):
        if self.shape[1] != other.shape[0]:
            raise ShapeError(f"{self.shape} times {other.shape}")
        columns = other.transposed().rows
        return Matrix([[sum(a * b for a, b in zip(r, c)) for c in columns] for r in self.rows])

    def __pow__(self, exponent):
        """Repeated product; exponent 0 gives the identity, a negative one powers of the inverse."""
        self._square()
        if exponent < 0:
            return self.inverse() ** -exponent
        result = Matrix.identity(self.shape[0])
        for _ in range(exponent):
            result = result @ self
        return result

    def _square(self):
        if self.shape[0] != self.shape[1]:
            raise ShapeError("a square matrix is needed")

    def transposed(self):
        return Matrix([list(column) for column in zip(*self.rows)])

    def trace(self):
        self._square()
        return sum(self.rows[i][i] for i in range(len(self.rows)))

    def is_symmetric(self):
        return self == self.transposed()

    def minor(self, i, j):
        """The matrix without row i and column j."""
        kept = self.rows[:i] + self.rows[i + 1 :]
        return Matrix([row[:j] + row[j + 1 :] for row in kept])

    def determinant(self):
        self._square()
        if len(self.rows) == 1:
            return self.rows[0][0]
        return sum(
            (-1) ** j * value * self.minor(0, j).determinant()
            for j, value in enumerate(self.rows[0])
        )

    def reduced(self):
        """The reduced row echelon form."""
        rows = [list(row) for row in self.rows]
        height, width = self.shape
        pivot_row = 0
        for column in range(width):
            candidates = [i for i in range(pivot_row, height) if rows[i][column] != 0]
            if not candidates:
                continue
            chosen = candidates[0]
            rows[pivot_row], rows[chosen] = rows[chosen], rows[pivot_row]
            lead = rows[pivot_row][column]
            rows[pivot_row] = [value / lead for value in rows[pivot_row]]
            for i in range(height):
                if i == pivot_row:
                    continue
                factor = rows[i][column]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[pivot_row])]
            pivot_row += 1
            if pivot_row == height:
                break
        return Matrix(rows)

    def rank(self):
        return sum(any(value != 0 for value in row) for row in self.reduced().rows)

    def inverse(self):
        self._square()
        size = len(self.rows)
        unit = Matrix.identity(size).rows
        wide = Matrix([row + extra for row, extra in zip(self.rows, unit)]).reduced()
        if Matrix([row[:size] for row in wide.rows]) != Matrix.identity(size):
            raise Singular("no inverse")
        return Matrix([row[size:] for row in wide.rows])


def spiral(rows):
    """The values clockwise from the upper left corner inwards."""
    found = []
    rest = [list(row) for row in rows]
    while rest:
        found.extend(rest.pop(0))
        rest = [list(column) for column in zip(*rest)][::-1]
    return found
