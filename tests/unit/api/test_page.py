"""The page of addresses needs nothing but itself."""

from api.page import CONTENT_POLICY, STYLE, page

OPENAPI = {
    "info": {"title": "Anton", "version": "1", "description": "A <b>bold</b> claim"},
    "paths": {
        "/tasks/{ref}": {
            "get": {
                "description": "<script>alert(1)</script>",
                "parameters": [
                    {"name": "ref", "in": "path", "schema": {"type": "string"}},
                    {
                        "name": "state",
                        "in": "query",
                        "schema": {"anyOf": [{"enum": ["a", "b"]}, {"type": "null"}]},
                    },
                ],
                "responses": {
                    "200": {
                        "description": "Good",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Task"}}
                        },
                    }
                },
            },
        }
    },
    "components": {
        "schemas": {
            "Task": {
                "properties": {
                    "ids": {"type": "array", "items": {"type": "string"}, "description": "All"}
                }
            },
            "Choice": {"enum": ["yes", "no"]},
        }
    },
}


def test_it_names_addresses_parameters_answers_and_bodies() -> None:
    html = page(OPENAPI)
    for part in ("GET /tasks/{ref}", "a | b or null", "Good Task", "list of string", "yes"):
        assert part in html


def test_what_it_describes_is_text_and_never_markup() -> None:
    html = page(OPENAPI)
    assert "<script" not in html
    assert "<b>" not in html


def test_it_loads_nothing_and_its_one_style_is_allowed_by_digest() -> None:
    html = page(OPENAPI)
    assert "src=" not in html
    assert "http:" not in html
    assert "https:" not in html
    assert f"<style>{STYLE}</style>" in html
    assert "'sha256-" in CONTENT_POLICY
    assert "unsafe" not in CONTENT_POLICY
