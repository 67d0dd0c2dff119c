"""flattened -- an event as JSON, by an independent reader of its XML: Python's expat.

The flattening is written down here a second time, from the documents and not from the program.
"""
import xml.parsers.expat

METADATA = ["_spool", "_id", "_received_at", "_source", "_node"]
WHITE = " \t\r\n"  # XML's own; no other counts


class Element:
    def __init__(self, name, attributes, is_root):
        self.name, self.is_root = name, is_root
        self.attributes = [(n, v) for n, v in zip(attributes[::2], attributes[1::2])
                           if n != "xmlns" and not n.startswith("xmlns:")]
        self.children, self.text = [], ""


def read(event):
    """The event as a tree, names as they are written."""
    open_elements, roots = [], []

    def start(name, attributes):
        element = Element(name, attributes, not open_elements)
        (open_elements[-1].children if open_elements else roots).append(element)
        open_elements.append(element)

    def text(data):
        open_elements[-1].text += data

    parser = xml.parsers.expat.ParserCreate("utf-8")
    parser.ordered_attributes = True
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: open_elements.pop()
    parser.CharacterDataHandler = text
    parser.Parse(event, True)
    return roots[0]


def make_way(name, has_metadata):
    """A name that is one of ours, or one of ours with more underscores, gets one more."""
    collides = name.startswith("_") and "_" + name.lstrip("_") in METADATA
    return "_" + name if has_metadata and collides else name


def members(element, key, has_metadata):
    """What the documents promise of an element and all that is in it, in document order."""
    text = element.text.strip(WHITE)
    if text or not (element.children or element.is_root):
        yield key, text
    inside = "" if element.is_root else key + "/"
    for name, value in element.attributes:
        yield inside + "@" + name, value
    seen = {}
    for child in element.children:
        seen[child.name] = seen.get(child.name, 0) + 1
        name = make_way(child.name, has_metadata) if element.is_root else child.name
        repeat = f"[{seen[child.name]}]" if seen[child.name] > 1 else ""
        yield from members(child, inside + name + repeat, has_metadata)


def members_of(event, has_metadata):
    """The event's own members, those that metadata add left out: pairs of a key and a string."""
    root = read(event)
    return list(members(root, make_way(root.name, has_metadata), has_metadata))
