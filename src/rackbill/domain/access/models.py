from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower


class UserManager(BaseUserManager["User"]):
    """Looks people up by e-mail, whatever its letter case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who logs in: a customer's, the provider's, or both."""

    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=8, default="en")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_on = models.DateField(null=True)
    legacy_id = models.CharField(max_length=40, blank=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.email


class Membership(models.Model):
    """A person's role at a customer."""

    ROLES = [(role, role) for role in ("MASTER", "ADMIN", "FINANCE", "TECHNICAL", "ABUSE")]

    user = models.ForeignKey("rackbill_access.User", on_delete=models.CASCADE, related_name="memberships")
    customer = models.ForeignKey("rackbill_parties.Customer", on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=12, choices=ROLES)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "customer", "role"], name="membership_once"),
            models.UniqueConstraint(fields=["customer"], condition=models.Q(role="MASTER"), name="one_master"),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.customer_id}"


class StaffRole(models.Model):
    """A member of staff's role for one sales organisation: clerk, approver, support, auditor or administrator."""

    ROLES = [(role, role) for role in ("clerk", "approver", "support", "auditor", "administrator")]

    user = models.ForeignKey("rackbill_access.User", on_delete=models.CASCADE, related_name="staff_roles")
    sales_organisation = models.ForeignKey(
        "rackbill_parties.SalesOrganisation", on_delete=models.PROTECT, related_name="staff_roles"
    )
    role = models.CharField(max_length=16, choices=ROLES)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "sales_organisation", "role"], name="staff_role_once")]

    def __str__(self) -> str:
        return self.role


class ApiKey(models.Model):
    """A key for the public API, bound to one customer; only the hash of its secret is kept."""

    key_id = models.CharField(max_length=8, unique=True)
    customer = models.ForeignKey("rackbill_parties.Customer", on_delete=models.PROTECT, related_name="api_keys")
    label = models.CharField(max_length=120, blank=True)
    secret_hash = models.CharField(max_length=64, unique=True)
    methods = models.JSONField(default=list)
    allowed_ips = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_on = models.DateField(null=True)
    is_revoked = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.key_id


class StaffToken(models.Model):
    """A secret with which a member of staff acts on the console; only its hash is kept."""

    user = models.ForeignKey("rackbill_access.User", on_delete=models.CASCADE, related_name="staff_tokens")
    secret_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_on = models.DateField()
    is_revoked = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"token of {self.user_id} until {self.expires_on}"
