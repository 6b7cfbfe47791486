import { Kind, parseType, type TypeNode } from 'graphql'
import type { CustomTypes } from '../metadata/types.ts'
import type { Model } from './model.ts'

const BUILT_IN = ['Int', 'Float', 'String', 'Boolean', 'ID']

/** Names of Postgres types that need no definition, whether or not a tracked table has such a column. */
const POSTGRES = [
  'smallint integer bigint numeric real float8 money int2 int4 int8 float4 oid',
  'text varchar char bpchar citext name uuid bool boolean bytea bit varbit',
  'date time timetz timestamp timestamptz interval json jsonb jsonpath xml',
  'inet cidr macaddr macaddr8 tsvector tsquery ltree lquery ltxtquery hstore geometry geography raster',
  'point line lseg box path polygon circle',
  'int4range int8range numrange tsrange tstzrange daterange',
].flatMap((names) => names.split(' '))

/** The names that may stand in an action's argument or output, and in the fields of custom types. */
export interface TypeNames {
  readonly inputs: ReadonlySet<string>
  readonly outputs: ReadonlySet<string>
  readonly objects: ReadonlySet<string>
}

export function typeNames(types: CustomTypes, model: Model): TypeNames {
  const ofColumns = [...model.values()].flatMap(({ columns }) => [...columns.values()].map(({ scalar }) => scalar))
  const defined = [...types.scalars, ...types.enums].map(({ name }) => name)
  const leaves = [...BUILT_IN, ...POSTGRES, ...ofColumns, ...defined]
  const objects = types.objects.map(({ name }) => name)
  return {
    inputs: new Set([...leaves, ...types.input_objects.map(({ name }) => name)]),
    outputs: new Set([...leaves, ...objects]),
    objects: new Set(objects),
  }
}

/** The name within `[Name!]!`. Throws Error when the text is no type. */
export function baseName(type: string): string {
  return nameOf(parseType(type, { noLocation: true }))
}

export function isListType(type: string): boolean {
  const node = parseType(type, { noLocation: true })
  return (node.kind === Kind.NON_NULL_TYPE ? node.type : node).kind === Kind.LIST_TYPE
}

function nameOf(node: TypeNode): string {
  return node.kind === Kind.NAMED_TYPE ? node.name.value : nameOf(node.type)
}

/** What cannot be said of a thing's members: names that repeat, and types that are none. */
export function memberReasons(
  members: readonly { readonly name: string; readonly type: string }[],
  { known, owner }: { readonly known: ReadonlySet<string>; readonly owner: string },
): string[] {
  const repeated = repeats(members.map(({ name }) => name)).map((name) => `"${name}" is repeated in ${owner}`)
  return [
    ...repeated,
    ...members.flatMap(({ name, type }) => typeReasons(type, { known, owner: `"${name}" in ${owner}` })),
  ]
}

export function typeReasons(
  type: string,
  { known, owner }: { readonly known: ReadonlySet<string>; readonly owner: string },
): string[] {
  try {
    const name = baseName(type)
    return known.has(name) ? [] : [`the type "${name}" of ${owner} does not exist or may not stand there`]
  } catch {
    return [`"${type}", the type of ${owner}, is not a type`]
  }
}

export function repeats(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))]
}
