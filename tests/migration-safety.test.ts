import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Finding, squawk } from './support/squawk.ts'

const MIGRATIONS = join(import.meta.dirname, '../database/migrations/default')
const files = readdirSync(MIGRATIONS).map((name) => join(MIGRATIONS, name, 'up.sql'))
const isAlone = (file: string) => readFileSync(file, 'utf8').startsWith('-- hasura:no-transaction')

/** Of before the first release: they ran on databases without people only. No line is added here. */
const BEFORE_RELEASE: Readonly<Record<string, readonly string[]>> = {
  '20261125100000_extend_metric_kinds': ['adding-foreign-key-constraint'],
  '20261125100100_create_samples_and_sleep': ['adding-serial-primary-key-field', 'constraint-missing-not-valid'],
  '20261127020500_version_keys': ['ban-drop-not-null', 'ban-drop-table', 'require-concurrent-index-creation'],
  '20261127021051_receive_large_deliveries': ['ban-drop-not-null', 'constraint-missing-not-valid'],
  '20261127021741_create_merging': ['adding-field-with-default', 'adding-foreign-key-constraint'],
  '20261127023134_mark_removed_payloads': ['require-concurrent-index-creation'],
  '20261127043110_plan_syncs': [
    'adding-foreign-key-constraint',
    'adding-not-nullable-field',
    'adding-serial-primary-key-field',
    'constraint-missing-not-valid',
    'renaming-table',
    'require-concurrent-index-creation',
  ],
  '20261127050905_create_exports_and_processing_records': ['constraint-missing-not-valid'],
}

const group = (findings: readonly Finding[]) =>
  Object.fromEntries(
    [...Map.groupBy(findings, ({ file }) => file.split('/').at(-2) ?? '')].map(([name, found]) => [
      name,
      [...new Set(found.map(({ rule_name: rule }) => rule))].toSorted(),
    ]),
  )

describe('our migrations', () => {
  test('neither stop nor break the version that still runs', () => {
    const inTransactions = squawk(files.filter((file) => !isAlone(file)))
    const alone = files.filter(isAlone)
    const found = group([...inTransactions, ...(alone.length === 0 ? [] : squawk(alone, { alone: true }))])
    expect(found).toEqual(BEFORE_RELEASE)
  })

  test('say why where a rule is set aside, rule by rule', () => {
    const lines = files.flatMap((file) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .map((line, at, all) => [all[at - 1], line]),
    )
    const unexplained = lines
      .filter(([, line = '']) => line.includes('squawk-ignore'))
      .filter(([before = '', line = '']) => !/^-- contract: .{20}/.test(before) || !/squawk-ignore [a-z]/.test(line))
    expect(unexplained).toEqual([])
  })
})

const LOCK = "set local lock_timeout = '5s';"

// What the version before the deploy still needs, or what makes everybody wait: one statement, one rule.
test.each([
  ['a column that goes', 'alter table public.samples drop column source_id', 'ban-drop-column'],
  ['a table that goes', 'drop table ops.sync_plans', 'ban-drop-table'],
  ['a column with another name', 'alter table public.samples rename column source to device', 'renaming-column'],
  ['a table with another name', 'alter table public.samples rename to measurements', 'renaming-table'],
  ['another type', 'alter table public.samples alter column value type double precision', 'changing-column-type'],
  [
    'a column that old code does not fill',
    'alter table public.samples add column unit text not null',
    'adding-required-field',
  ],
  ['not null at once', 'alter table public.samples alter column source_id set not null', 'adding-not-nullable-field'],
  ['an index that stops writers', 'create index on public.samples (value)', 'require-concurrent-index-creation'],
  [
    'a check that reads the whole table',
    'alter table public.samples add constraint positive check (value > 0)',
    'constraint-missing-not-valid',
  ],
  [
    'a key that reads the whole table',
    'alter table public.samples add constraint of_kind foreign key (kind) references public.metric_kinds (id)',
    'adding-foreign-key-constraint',
  ],
  [
    'a unique constraint',
    'alter table public.samples add constraint one_kind unique (kind)',
    'disallowed-unique-constraint',
  ],
  [
    'a default that rewrites the table',
    'alter table public.samples add column noted_at timestamptz default clock_timestamp()',
    'adding-field-with-default',
  ],
])('the check refuses %s', (_what, statement, rule) => {
  expect(squawk({ sql: `${LOCK}\n${statement};` }).map(({ rule_name: name }) => name)).toContain(rule)
})

test('the check refuses to wait for a lock without an end', () => {
  const rules = squawk({ sql: 'alter table public.samples add column note text;' }).map(({ rule_name: name }) => name)
  expect(rules).toEqual(['require-lock-timeout'])
})

test.each([
  ['a column that may be empty', `${LOCK} alter table public.samples add column note text;`, false],
  [
    'a column with a fixed default',
    `${LOCK} alter table public.samples add column manual_entry boolean not null default false;`,
    false,
  ],
  [
    'a constraint that is validated later',
    `${LOCK} alter table public.samples add constraint positive check (value > 0) not valid;`,
    false,
  ],
  [
    'an index of a table that is new',
    `${LOCK} create table ops.notes (id bigint primary key, note text); create index on ops.notes (note);`,
    false,
  ],
  [
    'an index beside writers',
    `set lock_timeout = '5s'; create index concurrently if not exists noted on ops.sync_plans (silent_after);`,
    true,
  ],
])('the check lets %s pass', (_what, sql, alone) => {
  expect(squawk({ sql }, { alone })).toEqual([])
})
