from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "rackbill.domain.documents"
    label = "rackbill_documents"
