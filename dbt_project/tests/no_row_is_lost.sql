-- Reconciliation: of every source, the rows that the ledger says began a state are the states that are known.
with ledger_side as (
  select
    source,
    sum(loaded) as began
  from {{ ref("int_deliveries__row_fates") }}
  group by source
),

states as (
  select
    source,
    sum(rows_began) as began
  from {{ ref("int_source_movements") }}
  group by source
)

select
  ledger_side.source,
  ledger_side.began as of_ledger,
  states.began as of_states
from ledger_side
full join states on ledger_side.source = states.source
where coalesce(ledger_side.began, 0) <> coalesce(states.began, 0)
