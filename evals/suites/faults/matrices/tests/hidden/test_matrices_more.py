import pytest

from matrices import Matrix, ShapeError, Singular, spiral

B = Matrix([[2, -1, 0], [1, 3, 5], [4, 0, 1]])


def test_nothing_is_no_matrix():
    with pytest.raises(ShapeError):
        Matrix([])


def test_equality_is_by_value():
    assert Matrix([["1/2"]]) == Matrix([[0.5]])
    assert Matrix([[1]]) != 1


def test_product_with_identity_and_associativity():
    one = Matrix.identity(3)
    assert B @ one == one @ B == B
    assert (B @ B) @ B == B @ (B @ B)


def test_product_shape():
    tall = Matrix([[1], [2], [3]])
    assert (B @ tall).shape == (3, 1)
    assert tall @ tall.transposed() == Matrix([[1, 2, 3], [2, 4, 6], [3, 6, 9]])
    with pytest.raises(ShapeError):
        tall @ B


def test_difference_with_other_shapes():
    with pytest.raises(ShapeError):
        B - Matrix([[1, 2, 3]])
    assert B - B * 3 == B * -2


def test_powers():
    assert B**1 == B
    assert B**2 == B @ B
    assert B**4 == (B**2) ** 2
    assert B**-2 == B.inverse() @ B.inverse()
    with pytest.raises(ShapeError):
        Matrix([[1, 2]]) ** 2


def test_transposed_twice():
    assert B.transposed().transposed() == B
    assert B.transposed()[0, 2] == 4
    assert not B.is_symmetric()
    assert (B + B.transposed()).is_symmetric()


def test_trace():
    assert B.trace() == 6
    with pytest.raises(ShapeError):
        Matrix([[1, 2]]).trace()


def test_minors():
    assert B.minor(1, 2) == Matrix([[2, -1], [4, 0]])
    assert B.minor(2, 0) == Matrix([[-1, 0], [3, 5]])


@pytest.mark.parametrize(
    ("rows", "value"),
    [
        ([[7]], 7),
        ([[0, 1], [1, 0]], -1),
        ([[1, 2, 3], [4, 5, 6], [7, 8, 9]], 0),
        ([[2, 0, 0, 0], [0, 3, 0, 0], [0, 0, 4, 0], [0, 0, 0, 5]], 120),
    ],
)
def test_determinants(rows, value):
    assert Matrix(rows).determinant() == value
    assert Matrix(rows).transposed().determinant() == value


def test_determinant_of_a_product():
    assert (B @ B).determinant() == B.determinant() ** 2 == 169


def test_reduced_of_a_wide_matrix():
    wide = Matrix([[1, 2, -1, -4], [2, 3, -1, -11], [-2, 0, -3, 22]])
    assert wide.reduced() == Matrix([[1, 0, 0, -8], [0, 1, 0, 1], [0, 0, 1, -2]])


def test_ranks():
    assert B.rank() == 3
    assert Matrix([[0, 0], [0, 0]]).rank() == 0
    assert Matrix([[1, 2, 3], [2, 4, 6], [1, 0, 1]]).rank() == 2


def test_inverse_undoes():
    assert B @ B.inverse() == Matrix.identity(3)
    assert B.inverse().inverse() == B
    with pytest.raises(Singular):
        Matrix([[1, 2, 3], [4, 5, 6], [7, 8, 9]]).inverse()


def test_spirals_of_other_shapes():
    assert spiral([[1, 2, 3], [6, 5, 4]]) == [1, 2, 3, 4, 5, 6]
    assert spiral([[1], [2], [3]]) == [1, 2, 3]
    assert spiral([]) == []
