"""What a person needs to know who has just started a sandbox: its addresses, and what to set in each client."""

from crm_sandbox.config import SandboxConfig


def client_settings(config: SandboxConfig) -> dict[str, str]:
    """Per client the line that points it here; docs/sandbox-clients.md has a whole example for each."""
    base = config.base_url
    by_number = base.replace("//localhost", "//127.0.0.1")  # the only name of this machine that the CLI takes
    return {
        "intuit-oauth": f'environment = "{base}/.well-known/openid_configuration"',
        "python-quickbooks": (
            f'QuickBooks.sandbox_api_url_v3 = "{base}/v3"  # sandbox = True on the instance; '
            "OAUTHLIB_INSECURE_TRANSPORT=1"
        ),
        "node-quickbooks": (
            f'QuickBooks.V3_ENDPOINT_BASE_URL = "{base}/v3/company/"; '
            f'QuickBooks.TOKEN_URL = "{base}/oauth2/v1/tokens/bearer"'
        ),
        "stripe-python": f'StripeClient("sk_test_any", base_addresses={{"api": "{base}"}})',
        "Stripe CLI": f"--api-base {by_number} --api-key sk_test_any",
    }


def guide(config: SandboxConfig) -> str:
    """The text that the command prints when it is ready."""
    base = config.base_url
    lines = [
        "",
        f"  look and break things   {base}/",
        f"  QuickBooks' API         {base}/v3/company/{config.qbo_realm_id}",
        f"  Intuit's sign-in        {base}/.well-known/openid_configuration",
        f"    client id, secret     {config.qbo_client_id}, {_secret(config)}",
        f"  Stripe's API            {base}/v1   any key that begins with sk_test_",
        "",
        "  Set in your client:",
        *(f"    {name:<20}{text}" for name, text in client_settings(config).items()),
        "",
        f"  Stripe's events         {_stripe_events(config)}",
        f"  QuickBooks' webhooks    {_quickbooks_webhooks(config)}",
        f"  remembered in           {config.state_file or 'memory only (--state-file FILE keeps it)'}",
        "",
        "  Ctrl-C ends it.",
    ]
    return "\n".join(lines)


def _secret(config: SandboxConfig) -> str:
    """The one that everybody knows is told; one that somebody chose may be worth hiding."""
    return (
        config.qbo_client_secret
        if config.qbo_client_secret == SandboxConfig.qbo_client_secret
        else "as you set it"
    )


def _stripe_events(config: SandboxConfig) -> str:
    if not config.stripe_webhook_url:
        return "go nowhere (--stripe-webhook-url URL --stripe-webhook-secret whsec_any)"
    secrets = len(config.stripe_webhook_secrets)
    signed = f"signed with {secrets} secret{'s' if secrets > 1 else ''}" if secrets else "unsigned"
    return f"go to {config.stripe_webhook_url}, {signed}"


def _quickbooks_webhooks(config: SandboxConfig) -> str:
    if config.qbo_webhook_url and config.qbo_verifier_token:
        return f"go to {config.qbo_webhook_url}, signed"
    return "go nowhere (--qbo-webhook-url URL --qbo-verifier-token TOKEN)"
