"""The HTTP face of the to-do list."""

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from todo.store import Todo, TodoNotFound, TodoStore


class NewTodo(BaseModel):
    """What a client sends to add or rename a to-do."""

    title: str


def create_app(store: TodoStore | None = None) -> FastAPI:
    """The application over a store of its own, or over the given one."""
    todos = store or TodoStore()
    app = FastAPI(title="todo")

    def found(todo_id: int) -> Todo:
        try:
            return todos.get(todo_id)
        except TodoNotFound as error:
            raise HTTPException(404, "no such to-do") from error

    @app.get("/todos")
    async def list_todos(open_only: bool = False) -> list[Todo]:
        return todos.all(open_only=open_only)

    @app.post("/todos", status_code=201)
    async def add_todo(new: NewTodo) -> Todo:
        try:
            return todos.add(new.title)
        except ValueError as error:
            raise HTTPException(422, str(error)) from error

    @app.get("/todos/{todo_id}")
    async def read_todo(todo_id: int) -> Todo:
        return found(todo_id)

    @app.patch("/todos/{todo_id}")
    async def rename_todo(todo_id: int, new: NewTodo) -> Todo:
        return todos.rename(found(todo_id).id, new.title)

    @app.post("/todos/{todo_id}/complete")
    async def complete_todo(todo_id: int) -> Todo:
        return todos.complete(found(todo_id).id)

    @app.delete("/todos/{todo_id}", status_code=204)
    async def remove_todo(todo_id: int) -> None:
        todos.remove(found(todo_id).id)

    @app.get("/progress")
    async def progress() -> dict[str, float]:
        return {"progress": todos.progress()}

    return app
