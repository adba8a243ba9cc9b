"""Columns of every file of bundle format 1, in the order of the guide (docs/guide/legacy-bundle.md)."""

COLUMNS: dict[str, tuple[str, ...]] = {
    name: tuple(columns.split())
    for name, columns in {
        "sales_organisations.csv": "sales_organisation_id legacy_code name legal_name street city postal_code country state"
        " company_number tax_registrations accounting_currency time_zone billing_email billing_phone payment_days",
        "bank_accounts.csv": "sales_organisation_id currency bank_name iban bic account_number routing_code creditor_id",
        "customers.csv": "customer_id sales_organisation_id kind name street city country postal_code state email phone"
        " company_number tax_id tax_id_checked_on tax_id_valid tax_id_evidence language po_number cost_centre"
        " buyer_reference payment_days created_on",
        "contacts.csv": "contact_id customer_id first_name last_name email phone roles primary_roles",
        "users.csv": "user_id email full_name password_hash language created_on",
        "memberships.csv": "user_id customer_id role",
        "api_keys.csv": "key_id customer_id label key_sha256 methods allowed_ips created_on expires_on",
        "contracts.csv": "contract_id customer_id currency ordered_on starts_on ends_on term_months po_number quotation_number",
        "services.csv": "service_id server_name contract_id product_id product_code product_name reference status"
        " starts_on ends_on cancelled_on cost_centre",
        "equipment.csv": "service_id kind asset_id serial_number site suite rack unit brand chassis cpu_type cpu_count"
        " ram_gb disks ip_address mac_address",
        "lines.csv": "line_id service_id kind description quantity cycle_months starts_on ends_on last_billed_from"
        " last_billed_until",
        "prices.csv": "line_id unit_price currency valid_from valid_until",
        "discounts.csv": "line_id kind value reason valid_from valid_until",
        "invoices.csv": "number kind customer_id issued_on due_on currency net tax total open_amount status pdf_file"
        " pdf_sha256",
        "invoice_lines.csv": "number line service_id description period_from period_until quantity unit_price amount tax_rate",
        "payments.csv": "payment_id customer_id received_on currency amount invoice_number method remittance_text",
        "credits.csv": "credit_id customer_id currency amount reason created_on",
        "mandates.csv": "mandate_reference customer_id holder iban bic signed_on last_used_on",
    }.items()
}
