"""Log lines as JSON objects wherever the runtime does not write them so by itself."""

import json
import logging
import os

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
    """Log at INFO, as JSON. What Lambda's runtime has set up already - handler, format, level - is left as it is."""
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(JsonFormatter())
        root.addHandler(handler)
    if "AWS_LAMBDA_LOG_LEVEL" not in os.environ:
        root.setLevel(logging.INFO)
