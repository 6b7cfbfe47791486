import { tableKey } from '../catalog/catalog.ts'
import type { CustomTypes } from '../metadata/types.ts'
import {
  baseName,
  isListType,
  memberReasons,
  repeats,
  type TypeNames,
  typeNames,
  typeReasons,
} from './custom-type-names.ts'
import type { Model, Problem } from './model.ts'

type ObjectType = CustomTypes['objects'][number]

/** What of the custom types cannot work. Hasura counts all of them as one object, so they share a name. */
export function customTypeProblems(types: CustomTypes, model: Model): Problem[] {
  const names = typeNames(types, model)
  const reasons = [
    ...duplicates(types),
    ...types.input_objects.flatMap(({ name, fields }) => {
      return memberReasons(fields, { known: names.inputs, owner: `input type "${name}"` })
    }),
    ...types.objects.flatMap(({ name, fields, relationships = [] }) => {
      const relationshipsToo = [...fields, ...relationships.map((one) => ({ name: one.name, type: 'String' }))]
      return memberReasons(relationshipsToo, { known: names.outputs, owner: `object type "${name}"` })
    }),
    ...types.objects.flatMap((object) => relationshipReasons(object, { model, names })),
  ]
  return reasons.map((reason) => ({
    name: 'custom_types custom_types',
    reason: `validation for the given custom types failed because ${reason}`,
  }))
}

function duplicates({ objects, input_objects: inputs, enums, scalars }: CustomTypes): string[] {
  const names = [...objects, ...inputs, ...enums, ...scalars].map(({ name }) => name)
  const values = enums.flatMap(({ name, values: list }) => {
    return repeats(list.map(({ value }) => value)).map((value) => `the value "${value}" is repeated in enum "${name}"`)
  })
  return [...repeats(names).map((name) => `the type "${name}" is defined more than once`), ...values]
}

interface Known {
  readonly model: Model
  readonly names: TypeNames
}

function relationshipReasons({ name, fields, relationships = [] }: ObjectType, { model, names }: Known): string[] {
  return relationships.flatMap((relationship) => {
    const target = model.get(tableKey(relationship.remote_table))
    const called = `relationship "${relationship.name}" in object type "${name}"`
    if (target === undefined)
      return [`the remote table "${relationship.remote_table.name}" of ${called} does not exist`]
    return Object.entries(relationship.field_mapping).flatMap(([fieldName, column]) => {
      const field = fields.find((other) => other.name === fieldName)
      if (field === undefined) return [`the field "${fieldName}" of ${called} does not exist`]
      if (!target.columns.has(column)) return [`the column "${column}" of ${called} does not exist`]
      return joinReasons({ field, called, names })
    })
  })
}

interface Join {
  readonly field: ObjectType['fields'][number]
  readonly called: string
  readonly names: TypeNames
}

/** A field whose type does not exist is reported with its object. */
function joinReasons({ field, called, names }: Join): string[] {
  const of = `the type of the field "${field.name}" for ${called}`
  if (typeReasons(field.type, { known: names.outputs, owner: of }).length > 0) return []
  if (isListType(field.type)) return [`${of} is a list type`]
  return names.objects.has(baseName(field.type)) ? [`${of} is not a scalar type`] : []
}
