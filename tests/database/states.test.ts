import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import { describe, expect } from 'vitest'
import { test } from '../support/database.ts'
import { ADA } from '../support/people.ts'

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/operations/states.md'), 'utf8')

/** From and to of a table's rows, as the page has them. */
function documented({ heading, states }: Machine): Set<string> {
  const section = PAGE.split(/^#{2,3} /m).find((text) => text.split('\n')[0]!.includes(heading))!
  const rows = [...section.matchAll(/^\| (any|null|`[^|]+`) \| (null|`[^|]+`) \|/gm)]
  const names = (cell: string) =>
    cell === 'any' ? states : [...cell.matchAll(/`(\w+)`|null/g)].map(([all, name]) => name ?? all)
  const pairs = rows.flatMap(([, from = '', to = '']) =>
    names(from).flatMap((one) => names(to).map((other) => [one, other] as const)),
  )
  return new Set(pairs.filter(([from, to]) => from !== to).map(([from, to]) => `${from} → ${to}`))
}

interface Machine {
  readonly heading: string
  readonly states: readonly string[]
  /** Puts one row into the state, past every trigger. */
  readonly plant: (pool: pg.Pool, state: string) => Promise<unknown>
  readonly move: (pool: pg.Pool, state: string) => Promise<unknown>
}

const ended = (state: string, open: readonly string[]) => (open.includes(state) ? null : 'now')
/** A connection of Ada's, with `null` for none. */
const plantConnection = (pool: pg.Pool, { status, revocation }: { status: string; revocation: string }) =>
  pool.query(
    `insert into connections (user_id, platform, status, platform_user_id, connected_at, revocation_status)
     values ($1, 'acme', $2, '1', now() - interval '1 day', nullif($3, 'null'))`,
    [ADA, status, revocation],
  )
const MACHINES: readonly Machine[] = [
  {
    heading: 'connections.status',
    states: ['active', 'limited', 'needs_reauth', 'disconnected'],
    plant: (pool, status) => plantConnection(pool, { status, revocation: 'null' }),
    // With a new consent where one would make it active again; without one see connection-status.test.ts.
    move: (pool, status) =>
      pool.query(
        "update connections set status = $1, connected_at = case when $1 in ('active', 'limited') then now() else connected_at end",
        [status],
      ),
  },
  {
    heading: 'connections.revocation_status',
    states: ['null', 'pending', 'confirmed', 'given_up'],
    plant: (pool, revocation) => plantConnection(pool, { status: 'disconnected', revocation }),
    move: (pool, state) => pool.query("update connections set revocation_status = nullif($1, 'null')", [state]),
  },
  {
    heading: 'ops.callbacks.state',
    states: ['waiting', 'stored', 'failed'],
    plant: (pool, state) =>
      pool.query(
        `insert into ops.callbacks (user_id, platform, data_type, url_sealed, url_digest, delivery_id, state, finished_at)
         values ($1, 'acme', 'x', '', '', gen_random_uuid(), $2, $3::timestamptz)`,
        [ADA, state, ended(state, ['waiting'])],
      ),
    move: (pool, state) =>
      pool.query('update ops.callbacks set state = $1, finished_at = $2::timestamptz', [
        state,
        ended(state, ['waiting']),
      ]),
  },
  {
    heading: 'dead_letters.state',
    states: ['waiting', 'retried', 'discarded'],
    plant: (pool, state) =>
      pool.query(
        `insert into dead_letters (task, cause, attempts, queued_at, state, resolved_at) values ('t', 'internal/unexpected', 1, now(), $1, $2::timestamptz)`,
        [state, ended(state, ['waiting'])],
      ),
    move: (pool, state) =>
      pool.query('update dead_letters set state = $1, resolved_at = $2::timestamptz', [
        state,
        ended(state, ['waiting']),
      ]),
  },
  {
    heading: 'ops.circuit_breakers.state',
    states: ['closed', 'open', 'half_open'],
    plant: (pool, state) =>
      pool.query(
        `insert into ops.circuit_breakers (platform, state, open_until, probe_until) values ('acme', $1, $2::timestamptz, $3::timestamptz)`,
        [state, ended(state, ['closed']), ended(state, ['closed', 'open'])],
      ),
    move: (pool, state) =>
      pool.query(
        'update ops.circuit_breakers set state = $1, open_until = $2::timestamptz, probe_until = $3::timestamptz',
        [state, ended(state, ['closed']), ended(state, ['closed', 'open'])],
      ),
  },
  {
    heading: 'ops.webhook_deliveries.state',
    states: ['receiving', 'received', 'processed', 'dropped'],
    plant: (pool, state) =>
      pool.query(
        `insert into ops.webhook_deliveries (platform, dedupe_key, state, processed_at) values ('acme', 'k', $1, $2::timestamptz)`,
        [state, ended(state, ['receiving', 'received'])],
      ),
    move: (pool, state) =>
      pool.query('update ops.webhook_deliveries set state = $1, processed_at = $2::timestamptz', [
        state,
        ended(state, ['receiving', 'received']),
      ]),
  },
  {
    heading: 'sync_runs.status',
    states: ['running', 'complete', 'failed', 'cancelled'],
    plant: (pool, state) =>
      pool.query(
        `insert into sync_runs (user_id, platform, kind, since, until, reached, status, finished_at) values ($2, 'acme', 'history', now(), now(), now(), $1, $3::timestamptz)`,
        [state, ADA, ended(state, ['running'])],
      ),
    move: (pool, state) =>
      pool.query('update sync_runs set status = $1, finished_at = $2::timestamptz', [state, ended(state, ['running'])]),
  },
]

describe('the tables of docs/operations/states.md', () => {
  test.for(MACHINES.map((machine) => [machine.heading, machine] as const))(
    '%s: the database allows what is there and nothing else',
    async ([, machine], { db }) => {
      const { states, plant, move } = machine
      await db.admin.query(`insert into platforms (id, display_name) values ('acme', 'Acme')`)
      await db.admin.query('insert into app_users (user_id) values ($1)', [ADA])
      const allowed: string[] = []
      for (const from of states)
        for (const to of states.filter((state) => state !== from)) {
          await db.admin.query(
            'delete from dead_letters; delete from ops.circuit_breakers; delete from ops.webhook_deliveries; delete from sync_runs; delete from connections; delete from ops.callbacks',
          )
          await plant(db.admin, from)
          const moved = await move(db.service, to).then(
            () => true,
            (error: { code: string }) => {
              expect(error.code).toMatch(/^TB0[01]/)
              return false
            },
          )
          if (moved) allowed.push(`${from} → ${to}`)
        }
      expect(new Set(allowed)).toEqual(documented(machine))
    },
  )
})
