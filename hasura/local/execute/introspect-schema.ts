import { type DocumentNode, executeSync, type GraphQLSchema, Kind } from 'graphql'
import { HasuraError } from '../errors.ts'
import type { Operation } from '../request/document.ts'
import type { SelectedField } from '../request/selection.ts'

/** Variable types that introspection's own arguments and directives can use. */
const USABLE_TYPES = ['String', 'Boolean']

interface Question {
  readonly schema: GraphQLSchema
  readonly operation: Operation
  readonly variables: Readonly<Record<string, unknown>>
}

/** The answer to one `__schema` or `__type` field as JSON text. */
export function introspectSchema(field: SelectedField, { schema, operation, variables }: Question): string {
  const { definition, fragments } = operation
  const document: DocumentNode = {
    kind: Kind.DOCUMENT,
    definitions: [
      {
        ...definition,
        directives: [],
        variableDefinitions: (definition.variableDefinitions ?? []).filter(({ type }) => {
          const named = type.kind === Kind.NON_NULL_TYPE ? type.type : type
          return named.kind === Kind.NAMED_TYPE && USABLE_TYPES.includes(named.name.value)
        }),
        selectionSet: { kind: Kind.SELECTION_SET, selections: field.nodes },
      },
      ...fragments.values(),
    ],
  }
  const { data, errors } = executeSync({ schema, document, variableValues: variables })
  if (errors?.[0] !== undefined) throw new HasuraError({ code: 'validation-failed', message: errors[0].message })
  return JSON.stringify(data?.[field.responseKey] ?? null)
}
