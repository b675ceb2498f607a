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
    ],
    "values": {
      "status": [
        "open",
        "closed",
        "cancelled"
      ],
      "qualifier": [
        "personal",
        "nuisance",
        "environmental"
      ]
    }
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
    ],
    "values": {
      "status": [
        "recorded",
        "cancelled",
        "transferred"
      ],
      "premises_type": [
        "licensed",
        "retail",
        "office",
        "hotel",
        "gym",
        "transport",
        "dwelling",
        "street",
        "public_building",
        "other"
      ],
      "victim_type": [
        "public",
        "staff",
        "police_officer",
        "emergency_worker",
        "custody_officer",
        "business"
      ],
      "circumstance": [
        "staff_victim",
        "domestic",
        "colleagues",
        "by_staff",
        "road_rage",
        "other"
      ]
    }
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
    ],
    "values": {
      "programme": [
        "luscombe",
        "alabama",
        "other"
      ],
      "stage": [
        "green",
        "yellow",
        "red",
        "blue",
        "cbo"
      ],
      "instrument": [
        "ticket",
        "cpw",
        "cpn",
        "summons",
        "cbo"
      ]
    }
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
    ],
    "values": {
      "programme": [
        "prevent",
        "project_griffin",
        "project_argus",
        "ct_awareness",
        "postal_awareness",
        "ct_local_profile",
        "fraud_prevention",
        "safeguarding",
        "begging_outreach",
        "road_safety",
        "licensing_training",
        "operation"
      ],
      "activity_type": [
        "awareness_session",
        "training",
        "meeting",
        "stall",
        "exercise",
        "surgery",
        "shift",
        "conference",
        "deployment",
        "campaign"
      ],
      "organisation_type": [
        "education",
        "business",
        "health",
        "faith",
        "community",
        "local_authority",
        "police",
        "charity",
        "other"
      ],
      "attendance_basis": [
        "exact",
        "estimate",
        "at_least"
      ]
    }
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
    ],
    "values": {
      "activity_type": [
        "visit",
        "promoted_event",
        "intervention",
        "deployment"
      ],
      "reason": [
        "routine",
        "manchester_attack",
        "london_bridge_attack",
        "joint_fire",
        "joint_border",
        "other"
      ]
    }
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
    ],
    "values": {
      "record_type": [
        "referral",
        "intel_report"
      ],
      "sector": [
        "education",
        "health",
        "police",
        "local_authority",
        "prisons",
        "friends_family",
        "community",
        "other"
      ],
      "concern": [
        "islamist",
        "extreme_right_wing",
        "mixed_unclear",
        "other",
        "not_known"
      ],
      "outcome": [
        "no_further_action",
        "signposted",
        "panel",
        "channel",
        "transferred",
        "open"
      ]
    }
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
    ],
    "values": {
      "event_type": [
        "protest",
        "counter_protest",
        "march",
        "vigil",
        "other"
      ]
    }
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
    ],
    "values": {
      "notice_type": [
        "fpn",
        "tor"
      ],
      "offence": [
        "mobile_phone",
        "seat_belt",
        "speed_20mph",
        "excess_speed",
        "drink_drug",
        "red_light",
        "insurance",
        "cycle",
        "other"
      ],
      "disposal": [
        "course",
        "fixed_penalty",
        "summons",
        "cancelled"
      ]
    }
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
    ],
    "values": {
      "sex": [
        "male",
        "female",
        "other"
      ],
      "need": [
        "first_aid",
        "medic",
        "alcohol",
        "safe_place",
        "mental_health"
      ],
      "outcome": [
        "treated",
        "taxi_home",
        "collected_by_family",
        "ambulance"
      ]
    }
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
    ],
    "values": {
      "outcome": [
        "place_of_safety",
        "gp",
        "crisis_team",
        "home_treatment",
        "voluntary",
        "no_action"
      ]
    }
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
    ],
    "values": {
      "programme": [
        "public_carriage",
        "commercial_vehicle"
      ],
      "vehicle_class": [
        "hackney",
        "phv",
        "lgv",
        "hgv",
        "other"
      ]
    }
  }
]) }}
{%- endmacro %}
