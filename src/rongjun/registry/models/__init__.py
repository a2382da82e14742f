"""Persons, and every assertion about them with two times.

`valid_from`/`valid_to` say when a thing was so (half open: `valid_to` is the first day it no longer is);
`recorded_at`/`superseded_at` say when we knew it. A correction closes the old row and adds a new one; the
application may change nothing else in a row (migrations 0003 to 0005).

Every table carries `division`, the person's servicing division, because row security asks for it on each row;
a composite foreign key onto the person keeps it right when the person moves (migrations 0002, 0004, 0005).
"""

from rongjun.registry.models.base import (
    Assertion,
    Person,
)
from rongjun.registry.models.citizens import (
    CitizenLink,
    Mandate,
)
from rongjun.registry.models.feeds import (
    FeedCandidate,
    Sentence,
)
from rongjun.registry.models.finding import (
    LookUp,
    NameTerm,
)
from rongjun.registry.models.merges import (
    DuplicateCandidate,
    Merge,
)
from rongjun.registry.models.people import (
    Contact,
    DisabilityRating,
    Household,
    IdentityDocument,
    Particulars,
    Relation,
    Service,
    Statement,
    Status,
)
from rongjun.registry.models.privacy import (
    Consent,
    ExportRequest,
    LegalHold,
    NoticeReceipt,
    Restriction,
    RightsRequest,
)
from rongjun.registry.models.rosters import (
    DONE,
    RUNNING,
    CutoverImport,
    CutoverRecord,
    ImportedRow,
    RosterImport,
    RosterPart,
)
from rongjun.registry.models.standing import (
    BankAccount,
    Death,
    Merit,
    Payee,
    Proposal,
    Residence,
    Servicing,
)

__all__ = [
    "DONE",
    "RUNNING",
    "Assertion",
    "BankAccount",
    "CitizenLink",
    "Consent",
    "Contact",
    "CutoverImport",
    "CutoverRecord",
    "Death",
    "DisabilityRating",
    "DuplicateCandidate",
    "ExportRequest",
    "FeedCandidate",
    "Household",
    "IdentityDocument",
    "ImportedRow",
    "LegalHold",
    "LookUp",
    "Mandate",
    "Merge",
    "Merit",
    "NameTerm",
    "NoticeReceipt",
    "Particulars",
    "Payee",
    "Person",
    "Proposal",
    "Relation",
    "Residence",
    "Restriction",
    "RightsRequest",
    "RosterImport",
    "RosterPart",
    "Sentence",
    "Service",
    "Servicing",
    "Statement",
    "Status",
]
