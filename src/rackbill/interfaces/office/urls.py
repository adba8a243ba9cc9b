"""Addresses of the office."""

from django.urls import path

from rackbill.interfaces.office import bank, customers, mandates, receivables, recipients, runs, series

urlpatterns = [
    path("office/", runs.runs, name="office_runs"),
    path("office/customers/", customers.customers, name="office_customers"),
    path("office/customers/<str:customer_id>/", customers.customer, name="office_customer"),
    path("office/customers/<str:customer_id>/change/", customers.change, name="office_change_customer"),
    path("office/customers/<str:customer_id>/mandate/", mandates.mandate, name="office_mandate"),
    path("office/customers/<str:customer_id>/recipients/", recipients.recipients, name="office_recipients"),
    path("office/customers/<str:customer_id>/recipients/change/", recipients.change, name="office_change_recipients"),
    path("office/customers/<str:customer_id>/account/", receivables.account, name="office_account"),
    path("office/customers/<str:customer_id>/payment/", receivables.enter_payment, name="office_payment"),
    path("office/bank/", bank.bank, name="office_bank"),
    path("office/bank/file/", bank.read_file, name="office_bank_file"),
    path("office/bank/match/", bank.match, name="office_bank_match"),
    path("office/bank/lines/<str:line_id>/", bank.place, name="office_bank_line"),
    path("office/receivables/", receivables.receivables, name="office_receivables"),
    path("office/receivables.csv", receivables.receivables_csv, name="office_receivables_csv"),
    path("office/series/", series.series, name="office_series"),
    path("office/runs/<str:run_id>/", runs.run, name="office_run"),
    path("office/plan/", runs.plan, name="office_plan"),
    path("office/runs/<str:run_id>/progress/", runs.progress, name="office_progress"),
    path("office/runs/<str:run_id>/retry/", runs.retry, name="office_retry"),
    path("office/runs/<str:run_id>/check/", runs.check, name="office_check"),
    path("office/runs/<str:run_id>/issue/", runs.issue, name="office_issue"),
    path("office/runs/<str:run_id>/discard/", runs.discard, name="office_discard"),
    path("office/runs/<str:run_id>/recompute/", runs.recompute, name="office_recompute"),
    path("office/runs/<str:run_id>/approve/", runs.approve, name="office_approve"),
    path("office/runs/<str:run_id>/report.pdf", runs.report_pdf, name="office_report_pdf"),
    path("office/runs/<str:run_id>/report.json", runs.report_json, name="office_report_json"),
]
