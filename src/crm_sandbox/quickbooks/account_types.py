"""Account types and what may stand under each: the chart of accounts as Intuit sorts it.

Source: Intuit's reference of Account for US companies; a test compares the names with AccountSubTypeEnum of
Finance.xsd and the pairs with recorded accounts. Other countries have further sub-types, which are taken as sent.
"""

CLASSIFICATIONS = {
    "Bank": "Asset", "Accounts Receivable": "Asset", "Other Current Asset": "Asset", "Fixed Asset": "Asset",
    "Other Asset": "Asset", "Accounts Payable": "Liability", "Credit Card": "Liability",
    "Other Current Liability": "Liability", "Long Term Liability": "Liability", "Equity": "Equity",
    "Income": "Revenue", "Other Income": "Revenue", "Cost of Goods Sold": "Expense", "Expense": "Expense",
    "Other Expense": "Expense",
}  # fmt: skip
"""Account type -> its classification, in the order of a balance sheet and then of a profit and loss."""

SUB_TYPES = {kind: tuple(names.split()) for kind, names in {
    "Bank": "Checking CashOnHand MoneyMarket RentsHeldInTrust Savings TrustAccounts",
    "Accounts Receivable": "AccountsReceivable",
    "Other Current Asset": (
        "OtherCurrentAssets AllowanceForBadDebts DevelopmentCosts EmployeeCashAdvances Inventory "
        "Investment_MortgageRealEstateLoans Investment_Other Investment_TaxExemptSecurities "
        "Investment_USGovernmentObligations LoansToOfficers LoansToOthers LoansToStockholders PrepaidExpenses "
        "Retainage UndepositedFunds"
    ),
    "Fixed Asset": (
        "MachineryAndEquipment AccumulatedAmortization AccumulatedDepletion AccumulatedDepreciation Buildings "
        "DepletableAssets FixedAssetComputers FixedAssetCopiers FixedAssetFurniture FixedAssetPhone "
        "FixedAssetPhotoVideo FixedAssetSoftware FixedAssetOtherToolsEquipment FurnitureAndFixtures "
        "IntangibleAssets Land LeaseholdImprovements OtherFixedAssets Vehicles"
    ),
    "Other Asset": (
        "OtherLongTermAssets AccumulatedAmortizationOfOtherAssets Goodwill LeaseBuyout Licenses "
        "OrganizationalCosts SecurityDeposits"
    ),
    "Accounts Payable": "AccountsPayable",
    "Credit Card": "CreditCard",
    "Other Current Liability": (
        "OtherCurrentLiabilities CurrentLiabilities DirectDepositPayable FederalIncomeTaxPayable "
        "GlobalTaxPayable GlobalTaxSuspense InsurancePayable LineOfCredit LoanPayable PayrollClearing "
        "PayrollTaxPayable PrepaidExpensesPayable RentsInTrustLiability SalesTaxPayable "
        "StateLocalIncomeTaxPayable TrustAccountsLiabilities"
    ),
    "Long Term Liability": "NotesPayable OtherLongTermLiabilities ShareholderNotesPayable",
    "Equity": (
        "OpeningBalanceEquity AccumulatedAdjustment CommonStock EstimatedTaxes Healthcare OwnersEquity "
        "PaidInCapitalOrSurplus PartnerContributions PartnerDistributions PartnersEquity PersonalExpense "
        "PersonalIncome PreferredStock RetainedEarnings TreasuryStock"
    ),
    "Income": (
        "SalesOfProductIncome DiscountsRefundsGiven NonProfitIncome OtherPrimaryIncome ServiceFeeIncome "
        "UnappliedCashPaymentIncome"
    ),
    "Other Income": (
        "OtherMiscellaneousIncome DividendIncome InterestEarned OtherInvestmentIncome TaxExemptInterest "
        "GainLossOnSaleOfFixedAssets"
    ),
    "Cost of Goods Sold": (
        "SuppliesMaterialsCogs CostOfLaborCos EquipmentRentalCos OtherCostsOfServiceCos "
        "ShippingFreightDeliveryCos"
    ),
    "Expense": (
        "OtherMiscellaneousServiceCost AdvertisingPromotional Auto BadDebts BankCharges CharitableContributions "
        "CommissionsAndFees CostOfLabor DuesSubscriptions Entertainment EntertainmentMeals EquipmentRental "
        "FinanceCosts GlobalTaxExpense Insurance InterestPaid LegalProfessionalFees "
        "OfficeGeneralAdministrativeExpenses OtherBusinessExpenses PayrollExpenses PromotionalMeals "
        "RentOrLeaseOfBuildings RepairMaintenance ShippingFreightDelivery SuppliesMaterials TaxesPaid Travel "
        "TravelMeals UnappliedCashBillPaymentExpense Utilities"
    ),
    "Other Expense": (
        "OtherMiscellaneousExpense Amortization Depreciation ExchangeGainOrLoss GasAndFuel HomeOffice "
        "OtherHomeOfficeExpenses OtherVehicleExpenses ParkingAndTolls "
        "PenaltiesSettlements Vehicle VehicleInsurance VehicleLease VehicleLoan VehicleLoanInterest "
        "VehicleRegistration VehicleRepairs WashAndRoadServices"
    ),
}.items()}  # fmt: skip
"""Account type -> its sub-types; the first one is used when none is sent."""

TYPE_OF = {sub_type: kind for kind, sub_types in SUB_TYPES.items() for sub_type in sub_types}
"""Sub-type -> the type that it belongs to."""
