import {
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  Kind,
  parse,
  print,
} from 'graphql'

interface Sources {
  readonly yaml: unknown
  readonly sdl: string
  readonly sdlFile: string
}

type Mapping = Readonly<Record<string, unknown>>
type Named = { readonly name: string } & Mapping

const TYPE_LISTS = ['objects', 'input_objects', 'scalars', 'enums'] as const

/**
 * Joins `actions.yaml` and `actions.graphql` as the CLI does: the SDL decides which actions and types there
 * are and their shapes; the YAML adds handlers, permissions, comments and relationships. What only one of the two knows
 * is an error.
 */
export function mergeActions({ yaml, sdl, sdlFile }: Sources): { actions: unknown; custom_types: unknown } {
  const definitions = sdl.trim() === '' ? [] : parseSdl(sdl, sdlFile).definitions
  const { actions = [], custom_types: customTypes = {}, ...rest } = mapping(yaml)
  const declared = { actions: declaredActions(definitions), ...declaredTypes(definitions, sdlFile) }
  const types = mapping(customTypes)
  const mergedTypes = TYPE_LISTS.map(
    (list) => [list, mergeByName(named(types[list]), declared[list], sdlFile)] as const,
  )
  return {
    ...rest,
    actions: mergeByName(named(actions), declared.actions, sdlFile),
    custom_types: { ...types, ...Object.fromEntries(mergedTypes) },
  }
}

function parseSdl(sdl: string, file: string): DocumentNode {
  try {
    return parse(sdl, { noLocation: true })
  } catch (cause) {
    throw new Error(`Bad metadata:\n  ${file}: ${String(cause)}`, { cause })
  }
}

function mergeByName(fromYaml: readonly Named[], fromSdl: readonly Named[], sdlFile: string): Mapping[] {
  const declaredNames = new Set(fromSdl.map(({ name }) => name))
  const stray = fromYaml.find(({ name }) => !declaredNames.has(name))
  if (stray !== undefined) throw new Error(`Bad metadata:\n  ${stray.name} is not present in ${sdlFile}`)
  return fromSdl.map((declared) => {
    const { definition, ...added } = mapping(fromYaml.find(({ name }) => name === declared.name))
    const withDefinition = 'definition' in declared ? { definition: mergeDefinition(declared, definition) } : {}
    return { ...declared, ...added, ...withDefinition }
  })
}

function mergeDefinition(declared: Mapping, added: unknown): Mapping {
  const { kind, ...definition } = mapping(added)
  // The CLI writes an empty kind for queries.
  return { ...definition, ...(kind === '' || kind === undefined ? {} : { kind }), ...mapping(declared['definition']) }
}

function declaredActions(definitions: readonly DefinitionNode[]): Named[] {
  return definitions.flatMap((definition) => {
    if (!isObjectType(definition) || !isRoot(definition.name.value)) return []
    const type = definition.name.value === 'Query' ? 'query' : 'mutation'
    return (definition.fields ?? []).map((field: FieldDefinitionNode) => ({
      name: field.name.value,
      definition: { type, arguments: (field.arguments ?? []).map(toArgument), output_type: print(field.type) },
    }))
  })
}

function declaredTypes(
  definitions: readonly DefinitionNode[],
  file: string,
): Record<(typeof TYPE_LISTS)[number], Named[]> {
  const types: Record<(typeof TYPE_LISTS)[number], Named[]> = { objects: [], input_objects: [], scalars: [], enums: [] }
  for (const definition of definitions) {
    if (isObjectType(definition)) {
      if (!isRoot(definition.name.value))
        types.objects.push({ ...head(definition), fields: (definition.fields ?? []).map(toArgument) })
    } else if (definition.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) {
      types.input_objects.push({ ...head(definition), fields: (definition.fields ?? []).map(toArgument) })
    } else if (definition.kind === Kind.SCALAR_TYPE_DEFINITION) {
      types.scalars.push(head(definition))
    } else if (definition.kind === Kind.ENUM_TYPE_DEFINITION) {
      const values = (definition.values ?? []).map(({ name, description }) => ({
        value: name.value,
        ...describe(description),
      }))
      types.enums.push({ ...head(definition), values })
    } else {
      throw new Error(`Bad metadata:\n  ${file}: ${definition.kind} is not allowed here`)
    }
  }
  return types
}

function isObjectType(definition: DefinitionNode) {
  return definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.OBJECT_TYPE_EXTENSION
}

function isRoot(name: string): boolean {
  return name === 'Query' || name === 'Mutation'
}

function toArgument(node: InputValueDefinitionNode | FieldDefinitionNode): Named {
  return { name: node.name.value, type: print(node.type), ...describe(node.description) }
}

function head(node: {
  readonly name: { readonly value: string }
  readonly description?: { readonly value: string }
}): Named {
  return { name: node.name.value, ...describe(node.description) }
}

function describe(description: { readonly value: string } | undefined): Mapping {
  return description === undefined ? {} : { description: description.value.trim() }
}

function mapping(value: unknown): Mapping {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function named(value: unknown): Named[] {
  return Array.isArray(value) ? value : []
}
