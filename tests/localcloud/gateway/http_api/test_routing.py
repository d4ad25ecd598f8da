"""Which route a request takes."""

from __future__ import annotations

import pytest

from labsupport.localcloud.gateway.http_api.routing import Routes


def routes(*keys: str) -> Routes[str]:
    return Routes({key: key for key in keys})


@pytest.mark.parametrize(
    ("path", "key", "parameters"),
    [
        ("/", "GET /", {}),
        ("/pets", "ANY /pets", {}),
        ("/pets/6", "GET /pets/{id}", {"id": "6"}),
        ("/pets/a%2Fb", "GET /pets/{id}", {"id": "a/b"}),
        ("/p%65ts", "ANY /pets", {}),
        ("/pets/6/toys/ball/red", "GET /pets/{id}/toys/{toy+}", {"id": "6", "toy": "ball/red"}),
        ("/pets/6/toys", "$default", {}),
        ("/pets/", "$default", {}),
        ("//pets", "$default", {}),
        ("/pets//toys/x", "$default", {}),
    ],
)
def test_a_path_takes_the_route_that_fits(path: str, key: str, parameters: dict[str, str]) -> None:
    found = routes("GET /", "ANY /pets", "GET /pets/{id}", "GET /pets/{id}/toys/{toy+}", "$default").find("GET", path)
    assert found == (key, parameters)


def test_a_route_without_greedy_variable_is_taken_first() -> None:
    found = routes("GET /a/{rest+}", "GET /{x}/b").find("GET", "/a/b")
    assert found == ("GET /{x}/b", {"x": "a"})


def test_a_method_is_taken_before_any() -> None:
    both = routes("ANY /a", "POST /a")
    assert both.find("POST", "/a") == ("POST /a", {})
    assert both.find("PUT", "/a") == ("ANY /a", {})


def test_a_better_path_of_another_method_does_not_count() -> None:
    assert routes("POST /a", "ANY /{rest+}").find("GET", "/a") == ("ANY /{rest+}", {"rest": "a"})


def test_nothing_fits() -> None:
    assert routes("GET /a/{id}").find("GET", "/a") is None
    assert routes("GET /{all+}").find("GET", "/") is None
