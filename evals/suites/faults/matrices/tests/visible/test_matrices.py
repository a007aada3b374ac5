from fractions import Fraction

import pytest

from matrices import Matrix, ShapeError, Singular, spiral

A = Matrix([[1, 2], [3, 4]])


def test_shape():
    assert Matrix([[1, 2, 3], [4, 5, 6]]).shape == (2, 3)
    with pytest.raises(ShapeError):
        Matrix([[1, 2], [3]])


def test_sum_and_difference():
    assert A + A == A * 2
    assert A - A == Matrix([[0, 0], [0, 0]])
    with pytest.raises(ShapeError):
        A + Matrix([[1]])


def test_product():
    assert A @ Matrix([[0, 1], [1, 0]]) == Matrix([[2, 1], [4, 3]])
    assert Matrix([[1, 2, 3]]) @ Matrix([[4], [5], [6]]) == Matrix([[32]])
    assert Matrix([[1, 2, 3], [0, 1, 0]]) @ Matrix([[4], [5], [6]]) == Matrix([[32], [5]])


def test_product_of_other_shapes():
    with pytest.raises(ShapeError):
        Matrix([[1, 2, 3]]) @ A


def test_power():
    assert A**0 == Matrix.identity(2)
    assert A**3 == A @ A @ A
    assert A**-1 == A.inverse()


def test_transposed():
    assert Matrix([[1, 2, 3]]).transposed() == Matrix([[1], [2], [3]])


def test_symmetry_and_trace():
    assert Matrix([[1, 7], [7, 2]]).is_symmetric()
    assert not A.is_symmetric()
    assert A.trace() == 5


def test_minor():
    assert Matrix([[1, 2, 3], [4, 5, 6], [7, 8, 9]]).minor(0, 1) == Matrix([[4, 6], [7, 9]])


def test_determinant():
    assert A.determinant() == -2
    assert Matrix([[2, 0, 1], [1, 3, 2], [1, 1, 4]]).determinant() == 18


def test_reduced():
    assert Matrix([[0, 2], [3, 3]]).reduced() == Matrix.identity(2)


def test_rank():
    assert Matrix([[1, 2], [2, 4]]).rank() == 1
    assert Matrix([[0, 0, 1], [0, 0, 2], [1, 0, 0]]).rank() == 2


def test_inverse():
    assert A.inverse() == Matrix([[-2, 1], [Fraction(3, 2), Fraction(-1, 2)]])
    with pytest.raises(Singular):
        Matrix([[1, 2], [2, 4]]).inverse()


def test_spiral():
    assert spiral([[1, 2, 3], [8, 9, 4], [7, 6, 5]]) == [1, 2, 3, 4, 5, 6, 7, 8, 9]
