"""A local certificate authority, and the certificates that it issues for the domains a stack asks for."""

import ipaddress
import threading
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .api import Created, Document

_VALIDITY = timedelta(days=30)


class Authority:
    """Issues certificates that clients accept once they trust `ca_file`.

    Keys are made anew for each authority and never leave its folder.

    Args:
        folder: Where keys and certificates are written; created when absent, readable by its owner only.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._lock = threading.Lock()
        self._files: dict[str, Path] = {}
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = _sign_authority(self._key)
        self.ca_file = folder / "ca.pem"
        """What clients must trust, in PEM."""
        self.ca_file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, arn: str, domains: Iterable[str]) -> Path:
        """Issue a certificate and remember it under its ARN.

        Args:
            arn: The certificate's ARN in Certificate Manager.
            domains: Names, wildcard names or addresses that it speaks for; the first is its subject.

        Returns:
            One PEM file with the certificate, its issuer and the private key, as HAProxy reads it.
        """
        names = list(dict.fromkeys(domains))
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _sign_server(self._certificate, self._key, key.public_key(), names)
        encoded = (
            certificate.public_bytes(serialization.Encoding.PEM)
            + self._certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        file = self._folder / f"{arn.rpartition('/')[2]}.pem"
        file.touch(mode=0o600)
        file.write_bytes(encoded)
        with self._lock:
            self._files[arn] = file
        return file

    def forget(self, arn: str) -> None:
        """Forget a certificate; listeners that already use it go on doing so."""
        with self._lock:
            self._files.pop(arn, None)

    def file(self, arn: str) -> Path | None:
        """Return the PEM file of a certificate, None when the authority never issued it."""
        with self._lock:
            return self._files.get(arn)


class CertificateType:
    """`AWS::CertificateManager::Certificate`: issued at once, without validation of the domain.

    Args:
        authority: Who issues.
        region: The region in the ARN.
        account: The account in the ARN.
    """

    type_name: ClassVar[str] = "AWS::CertificateManager::Certificate"
    create_only: ClassVar[frozenset[str]] = frozenset(
        {"DomainName", "SubjectAlternativeNames", "DomainValidationOptions", "ValidationMethod", "KeyAlgorithm"}
    )

    def __init__(self, authority: Authority, *, region: str, account: str) -> None:
        self._authority = authority
        self._prefix = f"arn:aws:acm:{region}:{account}:certificate/"

    def create(self, name: str, properties: Document) -> Created:  # noqa: ARG002 - certificates have no names
        """Issue the certificate."""
        arn = f"{self._prefix}{uuid.uuid4()}"
        self._authority.issue(arn, [properties["DomainName"], *properties.get("SubjectAlternativeNames", ())])
        return Created(arn)

    def update(self, physical_id: str, old: Document, new: Document) -> Created:  # noqa: ARG002 - only tags can change
        """Accept new tags."""
        return Created(physical_id)

    def delete(self, physical_id: str, properties: Document) -> None:  # noqa: ARG002 - the ARN is enough
        """Forget the certificate."""
        self._authority.forget(physical_id)


def _sign_authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bluegreen rehearsal authority")])
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    builder = _builder(name, name, key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(usage, critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return builder.sign(key, hashes.SHA256())


def _sign_server(
    issuer: x509.Certificate, issuer_key: ec.EllipticCurvePrivateKey, key: ec.EllipticCurvePublicKey, names: list[str]
) -> x509.Certificate:
    # A common name holds 64 characters; longer names are in the alternative names alone, which is where clients look.
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    builder = _builder(subject, issuer.subject, key)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    builder = builder.add_extension(
        x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False
    )
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = builder.add_extension(authority, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    # An hour's slack: a client's clock may be behind.
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + _VALIDITY)
    return builder.serial_number(x509.random_serial_number())


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
