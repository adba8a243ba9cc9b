"""Addresses of the portal."""

from django.urls import include, path
from django.views.i18n import set_language

from rackbill.interfaces.portal import account, equipment, invoices, invoicing, recipients, search, services

urlpatterns = [
    path("", account.home, name="home"),
    path("services/", services.services, name="services"),
    path("services/<str:service_id>/", services.service, name="service"),
    path("services/<str:service_id>/reference/", services.reference, name="reference"),
    path("equipment/", equipment.equipment_list, name="equipment_list"),
    path("equipment/<str:equipment_id>/", equipment.equipment, name="equipment"),
    path("invoices/", invoices.invoices, name="invoices"),
    path("invoices/<str:number>/", invoices.invoice, name="invoice"),
    path("invoices/<str:number>/pdf", invoices.invoice_pdf, name="invoice_pdf"),
    path("invoices/<str:number>/files/<str:form>", invoices.invoice_file, name="invoice_file"),
    path("invoicing/", invoicing.invoicing, name="invoicing"),
    path("invoicing/recipients/", recipients.recipients, name="recipients"),
    path("search/", search.search, name="search"),
    path("account/switch/", account.switch, name="switch_account"),
    path("language/", set_language, name="set_language"),
    path("account/", include("allauth.urls")),
]
