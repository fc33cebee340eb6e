from __future__ import annotations

from shenyong.settings.locate import locate


def test_places_of_names_and_values():
    source = """# a comment
[server]   # [not.a.table]
port = 8000 # why
"host"='x # y'
a.b = [1,
  2, # ]
  "]"]
text = '''
port = 1
'''
[logging]
level = "info"
"""
    found = {path: (name[:2], value) for path, (name, value) in locate(source).items()}
    assert found["server",][0] == (2, 2)
    assert found["server", "port"] == ((3, 1), (3, 8, 4))
    assert found["server", "host"] == ((4, 1), (4, 8, 7))
    assert found["server", "a", "b"][0] == (5, 1)
    assert found["server", "text"][0] == (8, 1)
    assert found["logging", "level"] == ((12, 1), (12, 9, 6))
    assert len([path for path in found if path[-1] == "port"]) == 1
