"""The contract's demo data, for `make run`, the demo and the tests."""

from crm.demo.loading import NotInProduction, demo_portal_url, load, load_demo

__all__ = ["NotInProduction", "demo_portal_url", "load", "load_demo"]
