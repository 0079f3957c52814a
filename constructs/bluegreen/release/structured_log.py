"""Log lines as JSON objects wherever the runtime does not write them so by itself."""

import json
import logging

_BUILT_IN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class JsonFormatter(logging.Formatter):
    """Writes a record as one JSON object, with what was given as `extra` beside level and message.

    Example:
        >>> record = logging.makeLogRecord({"msg": "checked %s", "args": ("/health",), "levelname": "INFO"})
        >>> JsonFormatter().format(record)
        '{"level": "INFO", "logger": "root", "message": "checked /health"}'
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        document = {"level": record.levelname, "logger": record.name or "root", "message": record.getMessage()}
        if record.exc_info:
            document["exception"] = self.formatException(record.exc_info)
        document |= {key: value for key, value in vars(record).items() if key not in _BUILT_IN}
        return json.dumps(document, default=str)


def set_up() -> None:
    """Log at INFO, as JSON. Lambda's runtime brings its own handler and JSON format; then only the level is set."""
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(JsonFormatter())
        root.addHandler(handler)
    if root.getEffectiveLevel() > logging.INFO:
        root.setLevel(logging.INFO)
