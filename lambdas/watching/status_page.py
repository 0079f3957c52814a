"""What the public sees of a status: a JSON document for pages and an Atom feed for readers. Pure."""

import json
import uuid
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from component_status import Change, Status, written

_ATOM = "http://www.w3.org/2005/Atom"
_TELLS = {
    "operational": "{} works again",
    "degraded": "{} is degraded",
    "outage": "{} is down",
}


def to_document(status: Status, components: Mapping[str, Mapping[str, str]], *, title: str) -> str:
    """Return the JSON document: the health of each component, since when, and the history, without any alarm's name.

    Args:
        status: What is known.
        components: Each component's alarms, and the severity of each.
        title: What the page is about.
    """
    since = {change.component: change.at for change in reversed(status.history)}
    return json.dumps(
        {
            "title": title,
            "updated": written(status.updated()),
            "components": [
                {
                    "name": name,
                    "health": status.health(alarms).value,
                    "since": written(since[name]) if name in since else None,
                }
                for name, alarms in components.items()
            ],
            "history": [change.to_dict() for change in status.history],
        }
    )


def to_feed(status: Status, *, title: str, name: str) -> str:
    """Return the Atom feed: an entry for each change, with an id that never changes.

    Args:
        status: What is known.
        title: What the feed is about.
        name: What no other feed is called; the ids are made of it.
    """
    ET.register_namespace("", _ATOM)
    feed = ET.Element(f"{{{_ATOM}}}feed")
    _add(feed, "id", _id(name))
    _add(feed, "title", title)
    _add(feed, "updated", written(status.updated()))
    author = ET.SubElement(feed, f"{{{_ATOM}}}author")
    _add(author, "name", title)
    for change in status.history:
        entry = ET.SubElement(feed, f"{{{_ATOM}}}entry")
        _add(entry, "id", _id(f"{name}/{change.component}/{change.health}/{written(change.at)}"))
        _add(entry, "title", _says(change))
        _add(entry, "updated", written(change.at))
        _add(entry, "content", f"{_says(change)}, since {written(change.at)}.")
    written_out: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written_out.decode()


def _says(change: Change) -> str:
    return _TELLS[change.health.value].format(change.component)


def _id(name: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, name).urn


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, f"{{{_ATOM}}}{name}").text = text
