import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { sealTrail } from '../../service/compliance/audit/seal-trail.ts'
import { createHeadSigner } from '../../service/compliance/audit/tree-head.ts'
import { Secret } from '../../service/runtime/secret.ts'
import { ADA, OPERATOR, type Trail, test } from '../support/audit-trail.ts'

/** Six events under two heads. */
async function sealTwice(trail: Trail): Promise<void> {
  for (let count = 0; count < 3; count += 1)
    await trail.write({ reason: `reason ${count}`, actor: { kind: 'operator', id: OPERATOR } })
  expect(await trail.seal()).toBe(3)
  for (let count = 3; count < 6; count += 1) await trail.write()
  expect(await trail.seal()).toBe(3)
}

const AT = (position: number) => `(select event_id from audit.chain where position = ${position})`
const SWAP = [
  'create temp table moved as select * from audit.chain where position in (2, 5)',
  'delete from audit.chain where position in (2, 5)',
  `insert into audit.chain select 7 - m.position, m.event_id, m.leaf_hash, o.chain_hash
   from moved m join moved o on o.position = 7 - m.position`,
]
const FORGE = `insert into audit.events (id, action, actor_kind, outcome) values ('00000000-0000-4000-8000-00000000beef', 'token.opened', 'system', 'success')`

describe('the audit trail', () => {
  test.for([
    'update audit.events set outcome = outcome',
    'delete from audit.events',
    'truncate audit.events cascade',
    'truncate audit.chain',
    'truncate audit.personal_values',
    'truncate audit.tree_heads',
    'update audit.chain set position = position',
    'delete from audit.chain',
    'delete from audit.personal_values',
    'delete from audit.tree_heads',
  ])('refuses its owner too: %s', async (statement, { db, trail }) => {
    await sealTwice(trail)
    const client = await db.admin.connect()
    await client.query('set role tributary_migration')
    await expect(client.query(statement)).rejects.toMatchObject({ code: 'TB002' })
    client.release(true)
    expect(await trail.verify()).toEqual([])
  })

  test.for([
    'update audit.events set outcome = outcome',
    'update audit.personal_values set reason = null',
    'delete from audit.tree_heads',
    'truncate audit.events',
    'insert into audit.unsealed values (gen_random_uuid())',
    "update audit.tree_heads set document = ''",
    'alter table audit.events disable trigger all',
  ])('gives the service no right to: %s', async (statement, { db, trail }) => {
    await sealTwice(trail)
    await expect(db.service.query(statement)).rejects.toMatchObject({ code: '42501' })
  })

  test('holds nothing of a change that was rolled back, and needs no number for it', async ({ trail }) => {
    await trail.write()
    await expect(
      trail.db.transaction(async () => {
        await trail.write()
        throw new Error('undone')
      }),
    ).rejects.toThrow('undone')
    expect(await trail.seal()).toBe(2) // `write` has a transaction of its own
    expect(await trail.verify()).toEqual([])
  })
})

