from tests.rehearsal.cloud.conftest import cloud

__all__ = ["cloud"]
