import { type GraphQLInputType, isListType, isNonNullType, Kind, print, type TypeNode } from 'graphql'
import type { InputFacts } from '../schema/meaning.ts'
import { validationFailed } from './failure.ts'
import type { Input } from './input.ts'
import type { Variables } from './variables.ts'

interface Use {
  readonly path: string
  readonly variables: Variables
  readonly hasDefault?: boolean
  readonly facts: InputFacts
}

/** Replaces a variable by its value after checking that its declared type fits the place, without any coercion. */
export function resolveVariable(
  type: GraphQLInputType,
  input: Input,
  { path, variables, hasDefault, facts }: Use,
): Input {
  if (input.origin === 'json' || input.node.kind !== Kind.VARIABLE) return input
  const name = input.node.name.value
  const variable = variables.get(name)
  if (variable === undefined) throw validationFailed(`unbound variable "${name}"`, path)
  const { declaredType } = variable
  const given = { declared: declaredType, hasDefault: variable.hasDefault || hasDefault === true }
  if (!fits(type, given, facts.column?.isArray === true)) {
    const message = `variable '${name}' is declared as '${print(declaredType)}', but used where '${String(type)}' is expected`
    throw validationFailed(message, path)
  }
  return variable.value
}

interface Given {
  readonly declared: TypeNode
  readonly hasDefault: boolean
}

/** `lenientItems`: the items of a Postgres array may be declared nullable, though the schema shows them non-null. */
function fits(type: GraphQLInputType, { declared, hasDefault }: Given, lenientItems: boolean): boolean {
  const below = (inner: GraphQLInputType, node: TypeNode) => {
    return fits(inner, { declared: node, hasDefault: false }, lenientItems)
  }
  if (isNonNullType(type)) {
    if (declared.kind === Kind.NON_NULL_TYPE) return below(type.ofType, declared.type)
    return hasDefault && below(type.ofType, declared)
  }
  if (declared.kind === Kind.NON_NULL_TYPE) return below(type, declared.type)
  if (isListType(type)) {
    const item = lenientItems && isNonNullType(type.ofType) ? type.ofType.ofType : type.ofType
    return declared.kind === Kind.LIST_TYPE && below(item, declared.type)
  }
  return declared.kind === Kind.NAMED_TYPE && declared.name.value === type.name
}
