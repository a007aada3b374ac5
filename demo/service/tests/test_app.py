"""What the service answers."""

import pytest
from fastapi.testclient import TestClient

from todo.app import create_app


@pytest.fixture
def client():
    return TestClient(create_app())


def test_a_todo_is_added_and_listed(client):
    added = client.post("/todos", json={"title": "buy milk"})
    assert added.status_code == 201
    assert client.get("/todos").json() == [{"id": 1, "title": "buy milk", "done": False}]


def test_a_blank_title_is_refused(client):
    assert client.post("/todos", json={"title": " "}).status_code == 422


def test_completing_shows_in_the_list(client):
    client.post("/todos", json={"title": "buy milk"})
    assert client.post("/todos/1/complete").json()["done"] is True
    assert client.get("/todos", params={"open_only": True}).json() == []
    assert client.get("/progress").json() == {"progress": 1.0}


def test_an_unknown_todo_is_404(client):
    for answer in (
        client.get("/todos/9"),
        client.patch("/todos/9", json={"title": "x"}),
        client.post("/todos/9/complete"),
        client.delete("/todos/9"),
    ):
        assert answer.status_code == 404


def test_a_removed_todo_is_gone(client):
    client.post("/todos", json={"title": "buy milk"})
    assert client.delete("/todos/1").status_code == 204
    assert client.get("/todos").json() == []
