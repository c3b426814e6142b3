"""Every way in which the simulator is known to answer otherwise than was recorded, each with its reason.

A difference that is not here fails the test, and so does an entry that fits none any more.
"""

from dataclasses import dataclass

from tests.sandbox.recordings.comparison import Difference
from tests.sandbox.recordings.folder import matches


@dataclass(frozen=True)
class Known:
    """Differences of one kind (see Difference) at paths of a pattern, in recordings of a pattern."""

    recording: str
    kind: str
    path: str
    why: str

    def covers(self, recording: str, difference: Difference) -> bool:
        """Whether this is the reason of that difference."""
        fits = self.kind in ("*", difference.kind)
        return fits and matches(self.recording, recording) and matches(self.path, difference.path)


RUCKUS = "ruckus-quickbooks-ruby/"
_AGE = "replies of 2013 to 2016 lack it, those since have it: "
_BY_HAND = "put together by hand: "
_TAX = "a company's tax codes are its own: "
_REDACTED = "tokens were replaced when this was recorded"

KNOWN: tuple[Known, ...] = (
    # -- what Intuit changed since
    Known(RUCKUS + "*", "extra", "*CurrencyRef[]*", _AGE + "the currency is told of every object"),
    Known("intuit-php-sdk/Transfer.json", "extra", "/CurrencyRef*", _AGE + "the currency is told of every object"),
    Known(RUCKUS + "*", "extra", "*TxnTaxDetail[]*", _AGE + "a document without tax says that its tax is 0"),
    Known(RUCKUS + "*", "extra", "*SalesTermRef[]/@name", _AGE + "the term is told with its name (records.jsonl)"),
    Known(RUCKUS + "*item*", "extra", "*FullyQualifiedName[]", _AGE + "an item's name with its parents (items_response.json)"),
    Known(RUCKUS + "estimate.xml", "extra", "/DeliveryInfo[]*", _AGE + "a form that is to be sent says how (cdc/basic.yml)"),
    Known(RUCKUS + "journal_entry.xml", "extra", "/TotalAmt[]", _AGE + "the total of a journal entry"),
    Known(RUCKUS + "*", "missing", "/*Response[]/*@totalCount", "answers since 2020 have no totalCount (cdc/basic.yml, all/*.yml)"),
    Known(RUCKUS + "*", "extra", "*QueryResponse[]/@startPosition", "answers since 2020 say where the page starts (cdc/basic.yml)"),
    Known(RUCKUS + "*", "value", "/QueryResponse[]/@startPosition", "counted from 0 in 2013, from 1 in all later answers"),
    Known(RUCKUS + "throttle_exceeded_error.xml", "value", "/Fault[]/Error[]/Message[]",
          "in 2016 the text said statusCode=403; too_many_requests_error.xml and all later ones say 429"),
    Known(RUCKUS + "payment_void_response_success.xml", "value", "/Payment[]/@sparse",
          "updates that were sparse are answered as whole objects since (update/*.yml)"),
    Known(RUCKUS + "exchange_rate*.xml", "*", "*ExchangeRate[]*",
          "rates were stored objects in 2013; Intuit's reference shows them without Id and time of making"),
    Known(RUCKUS + "exchange_rate.xml", "missing", "*", "rates were stored objects in 2013; Intuit's reference shows them without Id and time of making"),
    Known("fylein-qbo-sdk-py/exchange_rates.json", "extra", "/*", "Intuit's reference shows SyncToken, domain and sparse"),
    Known("intuit-dotnet-sdk/oauth/*", "value", "/x_refresh_token_expires_in", "180 days in the SDK's test; Intuit says 100"),
    # -- two answers to the same were recorded
    Known("minimul-qbo_api/vcr/error/validation.yml", "*", "/Fault/Error[]/*",
          "6240 was also seen without its sentence and element; the simulator gives the sentence (customer_duplicate_error.xml)"),
    Known("minimul-qbo_api/vcr/error/500.yml", "extra", "/time", "2030 came without `time`, all other refusals with it"),
    Known("fylein-qbo-sdk-py/preferences.json", "extra", "*Prefs/*", "preferences.xml of the same month shows it"),
    Known("secondary/webhooks_cloudevents_from_intuit_docs.json", "*", "/data*", "`data` is missing, empty or holds other ids of Intuit's in these samples: it is {} here, but for merges"),
    Known("*cloudevents*.json", "extra", "/datacontenttype", "in half of the samples; the simulator always tells it"),
    Known("intuit-dotnet-sdk/webhook_cloudevents.json", "missing", "/data/alternative_ids*", "Intuit's ids in other systems are not simulated"),
    # -- texts that name an address, an id or a list
    Known("minimul-qbo_api/vcr/error/400_json.yml", "value", "/Fault/Error[]/Detail",
          "the known fields are listed in the order of a Java hash table, 83 of them in 2020"),
    Known("minimul-qbo_api/vcr/error/401.yml", "value", "/fault/error[]/detail", _REDACTED),
    Known("minimul-qbo_api/vcr/error/500.yml", "value", "/Fault/Error[]/Detail", "the text names Intuit's own machine and the company"),
    Known(RUCKUS + "customer_duplicate_error.xml", "value", "/Fault[]/Error[]/Detail[]",
          "the text of 2014 had `$$customer$$` where the word was meant"),
    Known(RUCKUS + "json/tax_service_error_dup.json", "value", "/Fault/Error[]/Detail", "a line break got into the text where it was kept"),
    Known("secondary/faults_collected.json", "value", "/Fault/Error[]/Detail", "the text names the Id of the other invoice"),
    Known("secondary/faults_collected.json", "extra", "/*", "only the part that matters was quoted of the gateway's envelope"),
    Known("intuit-dotnet-sdk/oauth/discovery.json", "value", "/*", "the addresses of this sandbox"),
    Known("intuit-dotnet-sdk/oauth/*token_response.json", "value", "/*", _REDACTED + ", or words stand for them"),
    Known("intuit-dotnet-sdk/oauth/success_userinfo_response.json", "value", "/email", "an example address"),
    Known("secondary/oauth_replies.json", "value", "/*_token", _REDACTED),
    Known(RUCKUS + "tax_codes.xml", "extra", "*TaxCode[]/*", _AGE + "TAX and NON are told as whole objects"),
    Known(RUCKUS + "tax_codes.xml", "value", "*TaxRateRef[]/@name", _BY_HAND + "one Id of a rate under two names"),
    # -- what is not simulated
    Known(RUCKUS + "preferences*.xml", "*", "*EmailMessagesPrefs[]*", "the company's own letters"),
    Known("fylein-qbo-sdk-py/preferences.json", "value", "/EmailMessagesPrefs/*", "the company's own letters"),
    Known(RUCKUS + "preferences*.xml", "*", "*POCustomField[]*", "custom fields of purchases are not simulated; their order is of no order"),
    Known("fylein-qbo-sdk-py/preferences.json", "*", "/VendorAndPurchasesPrefs/POCustomField*", "custom fields of purchases are not simulated"),
    Known("*preferences*", "value", "*SalesFormsPrefs*/CustomField[]/CustomField[]/*", "the three switches come in no order; which are on follows from how many fields have names"),
    Known("*preferences*", "value", "*OtherPrefs*NameValue[*]/Value*", "Ids of the company's own accounts and item"),
    Known("fylein-qbo-sdk-py/preferences.json", "missing", "/TaxPrefs/TaxGroupCodeRef*", "there is no default tax code of the company"),
    Known("*preference*", "value", "*/UseAccountNumbers", "accounts are not numbered"),
    Known(RUCKUS + "preferences.xml", "value", "/SalesFormsPrefs[]/ETransactionEnabledStatus[]", "no e-invoices"),
    Known(RUCKUS + "preferences.xml", "value", "/TimeTrackingPrefs[]/UseServices[]", "no time tracking; read only"),
    Known(RUCKUS + "tax_rate*.xml", "*", "*EffectiveTaxRate[]*", "a rate has one percentage at all times"),
    Known("*tax_rate*", "value", "*Description*", _TAX + "the tax service makes rates with their name for a description"),
    Known(RUCKUS + "*refund_receipt*.xml", "value", "*TaxPercent[]", _TAX + "8 % in this one"),
    Known("fylein-fyle-qbo-api/tax_code_response.json", "missing", "/PurchaseTaxRateList/TaxRateDetail[]*", _TAX + "California has no rate on purchases here"),
    Known(RUCKUS + "refund_receipts.xml", "*", "*Line[]*", "QuickBooks' own shipping line after the discount is not simulated"),
    Known(RUCKUS + "refund_receipts.xml", "value", "*TotalAmt[]", "with shipping taxed as QuickBooks does"),
    Known(RUCKUS + "invoice_with_bundle_line_item.xml", "value", "/Invoice[]/*",
          _TAX + "5 % of what the lines hold here; recorded are 13 % on lines without their tax, under TaxInclusive"),
    # -- recordings that contradict themselves
    Known("airbyte-source-quickbooks/records.jsonl", "extra", "/CustomField*", "credit memo 73 was copied without what all other forms show"),
    Known("airbyte-source-quickbooks/records.jsonl", "extra", "/BillAddr*", "credit memo 73 was copied without what all other forms show"),
    Known("airbyte-source-quickbooks/records.jsonl", "extra", "/LinkedTxn*", "credit memo 73 is used up, yet linked to nothing"),
    Known(RUCKUS + "*", "extra", "*CustomerRef[]/@name", _BY_HAND + "the customer's name was taken out"),
    Known(RUCKUS + "change_data_capture_response.xml", "value", "*NetAmountTaxable[]", _BY_HAND + "lines were taken out, the tax stayed"),
    Known(RUCKUS + "classes.xml", "value", "*FullyQualifiedName[]", _BY_HAND + "a sub-class without the name of its parent"),
    Known(RUCKUS + "customer.xml", "missing", "/@time", _BY_HAND + "the time of the reply stands on the object"),
    Known(RUCKUS + "deleted_*.xml", "value", "*Name[]", "`(deleted)` was seen with a capital on classes and payment methods of 2013"),
    Known(RUCKUS + "deposit*.xml", "value", "*TotalAmt[]", _BY_HAND + "the lines do not add up to the total"),
    Known(RUCKUS + "fetch_deposit_by_id.xml", "value", "*TotalAmt[]", _BY_HAND + "the lines do not add up to the total"),
    Known(RUCKUS + "*.xml", "value", "/QueryResponse[]/@maxResults", _BY_HAND + "objects were taken out, their count stayed"),
    Known(RUCKUS + "*refund_receipt*.xml", "value", "*TotalAmt[]", _BY_HAND + "the discount's line was taken out, the total stayed"),
    Known(RUCKUS + "fetch_refund_receipt_by_id.xml", "extra", "*Line[]*", _BY_HAND + "the subtotal's line was taken out"),
    Known(RUCKUS + "invoice_void_success_response.xml", "*", "/Invoice[]/*",
          _BY_HAND + "the amounts of the invoice stayed; void/invoice.yml is the real reply"),
    Known(RUCKUS + "payment_with_line_extras.xml", "extra", "/@sparse", _BY_HAND + "the attribute was taken out"),
    Known(RUCKUS + "invoice_sparse_create_request.xml", "extra", "*", "a request, compared with its answer: what QuickBooks adds"),
)  # fmt: skip


def reason(recording: str, difference: Difference) -> str | None:
    """Why the simulator differs there; None when nobody knows."""
    return next((known.why for known in KNOWN if known.covers(recording, difference)), None)
