"""Microsoft.KeyVault."""

from __future__ import annotations

from arm.types.resource_type import STATE_BELOW, Created, Estimate, Refusal, ResourceType

_VERSIONS = ("2024-11-01",)
_VAULT = "Microsoft.KeyVault/vaults/{vaultName}"


def _secret_uri(secret: Created) -> str:
    return f"https://{secret.segment('vaults')}.vault.azure.net/secrets/{secret.name}"


VAULT = ResourceType(
    "keyvault",
    "Vault",
    _VERSIONS,
    _VAULT,
    Estimate("key vaults", 30),
    flattened=False,
    immutable=("properties.softDeleteRetentionInDays",),
    immutable_refusal=Refusal(  # [arm]
        400,
        "BadRequest",
        'The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.',
    ),
    computed={**STATE_BELOW, "properties.vaultUri": lambda created: f"https://{created.name}.vault.azure.net/"},
    taken_refusal=Refusal(
        409,
        "VaultAlreadyExists",
        "The vault name '{name}' is already in use. Vault names are globally unique so it is possible that the name is"
        " already taken. If you are sure that the vault name was not taken then it is possible that a vault with the"
        " same name was recently deleted but not purged after being placed in a recoverable state.",
    ),
    holds_data=True,
)
SECRET = ResourceType(
    "keyvault",
    "Secret",
    _VERSIONS,
    f"{_VAULT}/secrets/{{secretName}}",
    Estimate("key vaults", 3),
    flattened=False,
    renamed={"properties.attributes.expires": "exp", "properties.attributes.notBefore": "nbf"},
    computed={
        "properties.secretUri": _secret_uri,
        "properties.secretUriWithVersion": lambda created: (
            f"{_secret_uri(created)}/{created.guid('version').replace('-', '')}"
        ),
    },
    write_only=("properties.value",),
)
