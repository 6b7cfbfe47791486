import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test as base, describe, expect } from 'vitest'
import { loadMetadata } from './load.ts'

interface Directory {
  readonly path: string
  write(files: Readonly<Record<string, string>>): Promise<void>
}

const MINIMAL = {
  'version.yaml': 'version: 3\n',
  'databases/databases.yaml': `
- name: default
  kind: postgres
  configuration: {connection_info: {database_url: {from_env: PG_DATABASE_URL}}}
  tables: "!include default/tables/tables.yaml"
`,
  'databases/default/tables/tables.yaml': '- "!include public_article.yaml"\n',
  'databases/default/tables/public_article.yaml': 'table: {schema: public, name: article}\n',
}

const test = base.extend<{ directory: Directory }>({
  // oxlint-disable-next-line no-empty-pattern -- the runner reads which fixtures this one needs from the pattern
  directory: async ({}, use) => {
    const path = await mkdtemp(join(tmpdir(), 'metadata-'))
    const write = async (files: Readonly<Record<string, string>>) => {
      for (const [name, text] of Object.entries(files)) {
        await mkdir(dirname(join(path, name)), { recursive: true })
        await writeFile(join(path, name), text)
      }
    }
    await write(MINIMAL)
    await use({ path, write })
    await rm(path, { recursive: true })
  },
})

const ARTICLE = 'databases/default/tables/public_article.yaml'

describe('loading metadata', () => {
  test.for([
    ['a computed field', ARTICLE, 'computed_fields: []', 'key "computed_fields"'],
    [
      'a validation webhook',
      ARTICLE,
      'insert_permissions: [{role: user, permission: {check: {}, validate_input: {}}}]',
      'key "validate_input"',
    ],
    [
      'permissions of role admin',
      ARTICLE,
      'delete_permissions: [{role: admin, permission: {filter: {}}}]',
      'role admin',
    ],
    [
      'an event trigger with both kinds of address',
      ARTICLE,
      'event_triggers: [{name: t, definition: {}, webhook: a, webhook_from_env: B}]',
      'exactly one of webhook',
    ],
    [
      'an unknown key in a foreign key',
      ARTICLE,
      'object_relationships: [{name: a, using: {foreign_key_constraint_on: {table: b, colum: c}}}]',
      'key "colum"',
    ],
  ] as const)('refuses %s, naming file and key', async ([, file, yaml, words], { directory }) => {
    await directory.write({ [file]: `table: {schema: public, name: article}\n${yaml}\n` })
    const error = await loadMetadata(directory.path).catch((thrown: unknown) => thrown)
    expect(String(error)).toContain('public_article.yaml')
    expect(String(error)).toContain(words)
  })

  test.for([
    ['remote schemas', 'remote_schemas.yaml', '- name: other\n'],
    ['cron triggers', 'cron_triggers.yaml', '- name: nightly\n'],
    ['inherited roles', 'inherited_roles.yaml', '- role_name: coach\n  role_set: [user]\n'],
  ] as const)('refuses %s that are not empty', async ([, file, yaml], { directory }) => {
    await directory.write({ [file]: yaml })
    await expect(loadMetadata(directory.path)).rejects.toThrow(`${file}: key "${file.slice(0, -5)}"`)
  })

  test('refuses an action that only one of the two files knows', async ({ directory }) => {
    await directory.write({ 'actions.yaml': 'actions: [{name: publish, definition: {handler: a}}]\n' })
    await expect(loadMetadata(directory.path)).rejects.toThrow('publish is not present in')
  })

  test('refuses an asynchronous action', async ({ directory }) => {
    await directory.write({
      'actions.graphql': 'type Mutation { publish: Boolean }',
      'actions.yaml': 'actions: [{name: publish, definition: {kind: asynchronous, handler: a}}]\n',
    })
    await expect(loadMetadata(directory.path)).rejects.toThrow('asynchronous actions are not implemented')
  })

  test('refuses a file that an include names and that is not there', async ({ directory }) => {
    await directory.write({ 'databases/default/tables/tables.yaml': '- "!include public_gone.yaml"\n' })
    await expect(loadMetadata(directory.path)).rejects.toThrow('tables.yaml: !include public_gone.yaml does not exist')
  })

  test('takes the empty files that the CLI exports', async ({ directory }) => {
    await directory.write({ 'remote_schemas.yaml': '[]\n', 'network.yaml': '{}\n', 'api_limits.yaml': '' })
    const metadata = await loadMetadata(directory.path)
    expect(metadata.sources[0].tables).toEqual([{ table: { schema: 'public', name: 'article' } }])
  })

  test('follows includes that are YAML tags', async ({ directory }) => {
    await directory.write({ 'databases/default/tables/tables.yaml': '- !include public_article.yaml\n' })
    const metadata = await loadMetadata(directory.path)
    expect(metadata.sources[0].tables).toHaveLength(1)
  })

  test('joins the two files of actions', async ({ directory }) => {
    await directory.write({
      'actions.graphql': `
        type Mutation { publish(id: Int!, note: [String!]): PublishOutput }
        type Query { status: Status! }
        type PublishOutput { url: String! }
        input Unused { a: String }
        enum Status { good bad }
        scalar Anything`,
      'actions.yaml': `
actions:
  - name: publish
    definition: {kind: synchronous, handler: 'http://a', timeout: 5}
    permissions: [{role: user}]
  - name: status
    definition: {kind: "", handler: 'http://b'}
custom_types:
  objects:
    - name: PublishOutput
      relationships:
        - {name: article, type: object, remote_table: {schema: public, name: article}, field_mapping: {id: id}}
`,
    })
    const { actions, custom_types: types } = await loadMetadata(directory.path)
    expect(actions).toEqual([
      {
        name: 'publish',
        definition: {
          type: 'mutation',
          kind: 'synchronous',
          handler: 'http://a',
          timeout: 5,
          arguments: [
            { name: 'id', type: 'Int!' },
            { name: 'note', type: '[String!]' },
          ],
          output_type: 'PublishOutput',
        },
        permissions: [{ role: 'user' }],
      },
      { name: 'status', definition: { type: 'query', handler: 'http://b', arguments: [], output_type: 'Status!' } },
    ])
    expect(types).toMatchObject({
      objects: [
        { name: 'PublishOutput', fields: [{ name: 'url', type: 'String!' }], relationships: [{ name: 'article' }] },
      ],
      input_objects: [{ name: 'Unused', fields: [{ name: 'a', type: 'String' }] }],
      enums: [{ name: 'Status', values: [{ value: 'good' }, { value: 'bad' }] }],
      scalars: [{ name: 'Anything' }],
    })
  })
})
