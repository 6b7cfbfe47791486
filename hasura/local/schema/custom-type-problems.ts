import { Kind, parseType, type TypeNode } from 'graphql'
import { tableKey } from '../catalog/catalog.ts'
import type { CustomTypes } from '../metadata/types.ts'
import type { Model, Problem } from './model.ts'

type ObjectType = CustomTypes['objects'][number]

/** What of the custom types cannot work. Hasura counts all of them as one object, so they share a name. */
export function customTypeProblems(types: CustomTypes, model: Model): Problem[] {
  const reasons = [...duplicates(types), ...types.objects.flatMap((object) => relationshipReasons(object, model))]
  return reasons.map((reason) => ({
    name: 'custom_types custom_types',
    reason: `validation for the given custom types failed because ${reason}`,
  }))
}

function duplicates({ objects, input_objects: inputs, enums, scalars }: CustomTypes): string[] {
  const names = [...objects, ...inputs, ...enums, ...scalars].map(({ name }) => name)
  const repeated = new Set(names.filter((name, index) => names.indexOf(name) !== index))
  return [...repeated].map((name) => `the type "${name}" is defined more than once`)
}

function relationshipReasons({ name, fields, relationships = [] }: ObjectType, model: Model): string[] {
  return relationships.flatMap((relationship) => {
    const target = model.get(tableKey(relationship.remote_table))
    const called = `relationship "${relationship.name}" in object type "${name}"`
    if (target === undefined)
      return [`the remote table "${relationship.remote_table.name}" of ${called} does not exist`]
    return Object.entries(relationship.field_mapping).flatMap(([fieldName, column]) => {
      const field = fields.find((other) => other.name === fieldName)
      if (field === undefined) return [`the field "${fieldName}" of ${called} does not exist`]
      if (!target.columns.has(column)) return [`the column "${column}" of ${called} does not exist`]
      return isList(parseType(field.type)) ? [`the type of the field "${fieldName}" for ${called} is a list type`] : []
    })
  })
}

function isList(type: TypeNode): boolean {
  if (type.kind === Kind.NON_NULL_TYPE) return isList(type.type)
  return type.kind === Kind.LIST_TYPE
}
