from __future__ import annotations

import pytest

from labsupport.localcloud.gateway.rest.routing import Route, Router

PATHS = ("/", "/orders", "/orders/{id}", "/orders/{id}/lines", "/orders/latest", "/orders/latest/{name}", "/{proxy+}")
ROUTER = Router({path: path for path in PATHS})


@pytest.mark.parametrize(
    ("sent", "path", "parameters"),
    [
        ("/", "/", {}),
        ("/orders", "/orders", {}),
        ("/orders/", "/orders", {}),
        ("/orders/7", "/orders/{id}", {"id": "7"}),
        ("/orders/a%2Fb", "/orders/{id}", {"id": "a%2Fb"}),
        ("/orders/latest", "/orders/latest", {}),
        ("/orders/latest/lines", "/orders/latest/{name}", {"name": "lines"}),
        ("/orders/7/lines", "/orders/{id}/lines", {"id": "7"}),
        ("/orders/7/other", "/{proxy+}", {"proxy": "orders/7/other"}),
        ("/orders//x", "/{proxy+}", {"proxy": "orders//x"}),
        ("/else", "/{proxy+}", {"proxy": "else"}),
    ],
)
def test_the_most_exact_resource_wins_part_by_part(sent, path, parameters):
    assert ROUTER.find(sent) == Route(path, parameters)


def test_a_dead_end_of_a_literal_is_left_again():
    router = Router({path: path for path in ("/a/b", "/{x}/c")})
    assert router.find("/a/c") == Route("/{x}/c", {"x": "a"})


def test_a_path_without_a_resource_leads_nowhere():
    router = Router({"/orders/{id}": 1})
    for path in ("/", "/orders", "/orders/1/2", "/orders//", ""):
        assert router.find(path) is None


def test_a_greedy_variable_needs_something_to_match():
    assert Router({"/a/{rest+}": 1}).find("/a") is None
