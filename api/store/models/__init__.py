"""The tables, one file a noun."""

from api.store.models.actions import JointAction, JointActionDepartment
from api.store.models.base import SRID, Base, Record
from api.store.models.cases import NEVER, Case, CaseAssisting, CaseEntry, FilingRule, WorkYear
from api.store.models.decisions import Decision, DecisionDepartment, DecisionEntry, DecisionFile, Meeting
from api.store.models.districts import City, District, StallArea
from api.store.models.facilities import Facility, FacilityTargets, FacilityUse, PupilCount
from api.store.models.field import Checklist, HazardEdit, Sighting
from api.store.models.grids import Cell, CellInspector, CellPiece, Perimeter
from api.store.models.hazards import Hazard, HazardSchool, Inspection
from api.store.models.incidents import Incident, IncidentChanges, IncidentGroup
from api.store.models.meetings import BriefText, DutyReport, SharedBrief
from api.store.models.messages import Message, OutboxEntry, ToldDue
from api.store.models.notices import Notice, NoticeDepartment, NoticeFile, NoticeReceipt
from api.store.models.patrols import (
    EscortPost,
    PatrolCheck,
    PatrolMember,
    PatrolPlan,
    PatrolRun,
    PatrolShift,
    PatrolStop,
)
from api.store.models.people import (
    Absence,
    AccessToken,
    Department,
    DepartmentDuty,
    DepartmentName,
    Person,
    PersonRole,
)
from api.store.models.photos import Photo
from api.store.models.premises import DistanceRule, Premises
from api.store.models.schools import CalendarDay, Campus, Gate, School, Term, Timetable
from api.store.models.security import AuditEntry, AuditHead, SealedRequest, ServerSecret, SignInFailure
from api.store.models.sources import Source
from api.store.models.streets import Building, Place, Street

__all__ = [
    "NEVER",
    "SRID",
    "Absence",
    "AccessToken",
    "AuditEntry",
    "AuditHead",
    "Base",
    "BriefText",
    "Building",
    "CalendarDay",
    "Campus",
    "Case",
    "CaseAssisting",
    "CaseEntry",
    "Cell",
    "CellInspector",
    "CellPiece",
    "Checklist",
    "City",
    "Decision",
    "DecisionDepartment",
    "DecisionEntry",
    "DecisionFile",
    "Department",
    "DepartmentDuty",
    "DepartmentName",
    "DistanceRule",
    "District",
    "DutyReport",
    "EscortPost",
    "Facility",
    "FacilityTargets",
    "FacilityUse",
    "FilingRule",
    "Gate",
    "Hazard",
    "HazardEdit",
    "HazardSchool",
    "Incident",
    "IncidentChanges",
    "IncidentGroup",
    "Inspection",
    "JointAction",
    "JointActionDepartment",
    "Meeting",
    "Message",
    "Notice",
    "NoticeDepartment",
    "NoticeFile",
    "NoticeReceipt",
    "OutboxEntry",
    "PatrolCheck",
    "PatrolMember",
    "PatrolPlan",
    "PatrolRun",
    "PatrolShift",
    "PatrolStop",
    "Perimeter",
    "Person",
    "PersonRole",
    "Photo",
    "Place",
    "Premises",
    "PupilCount",
    "Record",
    "School",
    "SealedRequest",
    "ServerSecret",
    "SharedBrief",
    "Sighting",
    "SignInFailure",
    "Source",
    "StallArea",
    "Street",
    "Term",
    "Timetable",
    "ToldDue",
    "WorkYear",
]
