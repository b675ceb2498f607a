{#- Generated from expectations/ by `safercity check --write`: change the contract, not this file. -#}
{% macro record_sources() -%}
  {{ return([
  {
    "source": "asb_incidents",
    "system": "records",
    "key": "incident_number",
    "counted_by": "created_at",
    "confidential": false,
    "columns": [
      "incident_number",
      "status",
      "created_at",
      "occurred_at",
      "category",
      "qualifier",
      "street",
      "ward",
      "premises",
      "licensed_premises",
      "easting",
      "northing"
    ]
  },
  {
    "source": "crimes",
    "system": "records",
    "key": "crime_number",
    "counted_by": "recorded_at",
    "confidential": false,
    "columns": [
      "crime_number",
      "status",
      "class_code",
      "sub_code",
      "offence",
      "recorded_at",
      "reported_at",
      "committed_from",
      "committed_to",
      "street",
      "ward",
      "premises",
      "premises_type",
      "easting",
      "northing",
      "outcome_code",
      "outcome_at",
      "alcohol",
      "domestic_abuse",
      "drugs",
      "victim_type",
      "circumstance",
      "method_tags",
      "operation"
    ]
  },
  {
    "source": "enforcement_actions",
    "system": "records",
    "key": "action_number",
    "counted_by": "issued_on",
    "confidential": false,
    "columns": [
      "action_number",
      "programme",
      "person_ref",
      "stage",
      "instrument",
      "issued_on",
      "hub_number",
      "hub_month",
      "hub_attended",
      "street",
      "ward"
    ]
  },
  {
    "source": "engagement_activities",
    "system": "records",
    "key": "activity_ref",
    "counted_by": "started_on",
    "confidential": false,
    "columns": [
      "activity_ref",
      "programme",
      "activity_type",
      "started_on",
      "days",
      "hours",
      "organisation",
      "organisation_type",
      "internal",
      "location",
      "attendance",
      "attendance_basis",
      "arrests",
      "vehicles_seized",
      "items_seized"
    ]
  },
  {
    "source": "licensing_activities",
    "system": "records",
    "key": "activity_ref",
    "counted_by": "held_on",
    "confidential": false,
    "columns": [
      "activity_ref",
      "activity_type",
      "held_on",
      "premises",
      "ward",
      "risk_assessed",
      "reason"
    ]
  },
  {
    "source": "prevent_referrals",
    "system": "records",
    "key": "referral_ref",
    "counted_by": "referred_on",
    "confidential": true,
    "columns": [
      "referral_ref",
      "record_type",
      "referred_on",
      "sector",
      "concern",
      "city_based",
      "outcome",
      "transferred_to"
    ]
  },
  {
    "source": "public_order_events",
    "system": "records",
    "key": "event_ref",
    "counted_by": "held_on",
    "confidential": false,
    "columns": [
      "event_ref",
      "held_on",
      "event_type",
      "title",
      "location",
      "street",
      "ward",
      "estimated_attendance",
      "arrests"
    ]
  },
  {
    "source": "roads_enforcement",
    "system": "records",
    "key": "notice_number",
    "counted_by": "issued_at",
    "confidential": false,
    "columns": [
      "notice_number",
      "notice_type",
      "offence",
      "issued_at",
      "street",
      "ward",
      "vehicle_class",
      "operation",
      "disposal"
    ]
  },
  {
    "source": "support_bus_attendances",
    "system": "records",
    "key": "attendance_ref",
    "counted_by": "deployed_on",
    "confidential": false,
    "columns": [
      "attendance_ref",
      "deployed_on",
      "sex",
      "need",
      "outcome",
      "minutes_with_service"
    ]
  },
  {
    "source": "triage_contacts",
    "system": "records",
    "key": "contact_ref",
    "counted_by": "contact_at",
    "confidential": false,
    "columns": [
      "contact_ref",
      "contact_at",
      "clinician_on_duty",
      "s136_considered",
      "s136_used",
      "outcome"
    ]
  },
  {
    "source": "vehicle_checks",
    "system": "records",
    "key": "check_ref",
    "counted_by": "checked_at",
    "confidential": false,
    "columns": [
      "check_ref",
      "programme",
      "operation_ref",
      "checked_at",
      "vehicle_class",
      "licensing_authority",
      "compliant",
      "offences",
      "reasons"
    ]
  }
]) }}
{%- endmacro %}
