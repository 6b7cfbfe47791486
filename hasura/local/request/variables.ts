import { Kind, type OperationDefinitionNode, print, type TypeNode, type ValueNode } from 'graphql'
import { validationFailed } from './failure.ts'
import type { Input } from './input.ts'

export interface Variable {
  readonly declaredType: TypeNode
  /** A nullable variable may stand where null is not allowed when it has a default. */
  readonly hasDefault: boolean
  readonly value: Input
}

export type Variables = ReadonlyMap<string, Variable>

const NULL: Input = { origin: 'json', value: null }

/**
 * Pairs declared variables with given values. Unlike graphql-js: a nullable variable that is not given is null, and a
 * value nobody declared is an error. Values are checked where they are used.
 */
export function readVariables(
  { variableDefinitions = [] }: OperationDefinitionNode,
  given: Readonly<Record<string, unknown>>,
): Variables {
  const variables = new Map<string, Variable>()
  for (const { variable, type, defaultValue } of variableDefinitions) {
    const name = variable.name.value
    if (variables.has(name)) throw validationFailed(`multiple definitions for variable "${name}"`)
    const hasDefault = defaultValue !== undefined && defaultValue.kind !== Kind.NULL
    const declared = { name, type, defaultValue }
    const value = Object.hasOwn(given, name) ? readGiven(declared, given[name]) : readMissing(declared)
    variables.set(name, { declaredType: type, hasDefault, value })
  }
  const unexpected = Object.keys(given).filter((name) => !variables.has(name))
  if (unexpected.length > 0) {
    throw validationFailed(`unexpected variables in variableValues: ${unexpected.join(', ')}`)
  }
  return variables
}

interface Declared {
  readonly name: string
  readonly type: TypeNode
  readonly defaultValue: ValueNode | undefined
}

function readGiven({ type }: Declared, value: unknown): Input {
  if (value === null && type.kind === Kind.NON_NULL_TYPE) {
    throw validationFailed(`null value found for non-nullable type: "${print(type)}"`)
  }
  return { origin: 'json', value }
}

function readMissing({ name, type, defaultValue }: Declared): Input {
  if (defaultValue !== undefined) return { origin: 'literal', node: defaultValue }
  if (type.kind === Kind.NON_NULL_TYPE) {
    throw validationFailed(`expecting a value for non-nullable variable: "${name}"`)
  }
  return NULL
}
