"""Every file of the folder of recordings: who plays it, or why nobody does."""

import re
from collections.abc import Callable
from pathlib import Path

from tests.sandbox.quickbooks_world import RECORDINGS
from tests.sandbox.recordings import cassettes, json_replies, second_hand, xml_replies
from tests.sandbox.recordings.outcome import Outcome
from tests.sandbox.recordings.stage import Stage

from crm_sandbox.testing import RunningSandbox

Play = Callable[[Stage, Path, str], list[Outcome]]

PLAYED: tuple[tuple[str, Play], ...] = (
    ("minimul-qbo_api/vcr/*.yml", cassettes.play),
    ("ruckus-quickbooks-ruby/json/*.json", json_replies.play),
    ("ruckus-quickbooks-ruby/*.xml", xml_replies.play),
    ("airbyte-source-quickbooks/records.jsonl", json_replies.play),
    ("fylein-fyle-qbo-api/webhook_*.json", second_hand.play),
    ("fylein-*.json", json_replies.play),
    ("intuit-php-sdk/*.json", json_replies.play),
    ("intuit-dotnet-sdk/*.json", second_hand.play),
    ("secondary/*.json", second_hand.play),
)
"""The first pattern that fits says who plays a file."""

NO_RECORDING = "no answer of QuickBooks"
UNFIT = "no XML: its tags are closed under other names"
BY_HAND = "put together by hand"
OTHER_TESTS: tuple[tuple[str, str], ...] = (
    ("README.md", NO_RECORDING),
    ("intuit-php-sdk/xsd/*.xsd", "the schema: test_quickbooks_xsd validates against it"),
    (
        "field-rules/qbo_field_rules.json",
        "the rules of the fields: test_quickbooks_field_rules goes through them",
    ),
    ("intuit-java-sdk/webhook_signature_vector.json", "test_quickbooks_gateway signs its body"),
    (
        "minimul-qbo_api/no_detail.xml",
        "the file that attachment/error_estimate.yml uploads; sent by its play",
    ),
)

NOT_PLAYED: tuple[tuple[str, str], ...] = (
    ("ruckus-quickbooks-ruby/company_currency_query.xml", UNFIT),
    ("ruckus-quickbooks-ruby/tax_agenc*.xml", UNFIT),
    ("ruckus-quickbooks-ruby/tax_service*.xml", UNFIT),
    ("ruckus-quickbooks-ruby/tax_rate_detail_line.xml", "a piece of a request to the tax service, without the rest"),
    ("ruckus-quickbooks-ruby/*customer_type*.xml", "customer types are not simulated: no API makes them"),
    ("ruckus-quickbooks-ruby/customer_change*.xml",
     f"{BY_HAND}: the credit memo's deletion under another name; customers are made inactive, never deleted"),
    ("ruckus-quickbooks-ruby/item_change*.xml",
     f"{BY_HAND}: the credit memo's deletion under another name; items are made inactive, never deleted"),
    ("ruckus-quickbooks-ruby/item_delete_success_response.xml",
     f"{BY_HAND}: the invoice's reply under another name; items are made inactive, never deleted"),
    ("ruckus-quickbooks-ruby/fault.xml", f"{BY_HAND}: a field `firstname` of 21 characters does not exist"),
    ("ruckus-quickbooks-ruby/batch_response.xml", f"{BY_HAND}: objects of nothing but an Id, in part of kinds not simulated"),
    ("ruckus-quickbooks-ruby/generic_error.xml", "a failure inside Intuit: only a fault with a body of the tester's makes one"),
    ("ruckus-quickbooks-ruby/invoice.xml",
     f"{BY_HAND} from fetch_invoice_by_id.xml: a line of 198.99 over a subtotal of 50.00 and a tax of 2.85"),
    ("ruckus-quickbooks-ruby/*sales_receipt.xml", f"{BY_HAND}: a bundle of one piece at 100 for 15.00 beside a total of 10.00"),
    ("ruckus-quickbooks-ruby/fetch_sales_receipt_by_id.xml",
     f"{BY_HAND}: a bundle of one piece at 100 for 15.00 beside a total of 10.00"),
    ("ruckus-quickbooks-ruby/sales_receipt_void_success_response.xml",
     f"{BY_HAND}: two receipts in one reply, neither with its amounts at zero"),
    ("ruckus-quickbooks-ruby/transaction_list_report.xml",
     f"{BY_HAND}: a row of 2020 in a report on 2021; test_quickbooks_reports covers the report"),
    ("fylein-fyle-qbo-api/webhook_payload_single_entity.json",
     f"{BY_HAND}: a deleted vendor; vendors are made inactive, never deleted"),
    ("fylein-fyle-qbo-api/account_response.json", f"{BY_HAND}: an expense account of sub-type AccountsPayable, a type `Credit Cards`"),
    ("intuit-dotnet-sdk/oauth/discovery_jwks.json", f"{BY_HAND}: a key without its numbers, outside of the list `keys`"),
    ("intuit-dotnet-sdk/oauth/failure_token_revocation_response.json", f"{BY_HAND}: an `error` of `error`"),
    ("intuit-dotnet-sdk/oauth/success_revoketoken_response.json", f"{BY_HAND}: Intuit answers a revocation with an empty body"),
)  # fmt: skip


def matches(pattern: str, text: str) -> bool:
    """Whether the text is of the pattern, in which * stands for anything and all else for itself."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text) is not None


def all_files() -> list[str]:
    """Every file below the folder, as its path there."""
    return sorted(str(file.relative_to(RECORDINGS)) for file in RECORDINGS.rglob("*") if file.is_file())


def reason_not_played(name: str) -> str | None:
    """Why the file is not played; None when it is to be."""
    return next((why for pattern, why in (*OTHER_TESTS, *NOT_PLAYED) if matches(pattern, name)), None)


def played_files() -> list[str]:
    """The files that somebody plays."""
    return [name for name in all_files() if reason_not_played(name) is None and _player(name)]


def play(sandbox: RunningSandbox, name: str) -> list[Outcome]:
    """Plays one file in a fresh company. LookupError when nobody plays it."""
    player = _player(name)
    if player is None:
        raise LookupError(name)
    stage = Stage(sandbox)
    with stage.books.client:
        return player(stage, RECORDINGS / name, name)


def _player(name: str) -> Play | None:
    return next((player for pattern, player in PLAYED if matches(pattern, name)), None)