describe('verifying the audit trail', () => {
  test('finds nothing wrong with one that was left alone', async ({ trail }) => {
    await sealTwice(trail)
    expect(await trail.seal()).toBe(0)
    expect(await trail.verify()).toEqual([])
  })

  test.for([
    ['an edit', [`update audit.events set outcome = 'failure' where id = ${AT(2)}`], /^position 2, event .*: altered$/],
    [
      'a new date',
      [`update audit.events set occurred_at = occurred_at - interval '1 microsecond' where id = ${AT(5)}`],
      /^position 5, event .*: altered$/,
    ],
    [
      'an edited value',
      [`update audit.personal_values set actor_id = '${ADA}' where event_id = ${AT(1)}`],
      /^position 1, event .*: the value of actor was altered$/,
    ],
    [
      'a value without its salt',
      [`update audit.personal_values set reason_salt = null where event_id = ${AT(3)}`],
      /^position 3, event .*: the value of reason was altered$/,
    ],
    [
      'a deleted event',
      [`delete from audit.events where id = ${AT(4)}`],
      /^position 4, event .*: the event was deleted$/,
    ],
    [
      'a deleted event with its place',
      [`delete from audit.events where id = ${AT(4)}`, 'delete from audit.chain where position = 4'],
      /^position 4: missing; the next there is is 5$/,
    ],
    ['an event put past the sealer', [FORGE], /^event 00000000-0000-4000-8000-00000000beef: inserted past the sealer$/],
    ['an order that changed', SWAP, /^position 2, event .*: not the event that stood here/],
    [
      'a cut tail',
      [
        'delete from audit.events where id in (select event_id from audit.chain where position > 4)',
        'delete from audit.chain where position > 4',
      ],
      /^positions 5 to 6: missing at the end; heads\//,
    ],
    [
      'a trail that is gone',
      ['truncate audit.events, audit.chain, audit.personal_values, audit.unsealed, audit.tree_heads'],
      /^positions 1 to 6: missing at the end; heads\//,
    ],
    [
      'a head whose copy was edited',
      [`update audit.tree_heads set signed_at = signed_at - interval '1 day' where size = 3`],
      /^the head of 3 .*: published, and not in the store$/,
    ],
  ] as const)('finds %s', async ([, statements, finding], { trail }) => {
    await sealTwice(trail)
    await trail.tamper(...statements)
    expect((await trail.verify()).filter((line) => finding.test(line))).toHaveLength(1)
  })

  test('finds an event inserted in the middle whose hashes were all computed again', async ({ trail }) => {
    await sealTwice(trail)
    await trail.tamper(
      FORGE,
      'update audit.chain set position = position + 100 where position > 2',
      'update audit.chain set position = position - 99 where position > 100',
    )
    await trail.tamper(
      `insert into audit.chain values (3, '00000000-0000-4000-8000-00000000beef', sha256('x'), sha256('y'))`,
      ...RECHAIN,
    )
    const findings = await trail.verify()
    expect(findings).toEqual([
      expect.stringMatching(/^position 3, event 00000000-0000-4000-8000-00000000beef: altered$/),
      expect.stringMatching(/^positions 1 to 3: not what heads\/.* was signed over$/),
      'positions 7 to 7: under no signed head',
    ])
  })

  test('finds a full rewrite by somebody who seals with a key of their own', async ({ db, trail }) => {
    await sealTwice(trail)
    await trail.tamper(
      `update audit.events set action = 'token.stored' where id = ${AT(5)}`,
      'truncate audit.chain, audit.tree_heads',
      'insert into audit.unsealed select id from audit.events',
    )
    const nowhere = {
      put: async () => {},
      putStream: async () => {},
      get: async () => undefined,
      list: async function* () {},
      delete: async () => {},
    }
    await sealTrail({
      db: trail.db,
      heads: nowhere,
      signer: createHeadSigner(new Secret(Buffer.alloc(32, 9).toString('base64'))),
    })
    expect((await db.admin.query('select 1 from audit.chain')).rowCount).toBe(6)
    expect(await trail.verify()).toContainEqual(
      expect.stringMatching(
        /^positions 4 to 6: not what heads\/\d{4}-\d\d-\d\d\/\d{9}Z-000000000006\.json of .* was signed over$/,
      ),
    )
  })

  test('finds a head in the store that nobody trusted has signed, and one that is gone', async ({ trail }) => {
    await sealTwice(trail)
    const names = (await readdir(trail.headsDirectory, { recursive: true }))
      .filter((name) => name.endsWith('.json'))
      .sort()
    await rm(join(trail.headsDirectory, names[0]!))
    expect(await trail.verify()).toEqual([expect.stringMatching(/^the head of 3 .*: published, and not in the store$/)])
    await writeFile(join(trail.headsDirectory, names[1]!), '{"document":"{}","signature":"AAAA"}')
    expect(await trail.verify()).toContain(`${names[1]!}: not signed by a trusted key`)
  })

  test('an erased person leaves every proof valid, and nothing of theirs', async ({ db, trail }) => {
    await sealTwice(trail)
    await trail.write({ subjectUserId: OPERATOR, actor: { kind: 'user', id: ADA }, sourceAddress: '203.0.113.9' })
    await trail.seal()
    await trail.db.query({ text: 'select audit.forget_person($1)', values: [ADA] })
    expect(await trail.verify()).toEqual([])
    const { rows } = await db.admin.query<{ row: string }>('select v::text as row from audit.personal_values v')
    const text = rows.map(({ row }) => row).join('\n')
    for (const personal of [ADA, 'reason', '203.0.113.9']) expect(text).not.toContain(personal)
    // Who else acted stays known.
    expect(rows.filter(({ row }) => row.includes(OPERATOR))).toHaveLength(4)
  })
})

// What an intruder who knows the format would do after moving events about: every chain hash again, as SQL can.
const RECHAIN = [
  `do $$ declare v_row record; v_chain bytea := decode(repeat('00', 32), 'hex'); begin
     for v_row in select position, leaf_hash from audit.chain order by position loop
       v_chain := sha256(v_chain || v_row.leaf_hash);
       update audit.chain set chain_hash = v_chain where position = v_row.position;
     end loop; end $$`,
]

describe('the sealer', () => {
  test('gives each event one place, however many seal while many write', async ({ db, trail }) => {
    const writing = Promise.all(Array.from({ length: 60 }, () => trail.write()))
    const sealed = await Promise.all(Array.from({ length: 4 }, () => trail.seal()))
    await writing
    const rest = await trail.seal()
    expect(sealed.reduce((sum, count) => sum + count, rest)).toBe(60)
    const { rows } = await db.admin.query('select count(*)::int as n, max(position)::int as last from audit.chain')
    expect(rows).toEqual([{ n: 60, last: 60 }])
    expect(await trail.verify()).toEqual([])
  })

  test('stores a head that an earlier run signed and could not store', async ({ trail }) => {
    await trail.write()
    await rm(trail.headsDirectory, { recursive: true })
    await writeFile(trail.headsDirectory, 'a file where the directory was')
    await expect(trail.seal()).rejects.toThrow(/ENOTDIR|EEXIST/)
    await rm(trail.headsDirectory)
    await trail.seal()
    expect(
      (await readdir(trail.headsDirectory, { recursive: true })).filter((name) => name.endsWith('.json')),
    ).toHaveLength(2)
    expect(await trail.verify()).toEqual([])
  })

  test('does not go on where the trail does not end as it was signed', async ({ trail }) => {
    await sealTwice(trail)
    await trail.tamper('delete from audit.chain where position = 6')
    await trail.write()
    await expect(trail.seal()).rejects.toThrow('audit/tampered')
  })
})
